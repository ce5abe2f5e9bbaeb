"""Coordinates of a bar chart of attendance, for an SVG that the template draws."""

from dataclasses import dataclass

from registrations.queries.attendance import AttendanceTable

WIDTH = 720
LABELS_WIDTH = 190
FIGURES_WIDTH = 90
BAR_HEIGHT = 12
BAR_GAP = 3
ROW_GAP = 10
TOP_MARGIN = 4
MAX_LABEL_LENGTH = 26


@dataclass(frozen=True)
class Bar:
    """The bar of one session of one body: how many of those nominated attended."""

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
    """The bars of one body, one per session, with its label."""

    label: str
    label_y: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class AttendanceChart:
    """A bar chart in SVG user units."""

    width: int
    height: int
    bars_x: int
    label_x: int
    bar_height: int
    rows: tuple[ChartRow, ...]


def build_chart(table: AttendanceTable) -> AttendanceChart | None:
    """Build the chart of `table`; None where it has no session or nobody was nominated or attended."""
    largest = max(
        (
            figure
            for body_row in table.bodies
            for figure in (body_row.total.nominated, *(s.attended for s in body_row.total.sessions))
        ),
        default=0,
    )
    if not largest or not table.sessions:
        return None
    scale = (WIDTH - LABELS_WIDTH - FIGURES_WIDTH) / largest
    rows = []
    y = TOP_MARGIN
    for body_row in table.bodies:
        bars = []
        top = y
        for session, presence in zip(table.sessions, body_row.total.sessions, strict=True):
            nominated = round(body_row.total.nominated * scale)
            attended = round(presence.attended * scale)
            bars.append(
                Bar(
                    number=session.number,
                    y=y,
                    nominated_width=nominated,
                    attended_width=attended,
                    text_x=LABELS_WIDTH + max(nominated, attended) + 6,
                    text_y=y + BAR_HEIGHT - 2,
                    nominated=body_row.total.nominated,
                    attended=presence.attended,
                )
            )
            y += BAR_HEIGHT + BAR_GAP
        label = str(body_row.delegation.body)
        short = label if len(label) <= MAX_LABEL_LENGTH else f"{label[: MAX_LABEL_LENGTH - 1]}…"
        rows.append(ChartRow(short, top + BAR_HEIGHT - 2, tuple(bars)))
        y += ROW_GAP
    return AttendanceChart(WIDTH, y, LABELS_WIDTH, LABELS_WIDTH - 8, BAR_HEIGHT, tuple(rows))
