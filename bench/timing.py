"""Measures two functions by turns, so that a busy machine slows both alike."""

import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """One line of the printed table: `value` and the `baseline` that it is compared with, in `unit`.

    Both are medians unless `what` names another statistic.
    """

    what: str
    value: float
    against: str
    baseline: float
    unit: str = "ms"

    @property
    def times(self) -> float:
        return self.value / self.baseline

    def __str__(self) -> str:
        measured, compared = (f"{number:>9.2f} {self.unit:<2}" for number in (self.value, self.baseline))
        return f"{self.what:<60}{measured}  {self.against:<46}{compared}{self.times:>8.2f}"


def compare(
    what: str,
    ours: Callable[[], object],
    floor: str,
    bare: Callable[[], object],
    *,
    rounds: int,
    warm_up: int = 5,
    before_each: Callable[[], object] = lambda: None,
) -> Ratio:
    """Call `ours` and `bare` by turns, `rounds` times each, and return the ratio of their medians.

    The first `warm_up` rounds do not count. `before_each` runs before each call and is not measured.
    """
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(-warm_up, rounds):
        for call, taken in zip((ours, bare), times, strict=True):
            before_each()
            started = time.perf_counter()
            call()
            if number >= 0:
                taken.append((time.perf_counter() - started) * 1000)
    return Ratio(what, statistics.median(times[0]), floor, statistics.median(times[1]))


def compare_at_once(
    what: str,
    ours: Sequence[Callable[[], object]],
    floor: str,
    bare: Sequence[Callable[[], object]],
    *,
    rounds: int,
    calls: int,
    warm_up: int = 2,
    before_each: Callable[[], object] = lambda: None,
) -> Ratio:
    """Run all of `ours` in parallel, then all of `bare`, by turns, and return the ratio of their 95th percentiles.

    In a round each function is called `calls` times; `warm_up` and `before_each` are those of `compare`.
    """
    times: tuple[list[float], list[float]] = ([], [])
    with ThreadPoolExecutor(max(len(ours), len(bare))) as pool:
        for number in range(-warm_up, rounds):
            for clients, taken in zip((ours, bare), times, strict=True):
                before_each()
                answered = [time_taken for each in pool.map(_repeat(calls), clients) for time_taken in each]
                if number >= 0:
                    taken += answered
    return Ratio(what, p95(times[0]), floor, p95(times[1]))


def _repeat(calls: int) -> Callable[[Callable[[], object]], list[float]]:
    """Return a function that makes one client call `calls` times and returns the milliseconds of each call."""

    def run(call: Callable[[], object]) -> list[float]:
        taken = []
        for _ in range(calls):
            started = time.perf_counter()
            call()
            taken.append((time.perf_counter() - started) * 1000)
        return taken

    return run


def p95(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]
