"""The attendance table as bars. Numbers alone: the template draws them, with presentation attributes and classes."""

from dataclasses import dataclass

from registrations.queries.attendance import AttendanceTable

WIDTH = 720
LABELS_WIDTH = 190
FIGURES_WIDTH = 90
BAR_HEIGHT = 12
BAR_GAP = 3
ROW_GAP = 10
HEAD = 4
LONGEST_LABEL = 26


@dataclass(frozen=True)
class Bar:
    """One session of one body: how many attended, of those nominated."""

    number: int
    y: int
    nominated_width: int
    attended_width: int
    text_x: int
    text_y: int
    nominated: int
    attended: int


@dataclass(frozen=True)
class ChartRow:
    label: str
    label_y: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Plot:
    width: int
    height: int
    bars_x: int
    label_x: int
    bar_height: int
    rows: tuple[ChartRow, ...]


def plot_of(table: AttendanceTable) -> Plot | None:
    """None where there is nothing to compare: no session, or nobody."""
    most = max(
        (figure for one in table.bodies for figure in (one.total.nominated, *(s.attended for s in one.total.sessions))),
        default=0,
    )
    if not most or not table.sessions:
        return None
    scale = (WIDTH - LABELS_WIDTH - FIGURES_WIDTH) / most
    rows = []
    y = HEAD
    for one in table.bodies:
        bars = []
        top = y
        for session, presence in zip(table.sessions, one.total.sessions, strict=True):
            nominated = round(one.total.nominated * scale)
            attended = round(presence.attended * scale)
            bars.append(
                Bar(
                    number=session.number,
                    y=y,
                    nominated_width=nominated,
                    attended_width=attended,
                    text_x=LABELS_WIDTH + max(nominated, attended) + 6,
                    text_y=y + BAR_HEIGHT - 2,
                    nominated=one.total.nominated,
                    attended=presence.attended,
                )
            )
            y += BAR_HEIGHT + BAR_GAP
        label = str(one.delegation.body)
        short = label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"
        rows.append(ChartRow(short, top + BAR_HEIGHT - 2, tuple(bars)))
        y += ROW_GAP
    return Plot(WIDTH, y, LABELS_WIDTH, LABELS_WIDTH - 8, BAR_HEIGHT, tuple(rows))
