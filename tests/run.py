"""`make test` runs the suite on PostgreSQL with Redis, what can differ on SQLite, the journeys, and real mailboxes.

Where PostgreSQL or Redis is missing, the whole suite runs on SQLite. What ran and what was left out is said at the end,
with how to switch it on. `RCM_TEST_REQUIRE_ALL=1` makes it a failure that something was left out.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack

from tests import mail_servers, servers

PYTEST = [sys.executable, "-m", "pytest", "-q"]
NO_TEST_FITTED = 5
# The tests that need neither a browser nor a mail server.
WITHOUT_PROGRAMS = "not journey and not mail_servers"


# SQLite is the demo's database. Planning, sending, locks, queries, constraints, JSON, order and case can differ between
# the two, and so do the overflows of numbers in addresses and the cache that is kept in the database. The tests of
# migrations and of the demo run on SQLite wherever they run.
CAN_DIFFER = [
    "tests/promises",
    "tests/rcm_webinar/test_cache.py",
    "tests/rcm_webinar/management/test_seed_demo.py",
    "tests/registrations/messages",
    "tests/registrations/queries",
    "tests/registrations/services/delegations",
    "tests/registrations/services/delivering",
    "tests/registrations/services/imports/test_saving.py",
    "tests/registrations/services/inbox/test_calendar_answers.py",
    "tests/registrations/services/inbox/test_reading.py",
    "tests/registrations/services/nominations",
    "tests/registrations/services/attendance_import/test_saving.py",
    "tests/registrations/services/test_deliveries.py",
    "tests/registrations/services/test_mail_limits.py",
    "tests/registrations/services/test_purging.py",
    "tests/registrations/services/test_state_machine.py",
    "tests/registrations/services/test_transactions.py",
    "tests/registrations/services/test_unique_addresses.py",
    "tests/registrations/test_models.py",
    "tests/registrations/test_tasks.py",
    "tests/registrations/views/test_participant_rate_limits.py",
    "tests/sessions_app/test_releases.py",
    "tests/sessions_app/test_restoring.py",
    "tests/test_hostile.py",
]


def on_sqlite(arguments: list[str]) -> int:
    """Run all tests that need no server, on SQLite."""
    return _pytest(WITHOUT_PROGRAMS, arguments, workers=2)


def differences_on_sqlite(arguments: list[str]) -> int:
    """Run on SQLite the tests whose result can differ from PostgreSQL."""
    return on_sqlite(arguments or CAN_DIFFER)


def on_postgresql(arguments: list[str]) -> int:
    """Run the suite on PostgreSQL with Redis. Raises NotInstalled."""
    servers.initdb_path()
    servers.redis_path()
    with ExitStack() as stack:
        redis = stack.enter_context(servers.redis()).url
        # Autovacuum finds tables whose rows are rolled back after each test, and notes that they are empty. PostgreSQL
        # then plans nested loops, which take seconds in a test with many rows.
        environment = {
            "DATABASE_URL": stack.enter_context(servers.postgresql(autovacuum="off")).url,
            "CACHE_URL": f"{redis}/1",
            "RCM_TEST_REDIS_URL": redis,
        }
        # One worker more than there are processors, since faults and races wait for seconds; whoever has nothing left
        # takes tests over.
        return _pytest(WITHOUT_PROGRAMS, ["--dist=worksteal", *arguments], workers=3, **environment)


def in_chromium(arguments: list[str]) -> int:
    """Run the journeys in Chromium. Raises NotInstalled."""
    servers.chromium_path()
    chosen = ["--dist=worksteal", *(arguments or ["tests/journeys"])]
    return _pytest("journey", chosen, workers=2, DJANGO_ALLOW_ASYNC_UNSAFE="1")


def with_mail_servers(arguments: list[str]) -> int:
    """Run the tests with real mail servers, on SQLite. Raises NotInstalled."""
    mail_servers.dovecot_path()
    mail_servers.postfix_path()
    return _pytest("mail_servers", arguments, workers=0)


PARTS: dict[str, tuple[str, Callable[[list[str]], int]]] = {
    "sqlite": ("the suite on SQLite", on_sqlite),
    "differences": ("on SQLite, what can differ there", differences_on_sqlite),
    "postgresql": ("the suite on PostgreSQL with Redis", on_postgresql),
    "chromium": ("the journeys in Chromium", in_chromium),
    "mail_servers": ("the mailbox with Dovecot and Postfix", with_mail_servers),
}


def usual_parts() -> list[str]:
    """Return the parts that run by default: the whole suite on PostgreSQL if it is installed, or else on SQLite."""
    try:
        servers.initdb_path()
        servers.redis_path()
    except servers.NotInstalled:
        return ["sqlite", "postgresql", "chromium", "mail_servers"]
    return ["differences", "postgresql", "chromium", "mail_servers"]


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
