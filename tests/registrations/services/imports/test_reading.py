import io
import re
import time
import zipfile
from contextlib import suppress
from datetime import date, datetime

import hypothesis.strategies as st
import pytest
from django.utils.translation import override
from hypothesis import assume, given, settings
from openpyxl import DEFUSEDXML, Workbook
from openpyxl.worksheet.formula import ArrayFormula

from registrations.exceptions import UnreadableTable
from registrations.services.imports.csv_text import read_text
from registrations.services.imports.reading import MAX_BYTES, read_file
from registrations.services.imports.tables import MAX_COLUMNS, MAX_ROWS, Table, make_table, table_to_text
from tests.hostile_text import hostile_texts
from tests.logged import warnings_in
from tests.registrations.services.imports import files
from tests.registrations.services.imports.files import HEADINGS, csv_file, people, person, saved, xlsx

# Seconds of this process: what else a machine does, does not count. On a slower machine, or where coverage is measured,
# what people send takes as much longer.
AT_ONCE = 0.2
TIMES_MEASURED = 3

BAD = {
    "one cell at the far corner": (files.one_cell_at_the_far_corner, "There is no text"),
    "a row beyond all rows": (lambda: files.row_at("99999999999999"), "There is no text"),
    "a column beyond all columns": (lambda: files.row_at("1", "ZZZZZZ"), "damaged"),
    "a row of no number": (lambda: files.row_at("x"), "damaged"),
    "a zip bomb": (files.zip_bomb, "holds too much"),
    "a zip bomb that says it is small": (files.zip_bomb_that_says_it_is_small, "damaged"),
    "a thousand parts": (lambda: files.many_parts(1_000), "holds too much"),
    "twenty thousand parts": (lambda: files.many_parts(20_000), "holds too much"),
    "sixty thousand sheets": (lambda: files.many_sheets(60_000), "holds too much"),
    "a formula that is translated for hours": (files.formulas_to_translate, "holds too much"),
    "rows without a cell": (lambda: files.in_sheet("<row/>" * 500_000), "holds too much"),
    "one row of 900,000 cells": (lambda: files.in_sheet(f"<row>{'<c/>' * 900_000}</row>"), "holds too much"),
    "200,000 formulas": (lambda: files.in_sheet(f"<row>{'<c><f/></c>' * 200_000}</row>"), "holds too much"),
    "100,000 numbers": (lambda: files.in_sheet(f"<row>{'<c><v>1</v></c>' * 100_000}</row>"), "holds too much"),
    "50,000 days": (
        lambda: files.in_sheet("<row>" + '<c t="d"><v>2026-11-16</v></c>' * 50_000 + "</row>"),
        "holds too much",
    ),
    "100,000 merged cells": (
        lambda: files.in_sheet("</sheetData><mergeCells>" + '<mergeCell ref="A1:B1"/>' * 100_000 + "</mergeCells>"),
        "holds too much",
    ),
    "300,000 attributes of a row": (lambda: files.one_tag_of(300_000), "holds too much"),
    "a namespace of 20,000 characters for 40,000 elements": (
        lambda: files.in_namespace_of(20_000, elements=40_000, attributes=1),
        "holds too much",
    ),
    "a namespace of 90,000 characters for 20,000 attributes": (
        lambda: files.in_namespace_of(90_000, elements=200, attributes=100),
        "holds too much",
    ),
    "a namespace of 120 characters for 350,000 attributes": (
        lambda: files.in_namespace_of(120, elements=700, attributes=500),
        "holds too much",
    ),
    "a default namespace of 20,000 characters": (
        lambda: files.in_sheet(f'<row xmlns="{"u" * 20_000}">{"<c/>" * 40_000}</row>'),
        "holds too much",
    ),
    "70,000 texts in a row": (lambda: files.in_sheet(f"<row>{'<t/>' * 70_000}</row>"), "holds too much"),
    "90,000 values in one cell": (
        lambda: files.in_sheet(f"<row><c t='str'>{'<v/>' * 90_000}</c></row>"),
        "holds too much",
    ),
    "90,000 texts in one cell": (
        lambda: files.in_sheet(f'<row><c t="inlineStr"><is>{"<t/>" * 90_000}</is></c></row>'),
        "holds too much",
    ),
    "attributes that multiply": (files.attributes_that_multiply, "damaged"),
    "400,000 fonts": (lambda: files.in_styles("fonts", "<font/>", 400_000), "holds too much"),
    "70,000 styles of cells": (
        lambda: files.in_styles("cellXfs", '<xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>', 70_000),
        "holds too much",
    ),
    "open brackets in a number format of 1,000 styles": (
        lambda: files.with_number_format("[" * 5_000, cell_formats=1_000),
        None,
    ),
    "open brackets in a number format of 5,500 styles": (
        lambda: files.with_number_format("[" * 1_000, cell_formats=5_500),
        None,
    ),
    "90,000 open brackets in a number format": (
        lambda: files.with_number_format("[" * 90_000, cell_formats=1),
        None,
    ),
    "brackets that close in another section of a number format": (
        lambda: files.with_number_format("[" * 250 + ";]", cell_formats=5_000),
        None,
    ),
    "open brackets in 4,500 number formats": (
        lambda: files.with_number_format("[" * 250, cell_formats=4_500, number_formats=4_500),
        "holds too much",
    ),
    "quotation marks in 4,500 number formats": (
        lambda: files.with_number_format('"' * 250, cell_formats=4_500, number_formats=4_500),
        "holds too much",
    ),
    "200,000 shared texts": (lambda: files.in_shared_texts("<si><t>a</t></si>", 200_000), "holds too much"),
    "four sheets of one row far below": (files.rows_far_below, "There is no text"),
    "two sheets of one part": (lambda: files.many_sheets(2), "holds too much"),
    "a print area of 30,000 ranges": (lambda: files.print_area_of(30_000), None),
    "cells that never end": (lambda: files.in_sheet("<row>" + "<c>" * 500_000), "holds too much"),
    "entities that multiply": (files.billion_laughs, "damaged"),
    "macros": (lambda: files.with_parts({"xl/vbaProject.bin": b"x"}), "holds macros"),
    "a workbook with a password": (files.encrypted, "protected by a password"),
    "an old workbook": (files.old_excel, "old kind (.xls)"),
    "a program": (files.program, "no Excel, Word or CSV file"),
    "a web page": (lambda: b"<html><table>", "no Excel, Word or CSV file"),
    "another ZIP file": (files.another_zip, "no Excel workbook"),
    "half a workbook": (lambda: xlsx(people(50))[:3_000], "damaged"),
    "only the first bytes of one": (lambda: b"PK\x03\x04", "damaged"),
    "no workbook inside": (lambda: files.with_parts({"xl/workbook.xml": b"<a/>"}), "damaged"),
    "100,000 rows as a workbook": (lambda: xlsx([HEADINGS] + [("a", "b")] * 100_000), "holds too much"),
    "2,000 rows as a workbook": (lambda: xlsx(people(2_000)), f"more than {MAX_ROWS:} rows"),
    "100,000 rows as CSV": (lambda: csv_file([person(1)] * 100_000)[:MAX_BYTES], f"more than {MAX_ROWS} rows"),
    "500 columns as a workbook": (lambda: xlsx([["a"] * 500]), f"more than {MAX_COLUMNS} columns"),
    "500 columns as CSV": (lambda: csv_file([["a"] * 500]), f"more than {MAX_COLUMNS} columns"),
    "a column far right": (lambda: xlsx([[*HEADINGS, *[None] * 60, "x"]]), None),
    "too much text": (lambda: csv_file([["a" * 100_000] * 7]), "too much text"),
    "one cell of 4 MB": (lambda: csv_file([["a" * 4_000_000]]), "too much text|cannot be read"),
    "more bytes than are read": (lambda: b"a" * (MAX_BYTES + 1), "larger than 5 MB"),
    "an empty file": (lambda: b"", "There is no text"),
    "an empty workbook": (lambda: xlsx([]), "There is no text"),
    "blank cells": (lambda: csv_file([["", " "], ["\t"]]), "There is no text"),
    "NUL bytes": (lambda: csv_file([HEADINGS, ("Ana\x00", "ana@example.org")]), "characters that no text has"),
    "UTF-16 without a mark": (lambda: csv_file(people(1), encoding="utf-16-le"), "characters that no text has"),
    "mixed encodings": (
        lambda: csv_file(people(1)) + csv_file([("María Ñ", "m@example.org")], encoding="cp1252"),
        "Line 3 is written in another encoding",
    ),
    "UTF-8 that breaks off": (lambda: b"\xef\xbb\xbfNombre\n\xff\xfe", "Line 2 is written in another encoding"),
    "bytes of no encoding": (lambda: b"Nombre;Correo\n\x81\x8d\n", "Line 2 is written in another encoding"),
    "a quote that never ends": (lambda: b'Nombre,Correo\n"Ana,ana@example.org\n', None),
}


