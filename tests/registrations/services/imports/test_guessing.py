import pytest

from registrations.services.imports.columns import fields_of, find_layout
from registrations.services.imports.guessing import guess_columns
from registrations.services.imports.tables import make_table

CARLA = ("Carla Prueba", "carla@example.org", "Fiscalía de muestra", "Fiscal auxiliar", "+504 5550-0100")
IVAN = ("Iván Ejemplo de la Cruz", "ivan@example.org", "Dirección de Migración", "Agente", "55500101")


def guessed(delegation, *rows):
    table = make_table(rows)
    layout = find_layout(table, fields=fields_of(delegation))
    return guess_columns(table, layout, fields=fields_of(delegation))


def test_addresses_names_and_telephones_are_guessed_from_the_texts(delegation) -> None:
    assert guessed(delegation, CARLA, IVAN) == ("name", "email", "institution", "profile", "phone")


def test_the_order_of_columns_numbers_and_titles_do_not_matter(delegation) -> None:
    rows = [(str(number), *reversed(person)) for number, person in enumerate([CARLA, IVAN], start=1)]

    columns = guessed(delegation, ["Lista de personas"], [], *rows)

    assert columns == ("", "phone", "profile", "institution", "email", "name")


@pytest.mark.parametrize("text", ["1980-05-01", "01/05/1980", "0801-1990-123456789", "12", ""])
def test_dates_and_numbers_of_documents_are_no_telephones(delegation, text) -> None:
    assert guessed(delegation, ("Ana Ejemplo", "ana@example.org", text))[2:] in {(), ("",)}


def test_a_column_with_a_known_heading_keeps_its_field(delegation) -> None:
    rows = [("Quién", "Dónde", "Institución"), CARLA[:3], IVAN[:3]]

    assert guessed(delegation, *rows) == ("name", "email", "institution")


def test_texts_that_say_nothing_are_not_guessed(delegation) -> None:
    assert guessed(delegation, ("x1", "ana@example.org", "y2"), ("x3", "luis@example.org", "y4")) == ("", "email", "")
