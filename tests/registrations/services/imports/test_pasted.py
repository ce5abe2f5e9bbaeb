import time
from contextlib import suppress

import pytest
from hypothesis import given, settings

from registrations.exceptions import UnreadableTable
from registrations.services.imports.csv_text import read_text
from registrations.services.imports.pasted import read_pasted
from tests.hostile_text import hostile_texts

ANA = ("Ana Ejemplo", "ana@example.org", "Fiscalía de muestra", "Fiscal")
LUIS = ("Muestra, Luis", "luis@example.org", "Dirección de Migración", "Agente")
HEADINGS = ("Nombre", "Correo", "Institución", "Cargo")


@pytest.mark.parametrize("delimiter", ["\t", ";"])
def test_rows_with_delimiters_are_split_at_them(delimiter) -> None:
    text = "\n".join(delimiter.join(row) for row in (HEADINGS, ANA, LUIS))

    assert read_pasted(text).rows == (HEADINGS, ANA, LUIS)


def test_lines_of_a_pdf_are_split_at_gaps() -> None:
    text = "Lista de personas\n\n" + "\n".join("   ".join(row) for row in (HEADINGS, ANA, LUIS))

    assert read_pasted(text).rows == (("Lista de personas",), (), HEADINGS, ANA, LUIS)


@pytest.mark.parametrize(
    "line",
    [
        "Ana Ejemplo ana@example.org Fiscalía de muestra, Fiscal",
        "1. Ana Ejemplo <ana@example.org>, Fiscalía de muestra, Fiscal",
        "- Ana Ejemplo (ana@example.org) Fiscalía de muestra - Fiscal",
        "• Ana Ejemplo: ana@example.org | Fiscalía de muestra | Fiscal",
    ],
)
def test_lines_of_a_mail_are_split_around_the_address(line) -> None:
    assert read_pasted(line).rows == (ANA,)


def test_numbers_before_lines_with_commas_are_not_part_of_the_name() -> None:
    assert read_pasted("1) Ana Ejemplo,Fiscal,ana@example.org\n2) Luis,Agente,luis@example.org").rows == (
        ("Ana Ejemplo", "Fiscal", "ana@example.org"),
        ("Luis", "Agente", "luis@example.org"),
    )


def test_cells_copied_one_on_each_line_are_rows_again() -> None:
    text = "\n".join(["Lista de personas", *HEADINGS, *ANA, *LUIS])

    assert read_pasted(text).rows == (("Lista de personas",), HEADINGS, ANA, LUIS)


def test_a_title_with_a_comma_does_not_choose_the_delimiter() -> None:
    text = "Tegucigalpa, 1 de diciembre\nNombre;Correo;Cargo\nMuestra, Luis;luis@example.org;Agente"

    assert read_text(text).rows[1:] == (("Nombre", "Correo", "Cargo"), ("Muestra, Luis", "luis@example.org", "Agente"))


@settings(deadline=None)
@given(text=hostile_texts)
def test_whatever_is_pasted_a_table_or_words_come_back(text) -> None:
    for pasted in (text, text + " a@b.c", f"{text}\na@b.c\n{text}"):
        with suppress(UnreadableTable):
            assert read_pasted(pasted).rows


@pytest.mark.parametrize(
    "text", ["a@" * 2_500, " " * 5_000 + "@", "a" * 5_000 + "@b", "@ \n" * 1_600, "1 " * 2_500 + "@a"]
)
def test_a_hostile_text_of_5_kb_is_read_at_once(text) -> None:
    begun = time.process_time()
    with suppress(UnreadableTable):
        read_pasted(text)

    assert time.process_time() - begun < 0.2
