"""`make test`: the suite on PostgreSQL with Redis, what can differ there on SQLite, and the journeys in Chromium.

Where PostgreSQL or Redis is missing, the whole suite runs on SQLite. What ran and what was left out is said at the end,
with how to switch it on. `RCM_TEST_REQUIRE_ALL=1` makes it a failure that something was left out.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tests import servers

PYTEST = [sys.executable, "-m", "pytest", "-q"]
NO_TEST_FITTED = 5


# SQLite is the demo's database. Constraints, locks, dates, JSON, order and case can differ between the two, and so do
# the overflows of numbers in addresses and the cache that is kept in the database. Other views, pages, forms and texts
# do not know which database they run on.
CAN_DIFFER = [
    "tests/promises",
    "tests/rcm_webinar/test_cache.py",
    "tests/registrations/management/test_seed_demo.py",
    "tests/registrations/messages",
    "tests/registrations/queries",
    "tests/registrations/services/delegations",
    "tests/registrations/services/delivering",
    "tests/registrations/services/imports/test_checking.py",
    "tests/registrations/services/imports/test_saving.py",
    "tests/registrations/services/nominations",
    "tests/registrations/services/attendance_import/test_saving.py",
    *sorted(str(path) for path in Path("tests/registrations/services").glob("test_*.py")),
    "tests/registrations/test_models.py",
    "tests/registrations/test_tasks.py",
    "tests/registrations/views/test_participant_rate_limits.py",
    *sorted(str(path) for path in Path("tests/sessions_app").glob("test_*.py")),
    "tests/sessions_app/admin/test_base.py",
    "tests/test_hostile.py",
]


def on_sqlite(arguments: list[str]) -> int:
    """All that needs no server."""
    return _pytest("not journey", arguments, workers=2)


def differences_on_sqlite(arguments: list[str]) -> int:
    """What the part on PostgreSQL would not find on SQLite."""
    return on_sqlite(arguments or CAN_DIFFER)


def on_postgresql(arguments: list[str]) -> int:
    """The same suite with real locks and the shared cache. Raises NotInstalled."""
    servers.initdb_path()
    servers.redis_path()
    with ExitStack() as stack:
        redis = stack.enter_context(servers.redis()).url
        environment = {
            "DATABASE_URL": stack.enter_context(servers.postgresql()).url,
            "CACHE_URL": f"{redis}/1",
            "RCM_TEST_REDIS_URL": redis,
        }
        # One worker more than there are processors, since faults and races wait for seconds; whoever has nothing left
        # takes tests over.
        return _pytest("not journey", ["--dist=worksteal", *arguments], workers=3, **environment)


def in_chromium(arguments: list[str]) -> int:
    """The stories that a person lives, in a real browser against the running demo. Raises NotInstalled."""
    servers.chromium_path()
    chosen = ["--dist=worksteal", *(arguments or ["tests/journeys"])]
    return _pytest("journey", chosen, workers=2, DJANGO_ALLOW_ASYNC_UNSAFE="1")


PARTS: dict[str, tuple[str, Callable[[list[str]], int]]] = {
    "sqlite": ("the suite on SQLite", on_sqlite),
    "differences": ("on SQLite, what can differ there", differences_on_sqlite),
    "postgresql": ("the suite on PostgreSQL with Redis", on_postgresql),
    "chromium": ("the journeys in Chromium", in_chromium),
}


def usual_parts() -> list[str]:
    """The suite runs whole on one database: on PostgreSQL where it is installed."""
    try:
        servers.initdb_path()
        servers.redis_path()
    except servers.NotInstalled:
        return ["sqlite", "postgresql", "chromium"]
    return ["differences", "postgresql", "chromium"]


def bench(parts: list[str]) -> int:
    with servers.postgresql() as database, servers.redis() as redis:
        environment = os.environ | {"DATABASE_URL": database.url, "CACHE_URL": f"{redis.url}/1"}
        return subprocess.run([sys.executable, "-m", "bench", *parts], env=environment, check=False).returncode


def _pytest(marks: str, arguments: list[str], *, workers: int, **environment: str) -> int:
    command = [*PYTEST, "-m", marks, *(["-n", str(workers)] if workers else []), *arguments]
    return subprocess.run(command, env=os.environ | environment, check=False).returncode


def main() -> int:
    parser = argparse.ArgumentParser(prog="make test", description=__doc__)
    parser.add_argument("--only", choices=PARTS, action="append", help="this part alone (may be repeated)")
    parser.add_argument("--bench", action="store_true", help="the measurements in place of the tests")
    options, arguments = parser.parse_known_args()
    if options.bench:
        try:
            return bench(arguments)
        except servers.NotInstalled as reason:
            print(f"Nothing was measured: {reason}.")
            return 1
    ran, failed, left_out = [], [], []
    for name in options.only or usual_parts():
        title, run = PARTS[name]
        print(f"\n== {title[0].upper()}{title[1:]}", flush=True)
        try:
            status = run(arguments)
        except servers.NotInstalled as reason:
            left_out.append(f"{title}: {reason}")
            continue
        ran.append(title)
        # A narrowed run may hold no test of a part.
        if status and not (arguments and status == NO_TEST_FITTED):
            failed.append(title)
    print(f"\nRan: {'; '.join(ran)}.")
    for sentence in left_out:
        print(f"Left out: {sentence}; then run `make test` again.")
    for title in failed:
        print(f"Failed: {title}.")
    if left_out and os.environ.get("RCM_TEST_REQUIRE_ALL") == "1":
        print("Failed: a part was left out, and RCM_TEST_REQUIRE_ALL=1 asks for all of them.")
        return 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
