"""Reading the XML elements of a workbook as a stream, without building a tree."""

from collections.abc import Callable, Mapping
from typing import IO
from xml.etree.ElementTree import Element, SubElement, tostring
from xml.parsers import expat

from openpyxl.styles.numbers import is_date_format, is_timedelta_format
from openpyxl.xml.constants import SHEET_MAIN_NS

from registrations.services.imports.packages import damaged_file_error, too_much_error

CHUNK = 65_536
# The time that openpyxl 3.1 needs for an element, by (element, parent), in units of half a microsecond as measured.
# Elements that are not listed cost as much as an object, because openpyxl builds one.
COSTS = {
    ("row", "sheetData"): 8,
    ("c", "row"): 8,
    ("v", "c"): 4,
    ("f", "c"): 4,
    ("is", "c"): 12,
    ("si", "sst"): 8,
    ("t", "is"): 4,
    ("t", "si"): 4,
    ("t", "r"): 4,
    ("sheet", "sheets"): 400,
}
# A cell or text has one of these as its first child; a repeated one costs as much as an object.
FIRST_CHILDREN = ("v", "f", "is", "t")
COST_OF_AN_OBJECT = 40
# The cost of a style element that is removed before openpyxl reads the styles.
COST_OF_STYLE_ELEMENT = 3
# The cost of a number, which may be a date.
COST_OF_A_NUMBER = 24
# The cost of a character in a long attribute or number format, and in a list of ranges.
COST_OF_A_CHARACTER = 1
COST_PER_RANGE_CHARACTER = 4
LONG_ATTRIBUTE_LENGTH = 255
# The cost of a prefixed attribute, whose namespace openpyxl's parser expands and looks up.
COST_OF_PREFIX = 4
# The namespace is expanded for each element and attribute. The longest one of the standard has 79 characters.
MAX_NAMESPACE_LENGTH = 120
# Equals 0.2 s. 500 rows of 20 columns cost 276,000, which leaves enough for thousands of styles.
BUDGET = 400_000
# A new attribute name takes ten times as long as a known one. The standard has some hundreds.
MAX_ATTRIBUTE_NAMES = 2_000
# The limit of one tag with its attributes, which the parser reports only at its end.
MAX_TAG_BYTES = 100_000

OnElement = Callable[[str, str, Mapping[str, str]], None]


class ElementBudget:
    """Limits what the elements of all parts of one workbook may cost openpyxl together."""

    def __init__(self) -> None:
        self.spent = 0
        self.names: set[str] = set()

    def spend_on(self, content: IO[bytes], *, is_styles: bool) -> None:
        """Read `content` to its end and charge its elements; a part that is not XML costs nothing.

        Raises UnreadableTable as soon as the budget is exceeded, and for a DTD.
        """
        is_number = False
        previous = ""

        def spend(name: str, parent: str, attributes: Mapping[str, str]) -> None:
            nonlocal is_number, previous
            if name == "c":
                is_number = attributes.get("t", "n") in ("n", "d")
            if is_styles and not _is_number_format(name, parent):
                self.spent += COST_OF_STYLE_ELEMENT
            else:
                self.spent += _cost_of_element(name, parent, previous, is_number=is_number)
            previous = name
            self.spent += _cost_of(attributes)
            self.names.update(attributes)
            if self.spent > BUDGET or len(self.names) > MAX_ATTRIBUTE_NAMES or _has_long_namespace(attributes):
                raise too_much_error()

        parser = element_parser(spend)
        is_readable = True
        length = 0
        while chunk := content.read(CHUNK):
            length += len(chunk)
            if not is_readable:
                continue
            try:
                parser.Parse(chunk)
            except (expat.ExpatError, LookupError, ValueError):
                # The part is a picture, or broken XML, which openpyxl does not read beyond this point either.
                is_readable = False
            if is_readable and length - parser.CurrentByteIndex > MAX_TAG_BYTES:
                raise too_much_error()