@pytest.fixture(scope="module")
def at_once() -> float:
    """AT_ONCE, or what the largest file that people send takes here, where that is longer."""
    rows = [tuple(f"Texto {number}-{column}" for column in range(20)) for number in range(500)]
    data = xlsx(rows)
    return max(AT_ONCE, min(_seconds_to_read(data) for _ in range(TIMES_MEASURED)))


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_quickly_with_the_reason(name, at_once) -> None:
    make, said = BAD[name]
    data = make()

    if said is None:
        read_file(data)
    else:
        with pytest.raises(UnreadableTable, match=said.replace("(", r"\(").replace(")", r"\)")):
            read_file(data)

    # Other processes slow one reading, not all: the first quick one is enough.
    assert any(_seconds_to_read(data) < at_once for _ in range(TIMES_MEASURED))


def test_the_log_says_where_a_workbook_could_not_be_read(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(UnreadableTable, match="damaged"):
        read_file(files.with_parts({"xl/workbook.xml": b"<a/>"}))

    (logged,) = warnings_in(caplog)
    assert (logged["event"], "in read_workbook\n" in str(logged["exception"])) == ("workbook_not_read", True)


def _seconds_to_read(data: bytes) -> float:
    begun = time.process_time()
    with suppress(UnreadableTable):
        read_file(data)
    return time.process_time() - begun


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("yyyy-mm-dd", "2026-11-16"),
        ("[$-409]d/m/yy;@", "2026-11-16"),
        ("[[$-409]d/m/yy", "2026-11-16"),
        ("d/m/yy[", "2026-11-16"),
        ("[h]:mm", "46342 days, 0:00:00"),
        ("0.00", "46342"),
        ("[Red]0;dd", "46342"),
        ('"days" 0', "46342"),
        ("[$USD] 0", "46342"),
    ],
)
def test_the_number_format_tells_a_day_from_a_number(code, text) -> None:
    workbook = Workbook()
    workbook.active["A1"] = 46_342
    workbook.active["A1"].number_format = code

    assert read_file(saved(workbook)).rows == ((text,),)


