"""Excel workbooks. What a file says it holds, and what it really unpacks to, is looked at before anything parses it."""

import io
import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time

from defusedxml.ElementTree import ParseError, fromstring, iterparse
from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.cell import coordinate_to_tuple

from registrations.exceptions import Unreadable
from registrations.services.imports.tables import MOST_COLUMNS, MOST_ROWS, Table, make_table

MOST_PARTS = 200
MOST_UNPACKED_BYTES = 10_000_000
# Of one part, which openpyxl may hold as a tree.
MOST_PART_BYTES = 4_000_000
MOST_WORKBOOK_BYTES = 200_000
CONTENT_TYPES = "[Content_Types].xml"
CHUNK = 65_536
FORMULA = "="
LOOKS_LIKE_FORMULA = re.compile(rb"<(\w+:)?f[\s/>]")

# The end of a ZIP file, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.16: signature, four fields,
# then the size of the directory. One entry takes 46 bytes and its name.
DIRECTORY_END = b"PK\x05\x06"
DIRECTORY_SIZE_AT = 12
LONGEST_COMMENT = 65_535
MOST_DIRECTORY_BYTES = MOST_PARTS * 300
ZIP64_LOCATOR = b"PK\x06\x07"
IS_ENCRYPTED = 0x1
READABLE_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
MACROS = re.compile(r"vbaProject|macrosheets", re.I)


def read_workbook(data: bytes) -> Table:
    """The first visible sheet. A cell with a formula reads as FORMULA, whatever its value. Raises Unreadable."""
    _check_package(data)
    try:
        with warnings.catch_warnings():
            # openpyxl warns of features that it would not write again; nothing is written.
            warnings.simplefilter("ignore")
            return make_table(_texts(data))
    except Unreadable:
        raise
    except Exception:  # openpyxl names no class for what it cannot read, and raises a dozen.
        raise _damaged() from None


def _damaged() -> Unreadable:
    return Unreadable(_("This Excel file is damaged. Please open it in a spreadsheet program and save it again."))


def _too_large() -> Unreadable:
    return Unreadable(
        _("This Excel file holds too much. Please keep only the sheet with the people, at most %(most)s rows.")
        % {"most": MOST_ROWS}
    )


def _check_package(data: bytes) -> None:
    """Raise Unreadable for what must not be unpacked or parsed. Inflates each part in small pieces and keeps nothing.

    A part that holds more than the directory says ends there and fails its check sum.
    """
    _check_directory_size(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = package.infolist()
            _check_parts(parts)
            for part in parts:
                with package.open(part) as content:
                    while content.read(CHUNK):
                        pass
            _check_list_of_sheets(package)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, struct.error, OSError):
        raise _damaged() from None


def _check_directory_size(data: bytes) -> None:
    end = data.rfind(DIRECTORY_END, max(0, len(data) - LONGEST_COMMENT - 22))
    field = data[end + DIRECTORY_SIZE_AT : end + DIRECTORY_SIZE_AT + 4]
    if end < 0 or len(field) < 4:
        raise _damaged()
    if int.from_bytes(field, "little") > MOST_DIRECTORY_BYTES or ZIP64_LOCATOR in data[max(0, end - 20) : end]:
        raise _too_large()


def _check_parts(parts: list[zipfile.ZipInfo]) -> None:
    if any(part.flag_bits & IS_ENCRYPTED for part in parts):
        raise protected_by_password()
    if any(part.compress_type not in READABLE_METHODS for part in parts):
        raise _damaged()
    names = {part.filename for part in parts}
    if CONTENT_TYPES not in names:
        raise Unreadable(_("This is a ZIP file, but no Excel workbook. Please send the .xlsx or .csv file itself."))
    if any(MACROS.search(name) for name in names):
        raise Unreadable(_("This Excel file holds macros. Please save it as “Excel workbook (.xlsx)” and try again."))
    sizes = [part.file_size for part in parts]
    if len(parts) > MOST_PARTS or max(sizes) > MOST_PART_BYTES or sum(sizes) > MOST_UNPACKED_BYTES:
        raise _too_large()


def _check_list_of_sheets(package: zipfile.ZipFile) -> None:
    """Raise Unreadable where the part that lists the sheets is no list of a few: each is opened to be measured."""
    try:
        types = fromstring(package.read(CONTENT_TYPES))
    except ParseError:
        raise _damaged() from None
    for override in types:
        if override.get("ContentType", "").endswith(".main+xml"):
            name = override.get("PartName", "")[1:]
            if name in package.namelist() and package.getinfo(name).file_size > MOST_WORKBOOK_BYTES:
                raise _too_large()


def protected_by_password() -> Unreadable:
    return Unreadable(_("This file is protected by a password. Please save it without one and try again."))


def _texts(data: bytes) -> Iterator[list[str]]:
    # Values alone: translating formulas from cell to cell takes longer than anybody waits.
    workbook = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    sheet = next(one for one in workbook.worksheets if one.sheet_state == "visible")
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        formulas = _cells_with_formulas(package.read(sheet._worksheet_path))
    # What a file says of its size is no bound, and may be wrong.
    sheet.reset_dimensions()
    for number, row in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS + 1, values_only=True), start=1):
        yield [FORMULA if (number, column) in formulas else _text(value) for column, value in enumerate(row, start=1)]


def _cells_with_formulas(sheet: bytes) -> set[tuple[int, int]]:
    """(row, column) of the cells whose value a formula has left, which may be old, or another person's."""
    found: set[tuple[int, int]] = set()
    if not LOOKS_LIKE_FORMULA.search(sheet):
        return found
    for _event, element in iterparse(io.BytesIO(sheet)):
        tag = element.tag.rpartition("}")[2]
        if tag == "c" and any(child.tag.rpartition("}")[2] == "f" for child in element):
            found.add(coordinate_to_tuple(element.get("r", "")))
        elif tag == "row":
            element.clear()
    return found


def _text(value: object) -> str:
    """As a person would type it: a number without ".0", a day as 2026-11-16."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)
