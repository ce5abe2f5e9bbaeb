"""`python -m rcm_webinar.demo` starts the demo; `--reset` deletes everything that it has stored."""

import argparse
import os
import sys

from rcm_webinar.demo.single_instance import DemoError
from rcm_webinar.demo.starter import reset, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m rcm_webinar.demo", description=__doc__)
    parser.add_argument("--reset", action="store_true", help="remove everything the demo has stored")
    arguments = parser.parse_args()
    try:
        if arguments.reset:
            reset()
            return 0
        return run(port=int(os.environ.get("PORT", "8000")))
    except DemoError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
