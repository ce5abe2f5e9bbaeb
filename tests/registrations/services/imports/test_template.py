import io

import pytest
from django.utils.translation import gettext, override
from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from registrations.models import Delegation
from registrations.queries import seats_of
from registrations.services.imports.checking import check_import
from registrations.services.imports.columns import LABELS, fields_of, find_layout, layout_problems, required_fields_of
from registrations.services.imports.people import people_from_table
from registrations.services.imports.reading import read_file
from registrations.services.imports.template import build_template
from tests.factories import make_country, make_delegation, make_organisation, make_profiles, make_quotas, make_webinar
from tests.registrations.services.imports.files import saved

LANGUAGES = pytest.mark.parametrize("language", ["en", "es"])


def template_of(delegation: Delegation, language: str) -> Workbook:
    with override(language):
        return load_workbook(io.BytesIO(build_template(delegation, seats_of(delegation))))


def column_of(field: str, sheet: Worksheet, language: str) -> str:
    """The letter of the column under the heading of `field`."""
    with override(language):
        heading = str(LABELS[field])
    (cell,) = [cell for cell in sheet[1] if cell.value == heading]
    return cell.column_letter


def choices_of(field: str, workbook: Workbook, language: str) -> list[Cell]:
    """The cells that the column under the heading of `field` offers as its list."""
    sheet = workbook.worksheets[0]
    cell = f"{column_of(field, sheet, language)}2"
    (offered,) = [one.formula1 for one in sheet.data_validations.dataValidation if cell in one.sqref]
    title, _, cells = offered.partition("!")
    return [cell for (cell,) in workbook[title][cells.replace("$", "")]]


@LANGUAGES
def test_a_template_without_a_change_holds_the_headings_and_nobody(delegation, language) -> None:
    table = read_file(saved(template_of(delegation, language)))

    layout = find_layout(table, fields=fields_of(delegation))
    assert layout.columns == fields_of(delegation)
    assert layout_problems(layout, needed=required_fields_of(delegation)) == []
    assert people_from_table(table, layout) == []


@LANGUAGES
def test_a_template_filled_in_from_its_lists_is_read_in_either_language(delegation, focal_point, now, language) -> None:
    workbook = template_of(delegation, language)
    sheet = workbook.worksheets[0]
    with override(language):
        english, yes = gettext("English"), gettext("Yes")
    assert english in [cell.value for cell in choices_of("language", workbook, language)]
    assert yes in [cell.value for cell in choices_of("is_working_group_member", workbook, language)]
    for row, profile in enumerate(choices_of("profile", workbook, language), start=2):
        person = {
            "name": f"Persona {row}",
            "email": f"p{row}@example.org",
            "institution": "X",
            "profile": profile.value,
        }
        for field, text in {**person, "language": english, "is_working_group_member": yes}.items():
            sheet[f"{column_of(field, sheet, language)}{row}"].value = text
    table = read_file(saved(workbook))

    with override("es" if language == "en" else "en"):
        people = people_from_table(table, find_layout(table, fields=fields_of(delegation)))
        checked = check_import(delegation, people, by=focal_point, now=now)

    assert [
        (one.details.profile.code, one.details.language, one.details.timezone, one.details.is_working_group_member)
        for one in checked.new
    ] == [(code, "en", "America/Tegucigalpa", True) for code in make_profiles()]


def test_a_zone_is_filled_in_only_where_the_country_has_one(delegation) -> None:
    mexico = make_delegation(
        delegation.webinar, make_country("MX", timezones=["America/Mexico_City", "America/Tijuana"])
    )

    one, several = (template_of(country, "es") for country in (delegation, mexico))

    filled_in = [
        sheet[f"{column_of('timezone', sheet, 'es')}2"].value for sheet in (one.worksheets[0], several.worksheets[0])
    ]
    assert filled_in == ["Tegucigalpa", None]
    assert [cell.value for cell in choices_of("timezone", several, "es")] == ["Ciudad de México", "Tijuana"]


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

    cell, *_ = choices_of("profile", template_of(make_delegation(webinar, make_country("GT")), "en"), "en")

    assert (cell.value, cell.data_type) == ("=1+1", "s")
