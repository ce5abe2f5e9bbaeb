"""Reading the tables of Word documents as a stream, without building a tree."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from django.utils.translation import gettext as _

from registrations.exceptions import UnreadableTable
from registrations.services.imports.columns import ADDRESS
from registrations.services.imports.packages import damaged_file_error, open_package, too_much_error
from registrations.services.imports.tables import MAX_COLUMNS, Table, make_table
from registrations.services.imports.workbook_xml import CHUNK, MAX_TAG_BYTES

# The part with the text; some programs number it.
MAIN_PART = re.compile(r"word/document\d*\.xml")
# The limits of what the elements cost together, and of elements inside each other. 1,000 rows of Word cost 420,000.
BUDGET, MAX_DEPTH = 500_000, 200
# The cost of what builds an object here; an attribute costs one.
COSTS = {"tbl": 12, "tr": 12, "tc": 12}
COST_OF_AN_ELEMENT = 2
# What was deleted or moved away, and drawings, whose second form repeats their text.
SKIPPED = frozenset(["moveFrom", "Fallback", "drawing", "pict", "object"])
BREAKS = frozenset(["p", "br", "cr", "tab"])


@dataclass
class _Row:
    """A row of cells, without the deleted rows of tracked changes."""

    cells: list[str] = field(default_factory=list)
    is_deleted: bool = False


@dataclass
class _Cell:
    """The texts of the open cell, over how many columns it goes, and whether it continues the cell above."""

    texts: list[str] = field(default_factory=list)
    span: int = 1
    is_continued: bool = False


@dataclass
class _OpenTable:
    """A table whose end is not reached. The text of a table inside a cell is no text of that cell."""

    rows: list[list[str]] = field(default_factory=list)
    row: _Row = field(default_factory=_Row)
    cell: _Cell | None = None


def is_document(data: bytes) -> bool:
    """Return whether the package is a Word document. Raises UnreadableTable for what is no package."""
    with open_package(data) as package:
        return any(MAIN_PART.fullmatch(name) for name in package.namelist())


def read_document(data: bytes) -> Table:
    """Return the table with the most addresses, and those of its width with addresses below it as one table.

    Raises UnreadableTable if there is none.
    """
    tables = _tables_in(data)
    if not tables:
        raise UnreadableTable(
            _("This Word document holds no table. Please paste the rows below, or send them as a table.")
        )
    main = max(tables, key=lambda table: (_address_count(table), len(table)))
    width = _width(main)
    alike = [table for table in tables if table is main or (_width(table) == width and _address_count(table))]
    return make_table(row for table in alike for row in table)


def _address_count(table: list[list[str]]) -> int:
    return sum(any(ADDRESS.search(cell) for cell in row) for row in table)


def _width(table: list[list[str]]) -> int:
    return max(map(len, table), default=0)


def _tables_in(data: bytes) -> list[list[list[str]]]:
    reader = _TableReader()
    with open_package(data) as package:
        name = next(name for name in package.namelist() if MAIN_PART.fullmatch(name))
        with package.open(name) as content:
            length = 0
            try:
                while chunk := content.read(CHUNK):
                    length += len(chunk)
                    reader.parser.Parse(chunk)
                    if length - reader.parser.CurrentByteIndex > MAX_TAG_BYTES:
                        raise too_much_error()
                reader.parser.Parse(b"", True)
            except (expat.ExpatError, LookupError):
                raise damaged_file_error() from None
    return [table for table in reader.tables if table]


class _TableReader:
    """Collects the rows of all tables in `tables`, in the order in which they begin. Insertions count as accepted."""

    def __init__(self) -> None:
        self.tables: list[list[list[str]]] = []
        self.open: list[_OpenTable] = []
        self.parents: list[str] = []
        self.skipped_at = 0
        self.spent = 0
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._refuse

    def _refuse(self, *_declaration: object) -> None:
        raise damaged_file_error()

    def _start(self, tag: str, attributes: Mapping[str, str]) -> None:
        name = tag.rpartition(":")[2]
        self.spent += COSTS.get(name, COST_OF_AN_ELEMENT) + len(attributes)
        if self.spent > BUDGET or len(self.parents) > MAX_DEPTH:
            raise too_much_error()
        self.parents.append(name)
        if name in SKIPPED and not self.skipped_at:
            self.skipped_at = len(self.parents)
        if name == "tbl":
            self.open.append(_OpenTable())
            self.tables.append(self.open[-1].rows)
        elif self.open:
            self._start_in_table(self.open[-1], name, attributes)

    def _start_in_table(self, table: _OpenTable, name: str, attributes: Mapping[str, str]) -> None:
        if name == "tr":
            table.row = _Row()
        elif name == "tc":
            table.cell = _Cell()
        elif name == "del" and self.parents[-2] == "trPr":
            table.row.is_deleted = True
        elif name == "gridBefore":
            table.row.cells += [""] * _number(attributes)
        elif table.cell is not None:
            self._start_in_cell(table.cell, name, attributes)

    def _start_in_cell(self, cell: _Cell, name: str, attributes: Mapping[str, str]) -> None:
        if name == "gridSpan":
            cell.span = _number(attributes)
        elif name == "vMerge":
            cell.is_continued = attributes.get("w:val", "continue") == "continue"
        elif name in BREAKS:
            cell.texts.append(" ")

    def _end(self, _tag: str) -> None:
        if self.skipped_at == len(self.parents):
            self.skipped_at = 0
        name = self.parents.pop()
        if not self.open:
            return
        table = self.open[-1]
        if name == "tc" and table.cell is not None:
            table.row.cells += _texts_of(table.cell, table.rows[-1] if table.rows else [], len(table.row.cells))
            table.cell = None
        elif name == "tr" and not table.row.is_deleted:
            table.rows.append(table.row.cells[: MAX_COLUMNS + 1])
        elif name == "tbl":
            self.open.pop()

    def _text(self, text: str) -> None:
        if self.open and not self.skipped_at and self.parents[-1] == "t" and (cell := self.open[-1].cell):
            cell.texts.append(text)


def _texts_of(cell: _Cell, above: list[str], column: int) -> list[str]:
    """Return the text of the cell, and blank texts for the other columns that it goes over."""
    text = " ".join("".join(cell.texts).split())
    if cell.is_continued and column < len(above):
        text = above[column]
    return [text, *[""] * (cell.span - 1)]


def _number(attributes: Mapping[str, str]) -> int:
    """Return the number in `w:val`, between one and the columns that a table may have."""
    text = attributes.get("w:val", "")
    return min(max(int(text), 1), MAX_COLUMNS) if text.isdecimal() and len(text) < 5 else 1
