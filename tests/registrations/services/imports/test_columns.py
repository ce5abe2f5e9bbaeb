import pytest
from django.utils.translation import override

from registrations.services.imports.columns import (
    LABELS,
    fields_of,
    find_layout,
    layout_problems,
    required_fields_of,
    unused_headings,
)
from registrations.services.imports.people import people_from_table, people_to_table
from registrations.services.imports.tables import make_table
from tests.factories import make_country, make_delegation, make_organisation, make_webinar
from tests.registrations.services.imports.stories import people_in, row


def layout_of(delegation, *rows):
    return find_layout(make_table(rows), fields=fields_of(delegation))


@pytest.mark.parametrize(
    ("headings", "columns"),
    [
        (["NOMBRE COMPLETO", "Correo electrónico *", "Institución (obligatorio)"], ("name", "email", "institution")),
        (["Nombres", "Apellidos", "E-mail"], ("name", "surname", "email")),
        (["full  name", "e-mail address", "Organisation"], ("name", "email", "institution")),
        (["Perfil", "Cargo", "Idioma", "Zona horaria"], ("profile", "position", "language", "timezone")),
        (["Teléfono", "Necesidades", "Grupo de trabajo"], ("phone", "needs", "is_working_group_member")),
        (["N.º", "Nombre", "Observaciones"], ("", "name", "")),
        (["Puesto", "Correo institucional", "Dependencia"], ("position", "email", "institution")),
        (["Cargo que desempeña", "Celular/WhatsApp", "Sexo"], ("position", "phone", "")),
        (["Nombre del funcionario", "Nombre de la institución", "Género"], ("name", "institution", "")),
        (["Correo de la institución", "Teléfono de oficina", "Perfil solicitado"], ("email", "phone", "profile")),
        (["Institución", "Dependencia", "Cargo", "Puesto"], ("institution", "", "position", "")),
        (["Teléfono", "Celular/WhatsApp", "Correo", "Correo alterno"], ("phone", "", "email", "")),
        (["Apellidos y nombres", "Fecha de nacimiento", "Pasaporte"], ("name", "", "")),
        (["Name of Official", "Ministry/Agency", "Contact No."], ("name", "institution", "phone")),
        (["Nombre Cargo Institución Correo"], ("",)),
        (["Primer nombre", "Segundo nombre", "Primer apellido"], ("name", "surname", "surname")),
    ],
)
def test_headings_are_known_in_both_languages_however_they_are_written(delegation, headings, columns) -> None:
    assert layout_of(delegation, headings).columns == columns


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_label_of_either_language_is_known_again(delegation, language) -> None:
    with override(language):
        headings = [str(label) for label in LABELS.values()]

    assert layout_of(delegation, headings).columns == tuple(LABELS)


def test_titles_above_the_headings_are_passed_over(delegation) -> None:
    layout = layout_of(
        delegation, ["Delegation of an example country"], [], ["Nombre", "Correo"], ["Ana", "a@example.org"]
    )

    assert layout.headings_index == 2


def test_a_table_without_headings_begins_with_a_person_and_has_no_known_column(delegation) -> None:
    layout = layout_of(delegation, ["Ana Ejemplo", "ana@example.org"], ["Luis Muestra", "luis@example.org"])

    assert (layout.columns, layout.headings_index) == (("", ""), None)


def test_missing_and_duplicate_columns_are_reported(delegation) -> None:
    layout = layout_of(delegation, ["Nombre", "Correo", "E-mail", "Perfil"])

    assert layout_problems(layout, needed=required_fields_of(delegation)) == [
        "More than one column is headed “E-mail address”.",
        "No column is known as “Institution”.",
    ]


def test_a_zone_is_needed_where_the_country_has_several_and_a_profile_of_countries_alone(db) -> None:
    webinar = make_webinar()
    several = make_delegation(webinar, make_country("MX", timezones=["America/Mexico_City", "America/Tijuana"]))
    organisation = make_delegation(webinar, make_organisation(timezones=["America/Panama"]))

    assert required_fields_of(several) == ("name", "email", "institution", "profile", "timezone")
    assert required_fields_of(organisation) == ("name", "email", "institution")


def test_columns_that_are_not_read_are_named(delegation) -> None:
    table = make_table([["Nombre", "Pasaporte", "Correo"]])

    assert unused_headings(table, find_layout(table, fields=fields_of(delegation))) == ["Pasaporte"]


def test_a_surname_is_joined_to_the_name(delegation) -> None:
    (person,) = people_in(delegation, [["Ana", "Ejemplo Núñez"]], ["Nombre", "Apellidos"])

    assert person.text("name") == "Ana Ejemplo Núñez"


def test_several_names_and_surnames_are_joined_to_one(delegation) -> None:
    headings = ["Primer nombre", "Segundo nombre", "Primer apellido", "Segundo apellido"]

    people = people_in(delegation, [["Ana", "María", "Ejemplo", "Núñez"], ["Luis", "", "Muestra"]], headings)

    assert [person.text("name") for person in people] == ["Ana María Ejemplo Núñez", "Luis Muestra"]


@pytest.mark.parametrize("cell", ["Institución de ejemplo", "Nombre de muestra", "Fiscal"])
def test_a_row_with_an_address_is_never_a_row_of_headings(delegation, cell) -> None:
    layout = layout_of(delegation, [cell, "ana@example.org"], ["Luis Muestra", "luis@example.org"])

    assert layout.first_row_index == 0


def test_rows_with_only_prefilled_values_are_ignored(delegation) -> None:
    people = people_in(delegation, [row(1), ["", "", "", "", "", "es", "Tegucigalpa"], [], row(2)])

    assert [person.row for person in people] == [2, 5]


@pytest.mark.parametrize("language", ["en", "es"])
def test_people_written_as_a_table_are_the_same_people(delegation, language) -> None:
    people = people_in(delegation, [row(1, phone="+504 0000"), row(2)])

    with override(language):
        table = people_to_table(people, delegation)

    again = people_from_table(table, find_layout(table, fields=fields_of(delegation)))
    before, after = ([[one.text(field) for field in LABELS] for one in each] for each in (people, again))
    assert after == before
