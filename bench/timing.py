"""Two things measured by turns, so that a busy machine slows both."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """How many times as long `what` takes as `floor`; the times are medians in milliseconds."""

    what: str
    ours_ms: float
    floor: str
    floor_ms: float

    @property
    def times(self) -> float:
        return self.ours_ms / self.floor_ms


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
    """The medians of `rounds` calls of each, taken by turns after some that do not count.

    `before_each` makes the ground even, outside of what is measured.
    """
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(-warm_up, rounds):
        for call, taken in zip((ours, bare), times, strict=True):
            before_each()
            begun = time.perf_counter()
            call()
            if number >= 0:
                taken.append((time.perf_counter() - begun) * 1000)
    return Ratio(what, statistics.median(times[0]), floor, statistics.median(times[1]))