def _cost_of_element(name: str, parent: str, previous: str, *, is_number: bool) -> int:
    is_first = previous == parent or (previous, name) == ("f", "v")
    if name in FIRST_CHILDREN and not is_first:
        return COST_OF_AN_OBJECT
    if name == "v" and is_number:
        return COST_OF_A_NUMBER
    return COSTS.get((name, parent), COST_OF_AN_OBJECT)


def _cost_of(attributes: Mapping[str, str]) -> int:
    cost = len(attributes)
    for name, value in attributes.items():
        if ":" in name:
            cost += COST_OF_PREFIX
        if name == "sqref":
            cost += COST_PER_RANGE_CHARACTER * len(value)
        elif name == "formatCode" or len(value) > LONG_ATTRIBUTE_LENGTH:
            cost += COST_OF_A_CHARACTER * len(value)
    return cost


def _has_long_namespace(attributes: Mapping[str, str]) -> bool:
    return any(
        len(value) > MAX_NAMESPACE_LENGTH
        for name, value in attributes.items()
        if name == "xmlns" or name.startswith("xmlns:")
    )


def formulas_and_merged_cells(sheet: bytes) -> tuple[list[str], list[str]]:
    """Return the references of cells with a formula, and the ranges of merged cells.

    The stored value of a formula may be outdated or another person's.
    """
    formulas: list[str] = []
    merged: list[str] = []
    reference = ""

    def find(name: str, parent: str, attributes: Mapping[str, str]) -> None:
        nonlocal reference
        if name == "c":
            reference = attributes.get("r", "")
        elif name == "f" and parent == "c":
            formulas.append(reference)
        elif name == "mergeCell":
            merged.append(attributes.get("ref", ""))

    element_parser(find).Parse(sheet, True)
    return formulas, merged


def number_formats_of(styles: bytes) -> bytes:
    """Return `styles` reduced to number formats and the cell formats that use them.

    openpyxl parses the code of a number format again for each cell format. Here each code is parsed once and replaced
    by a short one.
    """
    root = Element(f"{{{SHEET_MAIN_NS}}}styleSheet")
    number_formats = SubElement(root, f"{{{SHEET_MAIN_NS}}}numFmts")
    cell_formats = SubElement(root, f"{{{SHEET_MAIN_NS}}}cellXfs")

    def keep(name: str, parent: str, attributes: Mapping[str, str]) -> None:
        if not _is_number_format(name, parent):
            return
        kept = {key: attributes[key] for key in ("numFmtId",) if key in attributes}
        if name == "numFmt":
            kept["formatCode"] = _short_code(attributes.get("formatCode", ""))
            SubElement(number_formats, f"{{{SHEET_MAIN_NS}}}numFmt", kept)
        else:
            SubElement(cell_formats, f"{{{SHEET_MAIN_NS}}}xf", kept)

    element_parser(keep).Parse(styles, True)
    return tostring(root)


def _short_code(code: str) -> str:
    """Return a short number format of the same kind: duration, date or time, or number."""
    # Only the first section counts. openpyxl would scan the rest of the code for each "[" without a "]".
    closed, bracket, rest = code.split(";")[0].rpartition("]")
    code = closed + bracket + rest.replace("[", "")
    if not is_date_format(code):
        return "0"
    return "[h]" if is_timedelta_format(code) else "yyyy"


def _is_number_format(name: str, parent: str) -> bool:
    return (name, parent) in (("numFmt", "numFmts"), ("xf", "cellXfs"))


def element_parser(on_element: OnElement) -> expat.XMLParserType:
    """Return a parser that calls `on_element` with the local names of each element and its parent, and the attributes.

    It refuses a DTD, which could multiply attributes and texts and which these files do not have (ECMA-376-2 §6.2.5).
    """
    parents: list[str] = []

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        name = tag.rpartition(":")[2]
        on_element(name, parents[-1] if parents else "", attributes)
        parents.append(name)

    def end(_tag: str) -> None:
        parents.pop()

    def refuse(*_declaration: object) -> None:
        raise damaged_file_error()

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = refuse
    return parser
