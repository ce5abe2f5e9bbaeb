"""The sizes of the long tests: full in `make drills`, small in CI and `make test`."""

import os

IS_DRILL = os.environ.get("RCM_DRILL") == "1"
