"""`make test`: the suite on SQLite; again on PostgreSQL with Redis, and the journeys, where those are installed.

What is left out is said at the end, with how to switch it on. `RCM_TEST_REQUIRE_ALL=1` makes it a failure.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack

from tests import servers

PYTEST = [sys.executable, "-m", "pytest", "-q"]
NO_TEST_FITTED = 5


def on_sqlite(arguments: list[str]) -> int:
    """All that needs no server."""
    return _pytest("not journey", arguments, workers=2)


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
        # The faults come first and wait a lot: whoever has nothing left takes some of them over.
        return _pytest("not journey and not once", ["--dist=worksteal", *arguments], workers=2, **environment)


def in_chromium(arguments: list[str]) -> int:
    """The stories that a person lives, in a real browser against the running demo. Raises NotInstalled."""
    servers.chromium_path()
    chosen = ["--dist=worksteal", *(arguments or ["tests/journeys"])]
    return _pytest("journey", chosen, workers=2, DJANGO_ALLOW_ASYNC_UNSAFE="1")


PARTS: dict[str, tuple[str, Callable[[list[str]], int]]] = {
    "sqlite": ("the suite on SQLite", on_sqlite),
    "postgresql": ("the suite on PostgreSQL with Redis", on_postgresql),
    "chromium": ("the journeys in Chromium", in_chromium),
}


def bench() -> int:
    with servers.postgresql() as database, servers.redis() as redis:
        environment = os.environ | {"DATABASE_URL": database.url, "CACHE_URL": f"{redis.url}/1"}
        return subprocess.run([sys.executable, "-m", "bench"], env=environment, check=False).returncode


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
            return bench()
        except servers.NotInstalled as reason:
            print(f"Nothing was measured: {reason}.")
            return 1
    failed, left_out = [], []
    for name in options.only or PARTS:
        title, run = PARTS[name]
        print(f"\n== {title[0].upper()}{title[1:]}", flush=True)
        try:
            status = run(arguments)
        except servers.NotInstalled as reason:
            left_out.append(f"{title}: {reason}")
            continue
        # A narrowed run may hold no test of a part.
        if status and not (arguments and status == NO_TEST_FITTED):
            failed.append(title)
    print()
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
