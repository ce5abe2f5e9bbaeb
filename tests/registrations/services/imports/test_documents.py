import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registrations.exceptions import UnreadableTable
from registrations.services.imports.reading import read_file
from registrations.services.imports.tables import MAX_ROWS
from tests.registrations.services.imports.documents import W, docx, paragraph, row, run, table
from tests.registrations.services.imports.files import OLE, encrypted, with_parts

HEADINGS = ("Nombre", "Correo")
ANA, LUIS = ("Ana Ejemplo", "ana@example.org"), ("Luis Muestra", "luis@example.org")
AT_ONCE = 0.2


def rows_of(body: str) -> tuple[tuple[str, ...], ...]:
    return read_file(docx(body)).rows


def test_a_table_is_read_and_the_text_around_it_is_not() -> None:
    body = paragraph("Delegation of an example country") + table(HEADINGS, ANA, LUIS) + paragraph("Elaborado por: Eva")

    assert rows_of(body) == (HEADINGS, ANA, LUIS)


def test_runs_and_lines_of_a_cell_are_one_text() -> None:
    name = f"<w:p>{run('An')}{run('a')}<w:r><w:br/></w:r>{run('Ejemplo ')}</w:p><w:p>{run('Núñez')}</w:p>"

    assert rows_of(table((name, "ana@example.org"))) == (("Ana Ejemplo Núñez", "ana@example.org"),)


def test_tracked_changes_are_read_as_accepted() -> None:
    name = (
        f"<w:p>{run('Ana ')}<w:del><w:r><w:delText>Vieja</w:delText></w:r></w:del><w:ins>{run('Nueva')}</w:ins>"
        f"<w:moveFrom>{run('Movida')}</w:moveFrom></w:p>"
    )
    deleted = row(LUIS, "<w:trPr><w:del/></w:trPr>")

    assert rows_of(f"<w:tbl>{row((name, 'ana@example.org'))}{deleted}</w:tbl>") == (("Ana Nueva", "ana@example.org"),)


def test_a_table_inside_a_cell_is_a_table_of_its_own() -> None:
    layout = table((paragraph("Título") + table(HEADINGS, ANA, LUIS), "Sello"))

    assert rows_of(layout) == (HEADINGS, ANA, LUIS)


def test_tables_of_the_same_width_are_read_as_one() -> None:
    other = table(("Fecha", "Lugar"), ("1 de diciembre", "Tegucigalpa"))

    assert rows_of(other + table(HEADINGS, ANA) + paragraph("") + table(HEADINGS, LUIS)) == (
        HEADINGS,
        ANA,
        HEADINGS,
        LUIS,
    )


def test_merged_cells_keep_the_columns_and_repeat_the_text_above() -> None:
    title = '<w:tcPr><w:gridSpan w:val="3"/></w:tcPr>' + paragraph("Delegación")
    first, again = '<w:tcPr><w:vMerge w:val="restart"/></w:tcPr>', "<w:tcPr><w:vMerge/></w:tcPr><w:p/>"
    body = table((title, "X"), (*ANA, first + paragraph("Fiscalía"), "1"), (*LUIS, again, "2"))

    assert rows_of(body) == (("Delegación", "", "", "X"), (*ANA, "Fiscalía", "1"), (*LUIS, "Fiscalía", "2"))


def test_a_text_box_is_not_read_twice() -> None:
    drawn = f"<w:p>{run('Ana')}<w:r><w:drawing>{run('Drawn')}</w:drawing><w:pict>{run('Again')}</w:pict></w:r></w:p>"

    assert rows_of(table((drawn, "ana@example.org"))) == (("Ana", "ana@example.org"),)


def test_as_many_rows_as_a_table_may_hold_are_read() -> None:
    people = [(f"Persona {number}", f"p{number}@example.org", "Instituto", "Fiscal") for number in range(MAX_ROWS)]

    assert len(rows_of(table(*people))) == MAX_ROWS