def test_what_excel_adds_to_a_number_format_leaves_the_file_readable() -> None:
    workbook = Workbook()
    workbook.active["A1"] = date(2026, 11, 16)
    content = saved(workbook)
    styles = zipfile.ZipFile(io.BytesIO(content)).read("xl/styles.xml")
    revision = b'xmlns:x16r2="http://schemas.microsoft.com/office/spreadsheetml/2015/02/main"'
    styles = styles.replace(b"<styleSheet", b"<styleSheet " + revision)
    styles = styles.replace(b"<numFmt ", b'<numFmt x16r2:formatCode16="yyyy\\-mm" ')

    assert read_file(files.with_parts({"xl/styles.xml": styles}, content=content)).rows == (("2026-11-16",),)


@pytest.mark.parametrize("program", ["Excel", "LibreOffice", "Google Sheets"])
def test_500_rows_of_20_columns_with_thousands_of_styles_are_read_whichever_program_wrote_them(program) -> None:
    rows = [tuple(f"Texto {number}-{column}" for column in range(20)) for number in range(500)]

    assert read_file(files.as_written_by(program, rows)).rows == tuple(rows)


def test_the_people_are_found_behind_a_cover_sheet() -> None:
    workbook = Workbook()
    workbook.active.append(["Designaciones", "Country HN"])
    for title, state in (("Vacía", "visible"), ("Oculta", "hidden"), ("Lista", "visible"), ("Otra", "visible")):
        sheet = workbook.create_sheet(title)
        sheet.sheet_state = state
        for cells in [] if title == "Vacía" else [HEADINGS, (title, *person(1)[1:])]:
            sheet.append(cells)

    table = read_file(saved(workbook))

    assert (table.sheet, table.rows[1][0]) == ("Lista", "Lista")


