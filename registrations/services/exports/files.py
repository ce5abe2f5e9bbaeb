"""Writing a table as a CSV or XLSX file, row by row, so that it is never whole in memory."""

import csv
import io
import re
import tempfile
from codecs import BOM_UTF8
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import IO, cast

from django.db import models
from django.utils.translation import gettext_lazy
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

CellValue = str | int
Row = Sequence[CellValue]

# Excel, LibreOffice and Google Sheets calculate a CSV cell that begins with one of these (OWASP, "CSV Injection"), also
# in full width and after blanks.
FORMULA = re.compile(r"[\t\r\n]|\s*[=+\-@＝＋－＠]")  # noqa: RUF001  # the wide ones are meant
COLUMN_WIDTH = 22


class FileFormat(models.TextChoices):
    """The file formats of exports."""

    XLSX = "xlsx", gettext_lazy("Excel workbook (XLSX)")
    CSV = "csv", gettext_lazy("Text with commas (CSV, UTF-8)")


@dataclass(frozen=True)
class Table:
    """A table to export. `chunks` are groups of rows with a value for every heading; they may be iterable only once."""

    name: str
    headings: tuple[str, ...]
    chunks: Iterable[Sequence[Row]]


def escape_formula(value: CellValue) -> CellValue:
    """Prefix a text that a spreadsheet program would calculate with an apostrophe; return other values unchanged.

    CSV has no types, quotes do not help, and removing characters would change telephone numbers and names.
    """
    return f"'{value}" if isinstance(value, str) and FORMULA.match(value) else value


def write_csv(table: Table) -> IO[bytes]:
    """Return a temporary file, positioned at its beginning, which is deleted when it is closed.

    It begins with a byte order mark, from which Excel recognises UTF-8, and all cells are quoted.
    """
    file = _temporary_file()
    file.write(BOM_UTF8 + _encode_rows([table.headings]))
    for rows in table.chunks:
        file.write(_encode_rows(rows))
    file.seek(0)
    return file


def _encode_rows(rows: Iterable[Row]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([escape_formula(value) for value in row] for row in rows)
    return text.getvalue().encode()


def write_xlsx(table: Table) -> IO[bytes]:
    """Return a temporary file, positioned at its beginning, which is deleted when it is closed.

    Text cells have the type of text, so they need no apostrophe. Those that would be calculated if a user edited them
    have Excel's own mark against it (`quotePrefix`).
    """
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet()
    sheet.freeze_panes = "A2"
    for number in range(1, len(table.headings) + 1):
        sheet.column_dimensions[get_column_letter(number)].width = COLUMN_WIDTH
    sheet.append([_cell(sheet, heading, is_heading=True) for heading in table.headings])
    for rows in table.chunks:
        for row in rows:
            sheet.append([_cell(sheet, value) for value in row])
    file = _temporary_file()
    workbook.save(file)
    file.seek(0)
    return file


def _temporary_file() -> IO[bytes]:
    return cast("IO[bytes]", tempfile.TemporaryFile())  # closed by whoever reads it


def _cell(sheet: object, value: CellValue, *, is_heading: bool = False) -> WriteOnlyCell:
    if not isinstance(value, str):
        return WriteOnlyCell(sheet, value)
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value))
    cell.data_type = "s"
    if FORMULA.match(value):
        cell.quotePrefix = True
    if is_heading:
        cell.font = Font(bold=True)
    return cell
