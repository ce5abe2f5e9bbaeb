"""`make drills` runs the tests that take too long for CI, by hand, before a release or after a large change.

The faults and races run at full size on PostgreSQL with Redis, then the suite runs on the newest Django with a newer
Python. `make drills ARGS="--python /opt/python3.13/bin/python3"` names that Python where it is not on the PATH.
"""

import argparse
import os
import subprocess
import sys

from tests.environment import ROOT

# The tests that use `tests.sizes`.
WITH_SIZES = [
    "tests/faults",
    "tests/registrations/services/concurrency",
    "tests/registrations/services/delivering/test_mailboxes.py",
    "tests/registrations/services/inbox/test_whatever_happens.py",
    "tests/registrations/services/test_state_machine.py",
    "tests/registrations/views/test_participant_bad_links.py",
]
DJANGO = "6.1"
OLDEST_PYTHON = (3, 12)
PYTHONS = ("python3.14", "python3.13", "python3.12", "python3")


def at_full_size() -> bool:
    environment = os.environ | {"RCM_DRILL": "1", "RCM_TEST_REQUIRE_ALL": "1"}
    command = [sys.executable, "-m", "tests.run", "--only", "postgresql", *WITH_SIZES]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0


def on_newest_django(python: str) -> bool:
    # Without ARGS, which make hands down: they are those of the drills.
    command = ["make", "test", f"DJANGO={DJANGO}", f"PYTHON={python}", "ARGS="]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def is_new_enough(python: str) -> bool:
    question = f"import sys; sys.exit(sys.version_info < {OLDEST_PYTHON})"
    try:
        return subprocess.run([python, "-c", question], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def main() -> int:
    parser = argparse.ArgumentParser(prog="make drills", description=__doc__)
    parser.add_argument("--python", help="the Python to run the newest Django with")
    asked = parser.parse_args().python
    python = next((name for name in ([asked] if asked else PYTHONS) if is_new_enough(name)), None)

    print("== The faults and races at full size", flush=True)
    failed = [] if at_full_size() else ["the faults and races at full size"]
    if python is None:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        print(f"Left out: the suite on Django {DJANGO}: no Python {oldest} or newer was found; name one with --python.")
    else:
        print(f"== The suite on Django {DJANGO} with {python}", flush=True)
        failed += [] if on_newest_django(python) else [f"the suite on Django {DJANGO}"]
    for title in failed:
        print(f"Failed: {title}.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
