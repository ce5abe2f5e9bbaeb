"""The attendance table as a file for spreadsheet programs."""

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations.models import HistoryEvent, HistoryKind, User
from registrations.queries.attendance import AttendanceRow, AttendanceTable, attendance_table, minimum_stay_of
from registrations.services.exports import Table
from registrations.services.exports.files import Row
from sessions_app.models import Webinar


def export_attendance(webinar: Webinar, *, by: User, now: datetime) -> Table:
    """Return the attendance figures of `webinar`, which contain no names, and record the export."""
    HistoryEvent.objects.create(webinar=webinar, kind=HistoryKind.ATTENDANCE_EXPORTED, actor=by, at=now)
    table = attendance_table(webinar)
    minimum_stay = minimum_stay_of(webinar)
    figures = (_("Invited"), _("Said yes"), _("Opened the room"), _("Attended"))
    return Table(
        name=f"{_('attendance')}-{webinar.slug}",
        headings=(
            _("Country or organisation"),
            _("Profile"),
            _("Nominated"),
            *(f"{session.number}. {figure}" for session in table.sessions for figure in figures),
            *([_("Attended: counted from")] if minimum_stay else []),
        ),
        chunks=[[[*row, *_words(minimum_stay)] for row in _rows(table)]],
    )


def _words(minimum_stay: int) -> list[str]:
    """Return "15 minutes", or nothing where every stay counts."""
    if not minimum_stay:
        return []
    return [ngettext("%(count)s minute", "%(count)s minutes", minimum_stay) % {"count": minimum_stay}]


def _rows(table: AttendanceTable) -> Iterator[Row]:
    for body in table.bodies:
        for line in body.rows:
            yield _row(str(body.delegation.body), str(line.profile or _("without a profile")), line)
    for line in table.profile_totals:
        yield _row(_("All countries"), str(line.profile), line)
    yield _row(_("All countries"), "", table.countries_total)
    yield _row(_("Countries and organisations"), "", table.grand_total)


def _row(body: str, profile: str, line: AttendanceRow) -> Row:
    counts = [
        count
        for figures in line.sessions
        for count in (figures.invited, figures.accepted, figures.opened, figures.attended)
    ]
    return [body, profile, line.nominated, *counts]