def test_a_text_that_is_merged_over_rows_stands_in_each_of_them() -> None:
    workbook = Workbook()
    for cells in (HEADINGS, *people(4)[1:]):
        workbook.active.append(cells)
    workbook.active.merge_cells("C2:D4")

    rows = read_file(saved(workbook)).rows

    assert [row[2:] for row in rows[1:]] == [("Instituto de ejemplo",)] * 3 + [("Instituto de ejemplo", "Prosecutors")]


def test_merged_cells_a_picture_a_filter_and_hidden_rows_change_nothing() -> None:
    workbook = Workbook()
    sheet = workbook.active
    for cells in (["Delegación"], HEADINGS, *people(3)[1:]):
        sheet.append(cells)
    sheet.merge_cells("A1:D1")
    sheet.auto_filter.ref = "A2:D5"
    sheet.row_dimensions[4].hidden = True
    content = files.with_parts({"xl/media/image1.png": b"\x89PNG" + b"x" * 5_000}, content=saved(workbook))

    assert read_file(content).rows == (("Delegación",), *people(3))


def test_a_picture_beside_the_people_costs_nothing() -> None:
    picture = b"\x89PNG\r\n<c/>" + b"<c/>" * 200_000

    assert len(read_file(files.with_parts({"xl/media/image1.png": picture})).rows) == 3


def test_workbooks_are_parsed_by_what_refuses_entities() -> None:
    assert DEFUSEDXML


def test_error_messages_are_in_the_readers_language() -> None:
    with override("es"), pytest.raises(UnreadableTable) as raised:
        read_file(files.encrypted())

    assert raised.value.message


# Texts in which every reader must find the same cells: no character that XML cannot hold, no line break that one of
# the formats turns into another.
cells = st.text(
    st.characters(codec="cp1252", exclude_categories=("Cc", "Cs"), exclude_characters="\xad"), max_size=12
).map(str.strip)
written_tables = st.lists(st.lists(cells, min_size=2, max_size=5), min_size=1, max_size=6)


@settings(deadline=None, max_examples=60)
@given(
    rows=written_tables,
    delimiter=st.sampled_from(",;\t"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]),
)
def test_a_table_reads_back_the_same_from_every_encoding_and_with_every_delimiter(rows, delimiter, encoding) -> None:
    table = Table(tuple(make_table([HEADINGS, *rows]).rows))
    written = csv_file(table.rows, delimiter=delimiter, encoding=encoding)
    # Told apart by its bytes, and by what people write: not a "Ã" before a sign.
    assume(encoding != "cp1252" or not _reads_as_utf8(written))

    assert read_file(written) == table


def _reads_as_utf8(data: bytes) -> bool:
    return re.search(rb"[\xc2-\xf4][\x80-\xbf]", data) is not None


