"""How large the long tests are: at full size in `make drills`, and a small version of each in CI and `make test`."""

import os

IS_DRILL = os.environ.get("RCM_DRILL") == "1"
