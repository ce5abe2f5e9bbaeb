"""Reading Excel workbooks. Declared and real sizes are checked before anything parses the file."""

import io
import warnings
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

import structlog
from defusedxml.ElementTree import fromstring, tostring
from openpyxl.packaging.relationship import RelationshipList, get_dependents, get_rels_path
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils.cell import coordinate_to_tuple, range_boundaries
from openpyxl.xml.constants import ARC_CONTENT_TYPES, ARC_STYLE, ARC_WORKBOOK, REL_NS

from registrations.exceptions import EmptyTable, UnreadableTable
from registrations.services.imports.packages import damaged_file_error, open_package, too_much_error
from registrations.services.imports.tables import MAX_COLUMNS, Table, make_table
from registrations.services.imports.workbook_xml import ElementBudget, formulas_and_merged_cells, number_formats_of

log = structlog.get_logger(__name__)

# The limit of one part, which openpyxl may hold as a tree.
MAX_PART_BYTES = 4_000_000
FORMULA = "="
# The people may stand behind a cover sheet; this many sheets are looked at.
MAX_SHEETS = 4


def read_workbook(data: bytes) -> Table:
    """Return the first visible sheet with addresses, with FORMULA for each cell with a formula.

    Without an address it is the first visible sheet with a text. Raises UnreadableTable.
    """
    _check_package(data)
    try:
        with warnings.catch_warnings():
            # openpyxl warns about features that it cannot write; we write nothing.
            warnings.simplefilter("ignore")
            return _table_of_people(data)
    except UnreadableTable:
        raise
    except Exception:  # openpyxl has no common exception class and raises a dozen
        # Logged because the cause may also be a bug of ours, which the message to the user hides.
        log.warning("workbook_not_read", exc_info=True)
        raise damaged_file_error() from None


def _check_package(data: bytes) -> None:
    """Raise UnreadableTable for files that must not be unpacked, or that would cost openpyxl too much.

    Unpacks each part in small pieces, keeps nothing, and stops when the element budget is exceeded.
    """
    with open_package(data) as package:
        parts = package.infolist()
        if max(part.file_size for part in parts) > MAX_PART_BYTES:
            raise too_much_error()
        budget = ElementBudget()
        for part in parts:
            with package.open(part) as content:
                budget.spend_on(content, is_styles=part.filename == ARC_STYLE)


def _table_of_people(data: bytes) -> Table:
    package = _without_costly_parts(data)
    # Does what `load_workbook` does, which does not tell from which part it reads a sheet.
    reader = ExcelReader(io.BytesIO(package), read_only=True, data_only=True, keep_links=False)
    reader.read()
    visible = [sheet for sheet in reader.wb.worksheets if sheet.sheet_state == "visible"]
    first, empty = None, None
    for sheet in visible[:MAX_SHEETS]:
        try:
            table = make_table(_row_texts(reader, sheet))
        except EmptyTable as error:
            empty = error
            continue
        table = replace(table, sheet=sheet.title if len(visible) > 1 else "")
        if any("@" in cell for row in table.rows for cell in row):
            return table
        first = first or table
    if first is None:
        raise empty or ValueError("no visible sheet")
    return first


def _row_texts(reader: ExcelReader, sheet: Any) -> Iterator[list[str]]:
    """Return the texts of the rows of `sheet`.

    Only values are read, because translating formulas from cell to cell takes too long.
    """
    part = next(
        relation.target
        for listed, relation in reader.parser.find_sheets()
        if (listed.name, listed.state) == (sheet.title, sheet.sheet_state)
    )
    with_formulas, merged = formulas_and_merged_cells(reader.archive.read(part))
    formulas = {coordinate_to_tuple(cell) for cell in with_formulas}
    # The declared dimensions are no limit and may be wrong.
    sheet.reset_dimensions()
    rows = (
        [FORMULA if (number, column) in formulas else _cell_text(value) for column, value in enumerate(row, start=1)]
        for number, row in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS + 1, values_only=True), start=1)
    )
    return _with_merged_texts(rows, merged)


def _with_merged_texts(rows: Iterable[list[str]], merged: Iterable[str]) -> Iterator[list[str]]:
    """Yield `rows` with the text of cells that are merged over several rows in each of them."""
    beginning = defaultdict(list)
    for left, top, _right, bottom in map(range_boundaries, merged):
        if top and bottom and left and bottom > top:
            beginning[top].append((left - 1, bottom))
    texts: dict[int, tuple[str, int]] = {}
    for number, row in enumerate(rows, start=1):
        for column, (text, bottom) in texts.items():
            if number <= bottom and column < len(row) and not row[column]:
                row[column] = text
        texts |= {column: (row[column], bottom) for column, bottom in beginning[number] if column < len(row)}
        yield row


def _without_costly_parts(data: bytes) -> bytes:
    """Return the package without styles except number formats, and without defined names.

    Number formats are needed to tell dates from numbers; the rest costs openpyxl time and says nothing about people.
    """
    package = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as sent, zipfile.ZipFile(package, "w") as target:
        books = _workbook_part_names(sent)
        for name in dict.fromkeys(sent.namelist()):
            part = sent.read(name)
            if name == ARC_STYLE:
                part = number_formats_of(part)
            elif name in books:
                part = _without_defined_names(part)
                _check_sheets(part, get_dependents(sent, get_rels_path(name)))
            target.writestr(name, part)
    return package.getvalue()


def _workbook_part_names(package: zipfile.ZipFile) -> set[str]:
    """Return the names of the parts that may be the list of sheets, including the default name that openpyxl uses."""
    types = fromstring(package.read(ARC_CONTENT_TYPES))
    declared = {
        element.get("PartName", "")[1:] for element in types if element.get("ContentType", "").endswith(".main+xml")
    }
    return {ARC_WORKBOOK, *declared}


def _without_defined_names(workbook_xml: bytes) -> bytes:
    root = fromstring(workbook_xml)
    for names in root.findall("{*}definedNames"):
        root.remove(names)
    written: bytes = tostring(root)
    return written


def _check_sheets(workbook_xml: bytes, relations: RelationshipList) -> None:
    """Raise UnreadableTable if openpyxl would open a part more than once, or what a chart sheet draws."""
    by_id = relations.to_dict()
    ids = [sheet.get(f"{{{REL_NS}}}id", "") for sheet in fromstring(workbook_xml).findall(".//{*}sheet")]
    sheets = [by_id[sheet_id] for sheet_id in ids if sheet_id in by_id]
    if len({sheet.target for sheet in sheets}) < len(sheets) or any("chartsheet" in sheet.Type for sheet in sheets):
        raise too_much_error()


def _cell_text(value: object) -> str:
    """Return the value as a user would type it: a number without ".0", a date as 2026-11-16."""
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
