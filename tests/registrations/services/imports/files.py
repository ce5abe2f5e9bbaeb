"""Spreadsheet files built during a test: valid ones and hostile ones."""

import csv
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from functools import cache

from openpyxl import Workbook

Rows = Sequence[Sequence[object]]

HEADINGS = ("Nombre completo", "Correo electrónico", "Institución", "Perfil")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def xlsx(rows: Rows) -> bytes:
    """A workbook of one sheet; a text that begins with "=" is a formula."""
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("People")
    for row in rows:
        sheet.append(row)
    return saved(workbook)


def saved(workbook: Workbook) -> bytes:
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def csv_file(rows: Rows, *, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def person(number: int, profile: str = "Prosecutors") -> tuple[str, ...]:
    return (f"Persona Ejemplo {number}", f"persona{number}@example.org", "Instituto de ejemplo", profile)


def people(count: int) -> list[tuple[str, ...]]:
    return [HEADINGS, *(person(number) for number in range(1, count + 1))]


def one_cell_at_the_far_corner() -> bytes:
    workbook = Workbook()
    workbook.active["XFD1048576"] = "Ana"
    return saved(workbook)


def with_parts(parts: Mapping[str, bytes], *, content: bytes | None = None) -> bytes:
    """A workbook with other parts beside, or in place of, its own."""
    source = zipfile.ZipFile(io.BytesIO(content or xlsx(people(2))))
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            if name not in parts:
                target.writestr(name, source.read(name))
        for name, data in parts.items():
            target.writestr(name, data)
    return package.getvalue()


@cache
def zip_bomb() -> bytes:
    """One part of 200 MB in less than 1 MB; compressing it takes a second."""
    return with_parts({"xl/worksheets/sheet1.xml": b"<a>" + b" " * 200_000_000})


def zip_bomb_that_says_it_is_small() -> bytes:
    """The same, where the directory claims 1,000 bytes."""
    bomb = zip_bomb()
    size = (200_000_003).to_bytes(4, "little")
    return bomb.replace(size, (1_000).to_bytes(4, "little"))


def many_parts(count: int) -> bytes:
    return with_parts({f"xl/media/{number}.txt": b"" for number in range(count)})


def another_zip() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as package:
        package.writestr("letter.txt", "Good morning")
    return content.getvalue()


def billion_laughs() -> bytes:
    lines = [b'<!DOCTYPE x [<!ENTITY a "ha">']
    lines += [b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(20)]
    return with_parts({"xl/worksheets/sheet1.xml": b"".join(lines) + b"]><worksheet>&u;</worksheet>"})


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def in_styles(list_name: str, style: str, count: int) -> bytes:
    styles = f'<styleSheet xmlns="{MAIN}"><{list_name}>{style * count}</{list_name}></styleSheet>'
    return with_parts({"xl/styles.xml": styles.encode()})


def with_number_format(code: str, *, cell_formats: int, number_formats: int = 1) -> bytes:
    """A workbook with so many formats of cells, which take the number formats in turn."""
    numbers = "".join(f"<numFmt numFmtId='{164 + n}' formatCode='{code}'/>" for n in range(number_formats))
    cells = "".join(f"<xf numFmtId='{164 + n % number_formats}'/>" for n in range(cell_formats))
    styles = f'<styleSheet xmlns="{MAIN}"><numFmts>{numbers}</numFmts><cellXfs>{cells}</cellXfs></styleSheet>'
    return with_parts({"xl/styles.xml": styles.encode()})


def in_shared_texts(text: str, count: int) -> bytes:
    source = Workbook()
    source.active["A1"] = "Ana"
    texts = f'<sst xmlns="{MAIN}">{text * count}</sst>'
    return with_parts({"xl/sharedStrings.xml": texts.encode()}, content=saved(source))


def attributes_that_multiply() -> bytes:
    """A DTD that gives each cell a thousand attributes."""
    attributes = " ".join(f'a{number} CDATA "x"' for number in range(1_000))
    sheet = f"<!DOCTYPE x [<!ATTLIST c {attributes}>]><worksheet><sheetData>{'<c/>' * 40_000}</sheetData></worksheet>"
    return with_parts({"xl/worksheets/sheet1.xml": sheet.encode()})


def one_tag_of(count: int) -> bytes:
    """A row with so many attributes."""
    return in_sheet("<row " + " ".join(f'a{number}=""' for number in range(count)) + "/>")


def print_area_of(count: int) -> bytes:
    """A name for so many ranges, which openpyxl looks through again for each."""
    ranges = "$A$1:$B$2," * count
    return with_parts({"xl/workbook.xml": _book(f'<definedName name="_xlnm.Print_Area" localSheetId="0">{ranges}')})


def _book(names: str) -> bytes:
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    sheets = '<sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets>'
    book = f'<workbook xmlns="{MAIN}" xmlns:r="{relations}">{sheets}<definedNames>{names}</definedName></definedNames>'
    return f"{book}</workbook>".encode()


def as_written_by(program: str, rows: Rows) -> bytes:
    """`rows` as Excel, LibreOffice or Google Sheets write them, with thousands of styles and formatted blank cells."""
    source = Workbook()
    for row in rows:
        source.active.append(row)
    width, below = len(rows[0]), len(rows) + 1
    column = f'<col min="1" max="{width}" width="20" style="1" customWidth="1"/>'
    blank = {
        # Whole columns are formatted: down to row 1,048,576 without a row.
        "Excel": "",
        # The last row of all is formatted.
        "LibreOffice": '<row r="1048576" customFormat="false" ht="12.8" hidden="false" outlineLevel="0"/>',
        # Each row of the grid is there, without a word.
        "Google Sheets": "".join(f'<row r="{number}" ht="15.75" customHeight="1"/>' for number in range(below, 1_001)),
    }[program]
    content = saved(source)
    sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()
    sheet = sheet.replace("<sheetData>", f"<cols>{column}</cols><sheetData>").replace(
        "</sheetData>", f"{blank}</sheetData>"
    )
    if program == "Google Sheets":
        sheet = re.sub(r"<dimension[^>]*/>", "", sheet)
    return with_parts(
        {"xl/worksheets/sheet1.xml": sheet.encode(), "xl/styles.xml": _thousands_of_styles()}, content=content
    )


def _thousands_of_styles() -> bytes:
    font = '<font><sz val="11"/><color theme="1"/><name val="Calibri"/><family val="2"/><scheme val="minor"/></font>'
    fill = '<fill><patternFill patternType="solid"><fgColor rgb="FFFFFFFF"/></patternFill></fill>'
    border = "<border><left/><right/><top/><bottom/><diagonal/></border>"
    xf = '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" applyFont="1"{0}><alignment wrapText="1"/></xf>'
    lists = {
        "numFmts": '<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>' * 100,
        "fonts": font * 500,
        "fills": fill * 300,
        "borders": border * 300,
        "cellStyleXfs": xf.format("") * 2_000,
        "cellXfs": xf.format("") * 1_000,
        "cellStyles": '<cellStyle name="Normal 2" xfId="0" builtinId="0"/>' * 2_000,
    }
    parts = "".join(f"<{name}>{styles}</{name}>" for name, styles in lists.items())
    return f'<styleSheet xmlns="{MAIN}">{parts}</styleSheet>'.encode()


def in_sheet(rows: str) -> bytes:
    sheet = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}'
    return with_parts({"xl/worksheets/sheet1.xml": f"{sheet}</sheetData></worksheet>".encode()})


