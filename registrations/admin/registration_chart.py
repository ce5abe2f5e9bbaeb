"""How many are named, over time, as a plot: plain numbers for an SVG that the server draws, without script or style."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from registrations.queries import RegistrationDay

WIDTH, HEIGHT = 720, 220
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 16, 30
MOST_STEPS = 5


@dataclass(frozen=True)
class Mark:
    """A number on an axis and where it stands; as texts, which no language writes with its own comma."""

    at: str
    label: str


@dataclass(frozen=True)
class Plot:
    """`path` is the curve, `asked_at` the height of the line of those asked for; days run from `first` to `last`."""

    days: tuple[RegistrationDay, ...]
    first: date
    last: date
    path: str
    asked: int
    asked_at: str
    heights: tuple[Mark, ...]

    @property
    def named(self) -> int:
        return self.days[-1].total

    width, height = WIDTH, HEIGHT
    left, right, top, bottom = LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM


def plot_of(days: Sequence[RegistrationDay], *, asked: int, today: date) -> Plot | None:
    """The plot from the day before somebody was named until `today`; none where nobody ever was."""
    if not days:
        return None
    first, last = days[0].day - timedelta(days=1), max(days[-1].day, today)
    most = max(asked, *(day.total for day in days), 1)

    def across(day: date) -> str:
        return f"{LEFT + (WIDTH - LEFT - RIGHT) * (day - first).days / (last - first).days:.1f}"

    def up(count: int) -> str:
        return f"{HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * count / most:.1f}"

    steps = " ".join(f"H{across(day.day)} V{up(day.total)}" for day in days)
    step = next(size for size in _sizes() if most / size <= MOST_STEPS)
    return Plot(
        days=tuple(days),
        first=first,
        last=last,
        path=f"M{across(first)} {up(0)} {steps} H{across(last)}",
        asked=asked,
        asked_at=up(asked),
        heights=tuple(Mark(up(count), str(count)) for count in range(0, most + 1, step)),
    )


def _sizes() -> Sequence[int]:
    """Distances between the numbers of an axis: 1, 2, 5, 10, 20, 50 …"""
    return [digit * 10**power for power in range(7) for digit in (1, 2, 5)]
