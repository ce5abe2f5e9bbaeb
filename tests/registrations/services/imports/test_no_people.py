import pytest

from registrations.services.imports.columns import fields_of, find_layout
from registrations.services.imports.no_people import rows_without_a_person
from registrations.services.imports.tables import make_table

HEADINGS = ("N.º", "Nombre", "Correo", "Institución")


def left_out(delegation, *rows):
    table = make_table([HEADINGS, *rows])
    return rows_without_a_person(table, find_layout(table, fields=fields_of(delegation)))


@pytest.mark.parametrize(
    "row",
    [
        ("Elaborado por: Lic. Ana Muestra",),
        ("", "ELABORADO POR Ana Muestra", "ana@example.org"),
        ("Firma y sello",),
        ("", "Firma:", "", "Sello:"),
        ("", "Total", "8"),
        ("TOTAL DE PERSONAS: 8",),
        ("", "Nota: las personas se comunicarán por correo"),
        ("* Se adjunta la carta de designación de cada una de las personas",),
        ("Observaciones:",),
        ("Saludos cordiales,",),
        ("", "MIGRACIÓN"),
        ("Policía Nacional de ejemplo",),
        ("Prepared by Ana Muestra",),
        ("Vo. Bo. Dirección",),
        ("", "", "8"),
        HEADINGS,
    ],
)
def test_totals_signatures_notes_and_repeated_headings_are_about_nobody(delegation, row) -> None:
    assert left_out(delegation, row) == {2}


@pytest.mark.parametrize(
    "row",
    [
        ("1", "Ana Muestra", "ana@example.org", "X"),
        ("2", "Nota Firmas Total", "nota@example.org", "X"),
        ("3", "Notaria Muestra", "", "X"),
        ("4", "Ana Muestra", "", ""),
        ("", "María de los Ángeles Muestra Núñez"),
        ("5", "Ana", "ana@example.org", "Dirección general de ejemplos y muestras de una región muy larga"),
        (),
    ],
)
def test_a_person_is_never_left_out_even_without_an_address(delegation, row) -> None:
    assert left_out(delegation, row, ("9", "Eva Ejemplo", "eva@example.org", "X")) == frozenset()
