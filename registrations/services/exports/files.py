"""A table as a CSV or XLSX file: written whole before it is sent, and never whole in memory."""

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

# What makes Excel, LibreOffice or Google Sheets calculate a cell of a CSV file (OWASP, "CSV Injection"): these, in
# their full width too, at the very beginning or after blanks.
FORMULA = re.compile(r"[\t\r\n]|\s*[=+\-@＝＋－＠]")  # noqa: RUF001  # the wide ones are meant
COLUMN_WIDTH = 22


class FileFormat(models.TextChoices):
    XLSX = "xlsx", gettext_lazy("Excel workbook (XLSX)")
    CSV = "csv", gettext_lazy("Text with commas (CSV, UTF-8)")


@dataclass(frozen=True)
class Table:
    """`chunks` are runs of rows, each a value for every heading; they may be read only once."""

    name: str
    headings: tuple[str, ...]
    chunks: Iterable[Sequence[Row]]


def escape_formula(value: CellValue) -> CellValue:
    """A text that a spreadsheet would calculate gets an apostrophe before it, which keeps it a text; others stay.

    CSV has no types, quotes do not help, and leaving characters out would change a telephone number or a name.
    """
    return f"'{value}" if isinstance(value, str) and FORMULA.match(value) else value


def write_csv(table: Table) -> IO[bytes]:
    """A temporary file at its beginning; closing it removes it.

    It has a byte order mark, by which Excel knows UTF-8, and every cell in quotes.
    """
    file = _temporary_file()
    file.write(BOM_UTF8 + _lines([table.headings]))
    for rows in table.chunks:
        file.write(_lines(rows))
    file.seek(0)
    return file


def _lines(rows: Iterable[Row]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([escape_formula(value) for value in row] for row in rows)
    return text.getvalue().encode()


def write_xlsx(table: Table) -> IO[bytes]:
    """A temporary file at its beginning; closing it removes it.

    Texts are written with the type of texts, so they need no apostrophe of their own; those that would be calculated
    if somebody typed them again also carry Excel's own mark for that (`quotePrefix`).
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
