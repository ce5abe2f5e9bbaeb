"""Coordinates of a chart of how many people were named by which day, for an SVG that the template draws."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from registrations.queries import RegistrationDay

WIDTH, HEIGHT = 720, 220
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 16, 30
MAX_AXIS_STEPS = 5


@dataclass(frozen=True)
class AxisMark:
    """A number on the vertical axis and its coordinate; texts, so that no locale changes the decimal point."""

    at: str
    label: str


@dataclass(frozen=True)
class RegistrationChart:
    """A step chart from the day `first` to the day `last`.

    `path` is the SVG path of the curve, `asked_at` the vertical coordinate of the line of `asked` people.
    """

    days: tuple[RegistrationDay, ...]
    first: date
    last: date
    path: str
    asked: int
    asked_at: str
    heights: tuple[AxisMark, ...]

    @property
    def named(self) -> int:
        return self.days[-1].total

    width, height = WIDTH, HEIGHT
    left, right, top, bottom = LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM


def build_chart(days: Sequence[RegistrationDay], *, asked: int, today: date) -> RegistrationChart | None:
    """Build the chart from the day before somebody was first named until `today`; None where nobody was named."""
    if not days:
        return None
    first, last = days[0].day - timedelta(days=1), max(days[-1].day, today)
    largest = max(asked, *(day.total for day in days), 1)

    def x_of(day: date) -> str:
        return f"{LEFT + (WIDTH - LEFT - RIGHT) * (day - first).days / (last - first).days:.1f}"

    def y_of(count: int) -> str:
        return f"{HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * count / largest:.1f}"

    steps = " ".join(f"H{x_of(day.day)} V{y_of(day.total)}" for day in days)
    step = next(size for size in _step_sizes() if largest / size <= MAX_AXIS_STEPS)
    return RegistrationChart(
        days=tuple(days),
        first=first,
        last=last,
        path=f"M{x_of(first)} {y_of(0)} {steps} H{x_of(last)}",
        asked=asked,
        asked_at=y_of(asked),
        heights=tuple(AxisMark(y_of(count), str(count)) for count in range(0, largest + 1, step)),
    )


def _step_sizes() -> Sequence[int]:
    """Return possible distances between the numbers of an axis: 1, 2, 5, 10, 20, 50 …"""
    return [digit * 10**power for power in range(7) for digit in (1, 2, 5)]