@settings(deadline=None, max_examples=60)
@given(rows=written_tables)
def test_a_table_reads_back_the_same_from_a_workbook(rows) -> None:
    table = make_table([HEADINGS, *rows])
    workbook = Workbook()
    for number, row in enumerate(table.rows, start=1):
        for column, text in enumerate(row, start=1):
            if text:
                workbook.active.cell(number, column, text).data_type = "s"

    assert read_file(saved(workbook)) == table


@settings(deadline=None)
@given(rows=st.lists(st.lists(hostile_texts, min_size=1, max_size=4), min_size=1, max_size=4))
def test_the_text_form_of_a_table_reads_back_the_same(rows) -> None:
    table = make_table([HEADINGS, *([cell.replace("\x00", "") for cell in row] for row in rows)])

    assert read_text(table_to_text(table)) == table


@settings(deadline=None)
@given(data=st.binary(max_size=300) | hostile_texts.map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_whatever_bytes_are_sent_a_table_or_words_come_back(data) -> None:
    for sent in (data, b"PK\x03\x04" + data, files.OLE + data):
        with suppress(UnreadableTable):
            assert read_file(sent).rows


@pytest.mark.parametrize(
    "name", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml", "[Content_Types].xml"]
)
@given(data=st.binary(max_size=200))
@settings(deadline=None, max_examples=30)
def test_whatever_a_part_of_a_workbook_holds_a_table_or_words_come_back(name, data) -> None:
    with suppress(UnreadableTable):
        assert read_file(files.with_parts({name: data})).rows


def test_quotes_that_do_not_pair_up_are_part_of_the_text() -> None:
    table = read_text('Nombre\tCorreo\nAna "Anita" Ejemplo\tana@example.org\n"Pepe" Muestra\tpepe@example.org\n')

    assert table.rows[1:] == (('Ana "Anita" Ejemplo', "ana@example.org"), ('"Pepe" Muestra', "pepe@example.org"))


def test_rows_copied_from_a_spreadsheet_may_have_more_semicolons_than_tabs() -> None:
    assert read_text("9:00\tApertura\tAna; Luis; Rosa; Eva").rows == (("9:00", "Apertura", "Ana; Luis; Rosa; Eva"),)


def test_a_csv_file_can_declare_its_delimiter() -> None:
    assert read_file(b"sep=;\r\nNombre;Correo, o ambos\r\n").rows == (("Nombre", "Correo, o ambos"),)


def test_cells_of_a_workbook_are_read_as_a_person_would_type_them() -> None:
    row = [
        50412345678,
        2.0,
        2.5,
        True,
        date(2026, 11, 16),
        datetime.fromisoformat("2026-11-16T09:30"),
        None,
        "=1+1",
        "x",
    ]

    (texts,) = read_file(xlsx([row])).rows

    assert texts == ("50412345678", "2", "2.5", "True", "2026-11-16", "2026-11-16T09:30:00", "", "=", "x")


def test_a_formula_over_several_cells_is_read_as_a_formula() -> None:
    workbook = Workbook()
    workbook.active["A1"] = ArrayFormula("A1:A2", "=B1:B2")

    assert read_file(saved(workbook)).rows == (("=",),)


def test_blank_rows_between_people_keep_their_numbers_and_those_below_do_not_count() -> None:
    rows = [HEADINGS, [], person(1), *[[None]] * 3_000]

    assert read_file(xlsx(rows)).rows == (HEADINGS, (), person(1))


def test_the_first_sheet_that_can_be_seen_is_read() -> None:
    workbook = Workbook()
    workbook.active["A1"] = "hidden"
    workbook.active.sheet_state = "hidden"
    workbook.create_sheet("second")["A1"] = "seen"
    workbook.create_sheet("third")["A1"] = "later"

    assert read_file(saved(workbook)).rows == (("seen",),)