def in_namespace_of(length: int, *, elements: int, attributes: int) -> bytes:
    """A row whose elements have so many attributes each, in a namespace of so many characters."""
    tag = "<c " + " ".join(f'p:a{number}=""' for number in range(attributes)) + "/>"
    return in_sheet(f'<row xmlns:p="{"u" * length}">{tag * elements}</row>')


def many_sheets(count: int) -> bytes:
    """All of them the same part, which has to be opened once for each."""
    sheet = '<sheet name="a" sheetId="1" r:id="rId1"/>'
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    book = f'<workbook xmlns="{main}" xmlns:r="{relations}"><sheets>{sheet * count}</sheets></workbook>'
    return with_parts({"xl/workbook.xml": book.encode()})


def rows_far_below() -> bytes:
    workbook = Workbook()
    workbook.active["AX1048576"] = "Ana"
    for _sheet in range(5):
        workbook.create_sheet()["AX1048576"] = "Ana"
    return saved(workbook)


def formulas_to_translate() -> bytes:
    """One formula of thousands of cells, shared by tens of thousands."""
    first = f'<c r="A1"><f t="shared" si="0">{"A1+" * 10_000}1</f></c>'
    return in_sheet(f'<row r="1">{first}{"""<c r="B1"><f t="shared" si="0"/></c>""" * 50_000}</row>')


def row_at(number: str, column: str = "A") -> bytes:
    return in_sheet(f'<row r="{number}"><c r="{column}{number}" t="inlineStr"><is><t>Ana</t></is></c></row>')


def encrypted() -> bytes:
    """What Excel writes with a password: a compound file with a stream of this name."""
    return OLE + b"\x00" * 2_000 + "EncryptedPackage".encode("utf-16-le") + b"\x07" * 2_000


def old_excel() -> bytes:
    return OLE + b"\x00" * 2_000 + "Workbook".encode("utf-16-le") + b"\x07" * 2_000


def program() -> bytes:
    return b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff" + bytes(range(256)) * 20
