"""The attendance table as a workbook."""

import tempfile
from datetime import datetime
from typing import IO, cast

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from registrations.models import HistoryEvent, HistoryKind, User
from registrations.queries.attendance import AttendanceTable, PresenceLine, attendance_table
from sessions_app.models import Webinar

WIDTH = 22


def export_attendance(webinar: Webinar, *, by: User, now: datetime) -> IO[bytes]:
    """The table of `webinar` as `write_attendance` writes it; that somebody took it is kept."""
    HistoryEvent.objects.create(webinar=webinar, kind=HistoryKind.ATTENDANCE_EXPORTED, actor=by, at=now)
    return write_attendance(attendance_table(webinar))


def write_attendance(table: AttendanceTable) -> IO[bytes]:
    """A temporary file at its beginning; closing it removes it.

    Texts are written with the type of texts, whatever they begin with.
    """
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet(_("Attendance"))
    sheet.freeze_panes = "D2"
    headings = [_("Country or organisation"), _("Profile"), _("Nominated")]
    for session in table.sessions:
        headings += [
            f"{session.number}. {what}" for what in (_("Invited"), _("Said yes"), _("Opened the room"), _("Attended"))
        ]
    for number in range(1, len(headings) + 1):
        sheet.column_dimensions[get_column_letter(number)].width = WIDTH
    sheet.append([_text(sheet, heading, is_bold=True) for heading in headings])
    for one in table.bodies:
        for line in one.lines:
            profile = str(line.profile) if line.profile else _("without a profile")
            sheet.append([_text(sheet, str(one.delegation.body)), _text(sheet, profile), *_figures(line)])
    for line in table.by_profile:
        sheet.append([_text(sheet, _("All countries")), _text(sheet, str(line.profile)), *_figures(line)])
    sheet.append([_text(sheet, _("All countries"), is_bold=True), None, *_figures(table.of_countries)])
    sheet.append([_text(sheet, _("Countries and organisations"), is_bold=True), None, *_figures(table.of_all)])
    file = cast("IO[bytes]", tempfile.TemporaryFile())  # noqa: SIM115  # closed by whoever reads it
    workbook.save(file)
    file.seek(0)
    return file


def _figures(line: PresenceLine) -> list[int]:
    figures = [line.nominated]
    for one in line.sessions:
        figures += [one.invited, one.accepted, one.opened, one.attended]
    return figures


def _text(sheet: object, text: str, *, is_bold: bool = False) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", text))
    cell.data_type = "s"
    if is_bold:
        cell.font = Font(bold=True)
    return cell
