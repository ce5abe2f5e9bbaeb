"""Building the workbook that focal points fill in, with headings, lists of choices and instructions in one language."""

import io

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from registrations.models import Delegation
from registrations.queries import SeatCount
from registrations.services.imports.columns import LABELS, fields_of, required_fields_of
from registrations.services.imports.tables import MAX_ROWS
from sessions_app.hours import zone_city

# The country's zone is prefilled in this many rows. The lists of choices apply to all rows.
PREFILLED_ROWS = 40
WIDTHS = {"name": 34, "email": 34, "institution": 34, "position": 28, "profile": 26, "needs": 36}
USUAL_WIDTH = 18
LISTS_SHEET = "lists"
HEAD = PatternFill("solid", fgColor="0B5A52")  # --brand of static/css/tokens.css
MAX_TITLE_LENGTH = 31


def build_template(delegation: Delegation, seats: tuple[SeatCount, ...]) -> bytes:
    """Return an .xlsx file without people in the current language. The import reads it in any language.

    The time zone is prefilled only if the country has exactly one (rule 13).
    """
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = _("Delegates")[:MAX_TITLE_LENGTH]
    fields = fields_of(delegation)
    _fill_headings(sheet, fields)
    choices = _choices(delegation, seats)
    lists = workbook.create_sheet(LISTS_SHEET)
    lists.sheet_state = "hidden"
    for number, (field, words) in enumerate(choices.items(), start=1):
        for row, word in enumerate(words, start=1):
            _write(lists.cell(row, number), word)
        _add_choices(
            sheet,
            fields.index(field) + 1,
            f"{LISTS_SHEET}!${get_column_letter(number)}$1:${get_column_letter(number)}${len(words)}",
        )
    if zone := delegation.body.single_timezone:
        for row in range(2, PREFILLED_ROWS + 2):
            _write(sheet.cell(row, fields.index("timezone") + 1), zone_city(zone, get_language() or "en"))
    _write_instructions(workbook.create_sheet(_("Instructions")[:MAX_TITLE_LENGTH]), delegation)
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def _write(cell: Cell, text: str) -> None:
    """Write `text` as text, even if it looks like a formula."""
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)
    cell.data_type = "s"


def _fill_headings(sheet: Worksheet, fields: tuple[str, ...]) -> None:
    for column, field in enumerate(fields, start=1):
        cell = sheet.cell(1, column)
        _write(cell, str(LABELS[field]))
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = HEAD
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        letter = get_column_letter(column)
        sheet.column_dimensions[letter].width = WIDTHS.get(field, USUAL_WIDTH)
        # Format as text, so that telephone numbers stay as entered.
        sheet.column_dimensions[letter].number_format = "@"
    sheet.freeze_panes = "A2"


def _choices(delegation: Delegation, seats: tuple[SeatCount, ...]) -> dict[str, list[str]]:
    """Return the words of each list by field, without empty lists."""
    language = get_language() or "en"
    zones = [zone_city(zone, language) for zone in delegation.body.timezones]
    choices = {
        "profile": [str(seat.profile) for seat in seats],
        "language": [_("Spanish"), _("English")],
        "timezone": zones,
        "is_working_group_member": [_("Yes"), _("No")],
    }
    return {field: words for field, words in choices.items() if words}


def _add_choices(sheet: Worksheet, column: int, words_at: str) -> None:
    """Offer a list of choices for the column's cells. For other values Excel asks for confirmation."""
    letter = get_column_letter(column)
    offer = DataValidation(type="list", formula1=words_at, allow_blank=True, errorStyle="warning")
    offer.add(f"{letter}2:{letter}{MAX_ROWS}")
    sheet.add_data_validation(offer)


def _write_instructions(sheet: Worksheet, delegation: Delegation) -> None:
    needed = ", ".join(str(LABELS[field]) for field in required_fields_of(delegation))
    lines = [
        _("How to fill in this file"),
        _("Write one person a row on the first sheet, below the headings."),
        _("Needed for each person: %(columns)s.") % {"columns": needed},
        _("Where you may choose from a list, the cell shows a small arrow. A blank language is that of your country."),
        _("Write the full name as it is to stand on the list of participants. Do not use formulas."),
        _("Then upload the file. Before anything is saved you see row by row what will be added."),
    ]
    sheet.column_dimensions["A"].width = 100
    for row, line in enumerate(lines, start=1):
        _write(sheet.cell(row, 1), line)
        sheet.cell(row, 1).alignment = Alignment(wrap_text=True)
    sheet["A1"].font = Font(bold=True, size=14)
