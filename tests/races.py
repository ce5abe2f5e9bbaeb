"""Runs two writes at the same time, each on its own connection, many times."""

import random
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any

from django.db import connection

from registrations.exceptions import RuleBroken
from tests.sizes import IS_DRILL

ROUNDS = 200 if IS_DRILL else 60
# One writer waits up to this many seconds, so that each is first in some rounds.
JITTER = 0.002
Outcome = Any
Write = Callable[[], Outcome]


@contextmanager
def two_writers() -> Iterator[Callable[[Write, Write], tuple[Outcome, Outcome]]]:
    """Yield a function that starts two writes together and returns the result of each, or the class of the broken rule.

    Any other exception of a write, such as an IntegrityError or a deadlock, is raised in the test.
    """
    barrier = Barrier(2, timeout=30)

    def write(action: Write) -> Outcome:
        barrier.wait()
        time.sleep(random.SystemRandom().uniform(0, JITTER))
        try:
            return action()
        except RuleBroken as broken:
            return type(broken)

    def race(one: Write, other: Write) -> tuple[Outcome, Outcome]:
        first, second = pool.submit(write, one), pool.submit(write, other)
        return first.result(), second.result()

    with ThreadPoolExecutor(max_workers=2) as pool:
        try:
            yield race
        finally:
            leaving = Barrier(2, timeout=30)
            for done in [pool.submit(_close_connection, leaving) for _ in range(2)]:
                done.result()


def _close_connection(leaving: Barrier) -> None:
    leaving.wait()
    connection.close()


def kinds_of(outcomes: Iterable[Outcome]) -> list[str]:
    """Return the names of broken rules, and "done" for every other result, in a stable order."""
    return sorted((one.__name__ if isinstance(one, type) else "done") for one in outcomes)
