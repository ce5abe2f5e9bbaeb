import io

import pytest
from django.utils.translation import override
from openpyxl import load_workbook

from registrations.queries import seats_of
from registrations.services.imports.checking import check_import
from registrations.services.imports.columns import fields_of, find_layout, layout_problems, needed_of
from registrations.services.imports.people import people_of
from registrations.services.imports.reading import read_file
from registrations.services.imports.template import build_template
from tests.factories import make_country, make_delegation, make_organisation, make_profiles, make_quotas, make_webinar
from tests.registrations.services.imports.files import saved

LANGUAGES = pytest.mark.parametrize("language", ["en", "es"])


def template_of(delegation, language):
    with override(language):
        return load_workbook(io.BytesIO(build_template(delegation, seats_of(delegation))))


@LANGUAGES
def test_a_template_without_a_change_holds_the_headings_and_nobody(delegation, language) -> None:
    table = read_file(saved(template_of(delegation, language)))

    layout = find_layout(table, fields=fields_of(delegation))
    assert layout.columns == fields_of(delegation)
    assert layout_problems(layout, needed=needed_of(delegation)) == []
    assert people_of(table, layout) == []


@LANGUAGES
def test_a_template_filled_in_from_its_lists_is_read_in_either_language(delegation, focal_point, now, language) -> None:
    workbook = template_of(delegation, language)
    sheet, lists = workbook.worksheets[0], workbook["lists"]
    member = lists["D1"].value
    for number in range(1, 5):
        cells = {1: f"Persona {number}", 2: f"p{number}@example.org", 3: "X", 5: lists.cell(number, 1).value}
        for column, text in {**cells, 6: lists.cell(2, 2).value, 10: member}.items():
            sheet.cell(number + 1, column).value = text
    table = read_file(saved(workbook))

    with override("es" if language == "en" else "en"):
        people = people_of(table, find_layout(table, fields=fields_of(delegation)))
        checked = check_import(delegation, people, by=focal_point, now=now)

    assert [
        (one.details.profile.code, one.details.language, one.details.timezone, one.details.is_working_group_member)
        for one in checked.new
    ] == [(code, "en", "America/Tegucigalpa", True) for code in make_profiles()]


def test_a_zone_is_filled_in_only_where_the_country_has_one(delegation) -> None:
    mexico = make_delegation(
        delegation.webinar, make_country("MX", timezones=["America/Mexico_City", "America/Tijuana"])
    )

    one, several = (template_of(country, "es").worksheets[0]["G2"].value for country in (delegation, mexico))

    assert (one, several) == ("Tegucigalpa", None)
    assert [cell.value for cell in template_of(mexico, "es")["lists"]["C"]] == [
        "Ciudad de México",
        "Tijuana",
        None,
        None,
    ]


def test_people_of_an_organisation_have_no_column_of_profiles(db) -> None:
    unodc = make_delegation(make_webinar("other"), make_organisation())

    sheet = template_of(unodc, "en").worksheets[0]

    assert "Profile" not in [cell.value for cell in sheet[1]]


def test_a_name_in_a_list_is_never_a_formula(db) -> None:
    webinar = make_webinar("other")
    quotas = make_quotas(webinar)
    profile = quotas["prosecutors"].profile
    profile.name_en = "=1+1\x0b"
    profile.save()

    cell = template_of(make_delegation(webinar, make_country("GT")), "en")["lists"]["A1"]

    assert (cell.value, cell.data_type) == ("=1+1", "s")
