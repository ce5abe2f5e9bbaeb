"""The quota board as a table, with the figures that the page shows (rule 2)."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from registrations.queries import BoardRow, QuotaBoard
from registrations.services.exports.files import CellValue, Row, Table


def board_table(board: QuotaBoard) -> Table:
    """Return rows for countries, organisations and the total of attending countries, with five figures per profile."""
    profiles = [total.profile for total in board.profile_totals]
    figures = (_("named"), _("asked"), _("missing"), _("waived"), _("declined"))
    headings = (
        _("Delegation"),
        _("Kind"),
        _("State"),
        _("Nomination letter"),
        *(f"{profile}: {figure}" for profile in profiles for figure in figures),
        _("Named"),
        _("Working Group"),
        _("Missing"),
    )
    rows = [_row(row, len(profiles) * len(figures)) for row in (*board.rows, *board.organisations)]
    return Table(name=f"quota-board-{board.webinar.slug}", headings=headings, chunks=[[*rows, _totals(board)]])


def _row(row: BoardRow, width: int) -> Row:
    delegation = row.delegation
    counts: list[CellValue] = [
        count
        for seat in row.seats
        for count in (
            seat.named,
            seat.effective_minimum,
            seat.missing if row.is_attending else 0,
            seat.waived,
            seat.declined,
        )
    ]
    return [
        str(delegation.body),
        delegation.body.get_kind_display(),
        delegation.get_status_display(),
        _("missing") if row.lacks_letter else "",
        *(counts or [""] * width),
        row.named,
        row.working_group,
        row.missing,
    ]


def _totals(board: QuotaBoard) -> Row:
    return [
        _("Total, attending countries"),
        "",
        "",
        "",
        *_totals_by_profile(board),
        board.named_total,
        board.working_group_total,
        board.missing_total,
    ]


def _totals_by_profile(board: QuotaBoard) -> Iterator[int]:
    for total in board.profile_totals:
        yield from (total.named, total.effective_minimum, total.missing, total.waived, total.declined)