BAD = {
    "no table": (lambda: docx(paragraph("Ana, ana@example.org")), "holds no table"),
    "an empty table": (lambda: docx(table(("", ""))), "There is no text"),
    "1,001 rows": (lambda: docx(table(*[ANA] * (MAX_ROWS + 1))), f"more than {MAX_ROWS} rows"),
    "macros": (lambda: docx(table(ANA), parts={"word/vbaProject.bin": "x"}), "holds macros"),
    "500 columns": (lambda: docx(table(["a"] * 500)), "columns"),
    "a cell over 9,999 columns": (
        lambda: docx(table(('<w:tcPr><w:gridSpan w:val="9999"/></w:tcPr>' + paragraph("a"), *ANA))),
        "columns",
    ),
    "10,000 cells over 50 columns": (
        lambda: docx(table(['<w:tcPr><w:gridSpan w:val="50"/></w:tcPr>'] * 10_000)),
        "There is no text|columns",
    ),
    "700,000 elements": (lambda: docx("<w:p/>" * 700_000), "holds too much"),
    "700,000 cells": (lambda: docx(f"<w:tbl><w:tr>{'<w:tc/>' * 700_000}</w:tr></w:tbl>"), "holds too much"),
    "tables 10,000 deep": (lambda: docx("<w:tbl><w:tr><w:tc>" * 10_000), "holds too much"),
    "a tag of 300,000 attributes": (
        lambda: docx("<w:p " + " ".join(f'a{number}=""' for number in range(300_000)) + "/>"),
        "holds too much",
    ),
    "a comment of 5 MB": (lambda: docx(f"<!--{'x' * 5_000_000}-->"), "holds too much"),
    "9 MB of text in a cell": (lambda: docx(table((run("x" * 9_000_000),))), "too much text"),
    "entities that multiply": (
        lambda: docx(
            "", parts={"word/document.xml": f'<!DOCTYPE x [<!ENTITY a "ha">]><w:document {W}>&a;</w:document>'}
        ),
        "damaged",
    ),
    "11 MB of a picture": (lambda: docx(table(ANA), parts={"word/media/a.png": "x" * 11_000_000}), "holds too much"),
    "an end that is missing": (lambda: docx("<w:tbl>"), "damaged"),
    "an unknown encoding": (
        lambda: docx("", parts={"word/document.xml": '<?xml version="1.0" encoding="utf-7"?><a/>'}),
        "damaged",
    ),
    "half a document": (lambda: docx(table(*[ANA] * 50))[:400], "damaged"),
    "a workbook that says it is a document": (lambda: with_parts({"word/document.xml": b"<a/>"}), "holds no table"),
    "a password": (encrypted, "protected by a password"),
    "an old document": (lambda: OLE + "WordDocument".encode("utf-16-le"), "old kind (.doc)"),
}


@pytest.fixture(scope="module")
def at_once() -> float:
    """AT_ONCE, or more on a slow machine: three times what 1,000 people take."""
    rows = [tuple(f"Texto {number}-{column}" for column in range(8)) for number in range(MAX_ROWS)]
    return max(AT_ONCE, 3 * _seconds_to_read(docx(table(*rows))))


@pytest.mark.parametrize("name", BAD)
def test_a_bad_document_is_refused_quickly_with_the_reason(name, at_once) -> None:
    make, said = BAD[name]
    data = make()

    with pytest.raises(UnreadableTable, match=said.replace("(", r"\(").replace(")", r"\)")):
        read_file(data)

    assert _seconds_to_read(data) < at_once


def _seconds_to_read(data: bytes) -> float:
    taken = []
    for _time in range(3):
        begun = time.process_time()
        with suppress(UnreadableTable):
            read_file(data)
        taken.append(time.process_time() - begun)
    return min(taken)


@given(
    data=st.text(max_size=200) | st.lists(st.sampled_from(["<w:tbl>", "<w:tr>", "<w:tc>", "</w:tc>", "x"])).map("".join)
)
@settings(deadline=None, max_examples=60)
def test_whatever_the_main_part_holds_a_table_or_words_come_back(data) -> None:
    with suppress(UnreadableTable):
        assert read_file(docx(data)).rows
