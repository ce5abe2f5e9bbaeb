"""Runs the benchmarks on the server of DATABASE_URL, in a database that is created for them and removed afterwards.

`make bench ARGS="sending planning"` runs only these two.
"""

import importlib
import logging
import os
import sys
from collections.abc import Callable, Sequence

import django
from django.core.management import call_command
from django.test.utils import setup_databases, setup_test_environment, teardown_databases

from bench.timing import Ratio

# The benchmark of the board empties the database, so it comes last.
PARTS = ("registering", "imports", "planning", "sending", "building", "pages", "files", "adding", "inbox", "board")


def main() -> int:
    # Settings that are missing from the environment are those of a test run.
    importlib.import_module("tests.environment")
    os.environ["DJANGO_SETTINGS_MODULE"] = "rcm_webinar.settings"
    django.setup()
    # Log records are created, as in production, but not printed between the figures.
    logging.getLogger().handlers = [logging.NullHandler()]
    setup_test_environment(debug=False)
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        ratios: list[Ratio] = []
        for name in sys.argv[1:] or PARTS:
            measure: Callable[[], Sequence[Ratio]] = importlib.import_module(f"bench.{name}").measure
            ratios += measure()
            # Each benchmark begins with an empty database.
            call_command("flush", interactive=False, verbosity=0)
    finally:
        teardown_databases(databases, verbosity=0)
    print(f"{'what':<60}{'measured':>12}  {'against':<46}{'measured':>12}{'ratio':>8}")
    for ratio in ratios:
        print(ratio)
    return 0


if __name__ == "__main__":
    sys.exit(main())
