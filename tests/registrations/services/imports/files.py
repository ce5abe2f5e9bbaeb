"""Tables as the files that people send, made while a test runs: good ones, and those that wish us no good."""

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence

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


def zip_bomb() -> bytes:
    """One part of 200 MB in less than 1 MB."""
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


def huge_styles() -> bytes:
    """As many cell styles as fit into the bound of one part."""
    xf = b'<xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
    head = b'<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs>'
    count = (3_900_000 - len(head)) // len(xf)
    return with_parts({"xl/styles.xml": head + xf * count + b"</cellXfs></styleSheet>"})


def in_sheet(rows: str) -> bytes:
    sheet = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}'
    return with_parts({"xl/worksheets/sheet1.xml": f"{sheet}</sheetData></worksheet>".encode()})


def many_sheets(count: int) -> bytes:
    """All of them the same part, which has to be opened once for each."""
    sheet = '<sheet name="a" sheetId="1" r:id="rId1"/>'
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    book = f'<workbook xmlns="{main}" xmlns:r="{relations}"><sheets>{sheet * count}</sheets></workbook>'
    return with_parts({"xl/workbook.xml": book.encode()})


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
