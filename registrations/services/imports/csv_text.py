"""Reading CSV files and pasted rows: detecting the encoding and the delimiter."""

import csv
import io
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator

from django.utils.translation import gettext as _

from registrations.exceptions import UnreadableTable
from registrations.services.imports.tables import Table, make_table

DELIMITERS = "\t;,"
# The row of headings stands among these; titles may come before it.
LINES_LOOKED_AT = 20
# Excel can write the delimiter in the first line of a CSV file.
DELIMITER_DECLARATION = re.compile(r"sep=([\t;,])\r?\n", re.I)
# An accented letter in UTF-8. In Windows-1252 it would read as "Ã" and a sign, which does not occur in real text.
ACCENT_IN_UTF8 = re.compile(rb"[\xc2\xc3][\x80-\xbf]")


def read_csv(data: bytes) -> Table:
    """Return the table in a CSV file. Raises UnreadableTable."""
    return read_text(decode(data))


def decode(data: bytes) -> str:
    """Decode UTF-8, UTF-16 with a byte order mark, or Windows-1252. Raises UnreadableTable for a mix of encodings."""
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise _mixed_encodings(data[: error.start].decode("utf-16", "ignore").count("\n") + 1) from None
    body = data.removeprefix(BOM_UTF8)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        broken = error
    if body is data and not ACCENT_IN_UTF8.search(data):
        try:
            return data.decode("cp1252")
        except UnicodeDecodeError as error:
            broken = error
    raise _mixed_encodings(body.count(b"\n", 0, broken.start) + 1)


def _mixed_encodings(line: int) -> UnreadableTable:
    return UnreadableTable(
        _("Line %(line)s is written in another encoding than the rest. Please save the file again as “CSV UTF-8”.")
        % {"line": line}
    )


def read_text(text: str) -> Table:
    """Return the table in `text`, whose cells are separated by tabs, semicolons or commas. Raises UnreadableTable."""
    if "\x00" in text:
        raise not_a_table_error()
    text = text.removeprefix("\ufeff")
    declared = DELIMITER_DECLARATION.match(text)
    if declared:
        return make_table(split_cells(text[declared.end() :], declared[1]))
    return make_table(split_cells(text, _delimiter_of(text)))


def not_a_table_error() -> UnreadableTable:
    """Build the error for a file or text with characters that no text contains."""
    return UnreadableTable(_("This is not a table: it holds characters that no text has. Send an .xlsx or .csv file."))


def _delimiter_of(text: str) -> str:
    """Return the most frequent delimiter outside quotes in the first line with several, which is no title; a tab first.

    Cells that are copied from a spreadsheet may contain semicolons and commas, but no tab.
    """
    lines = [re.sub(r'"[^"]*"', "", line).strip() for line in text.splitlines()[:LINES_LOOKED_AT]]
    for least in (2, 1):
        for line in lines:
            if "\t" in line:
                return "\t"
            delimiter = max(DELIMITERS, key=line.count)
            if line.count(delimiter) >= least:
                return delimiter
    return "\t"


def split_cells(text: str, delimiter: str) -> Iterator[list[str]]:
    """Yield the rows of `text`; quotes that are not paired as in CSV belong to the text, as in 'Ana "Anita" Ejemplo'.

    Raises UnreadableTable when it reaches a broken row.
    """
    lines = io.StringIO(text, newline="")
    if _has_paired_quotes(text, delimiter):
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
    else:
        reader = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    try:
        yield from reader
    except csv.Error:
        raise UnreadableTable(
            _("Row %(row)s cannot be read. Please save the file again, as .xlsx or “CSV UTF-8”.")
            % {"row": reader.line_num}
        ) from None


def _has_paired_quotes(text: str, delimiter: str) -> bool:
    if '"' not in text:
        return False
    try:
        for _row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            pass
    except csv.Error:
        return False
    return True
