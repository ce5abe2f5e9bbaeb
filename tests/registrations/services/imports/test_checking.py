from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from registrations.exceptions import InvalidInput, NotPossibleNow, RegistrationNotOpen, WebinarOver
from registrations.forms.delegates import DelegateForm
from registrations.models import Delegate, Delegation, Quota
from registrations.queries import profiles_of
from registrations.services.delegate_details import clean_details
from registrations.services.imports.checking import RowState, check_import
from registrations.services.imports.people import SPREADSHEET_ERRORS
from tests.factories import (
    make_country,
    make_delegate,
    make_delegation,
    make_organisation,
    make_profiles,
    make_quotas,
    make_webinar,
)
from tests.hostile_text import hostile_texts
from tests.registrations.services.imports.stories import many, people_in, row


@pytest.fixture
def check(delegation, focal_point, now):
    def check(*rows):
        return check_import(delegation, people_in(delegation, rows), by=focal_point, now=now)

    return check


def errors(checked):
    return [(error.column, error.message) for row in checked.rows for error in row.errors]


def test_profile_language_zone_and_yes_are_recognised_in_both_languages(delegation, focal_point, now) -> None:
    headings = ["Nombre", "Correo", "Institución", "Perfil", "Idioma", "Zona horaria", "Grupo de trabajo"]
    rows = [
        ["Ana", "a@example.org", "X", "prosecutors (ES)", "Inglés", "Ciudad de México", "SÍ"],
        ["Luis", "b@example.org", "X", "BORDER control", "spanish", "america/panama", "no"],
        ["Eva", "c@example.org", "X", "investigation-units", "", "", "x"],
    ]

    checked = check_import(delegation, people_in(delegation, rows, headings), by=focal_point, now=now)

    found = [
        (one.details.profile.code, one.details.language, one.details.timezone, one.details.is_working_group_member)
        for one in checked.new
    ]
    assert found == [
        ("prosecutors", "en", "America/Mexico_City", True),
        ("border-control", "es", "America/Panama", False),
        ("investigation-units", "es", "America/Tegucigalpa", True),
    ]


@pytest.mark.parametrize(
    ("cells", "column", "message"),
    [
        ({"email": "ana(at)example.org"}, "E-mail address", "Enter a valid email address."),
        ({"email": ""}, "E-mail address", "This field cannot be blank."),
        ({"name": "A" * 201}, "Full name", "Ensure this value has at most 200 characters (it has 201)."),
        ({"name": "Ana\nEjemplo"}, "Full name", "Line breaks and control characters cannot be used here."),
        ({"name": "=HYPERLINK(1)"}, "Full name", "This cell holds a formula. Please write the text itself."),
        ({"institution": "#REF!"}, "Institution", "This cell holds an error of the spreadsheet."),
        ({"profile": "Judges"}, "Profile", "Please say what “Judges” means."),
        ({"profile": "J" * 61}, "Profile", "Please write one of these: Prosecutors, Immigration control"),
        ({"profile": ""}, "Profile", "Please choose a profile."),
        ({"language": "French"}, "Language", "Please write one of these: Spanish, English."),
        ({"timezone": "Mars"}, "Time zone", "“Mars” is not a time zone."),
    ],
)
def test_an_error_names_its_row_and_column(check, cells, column, message) -> None:
    checked = check(row(1), row(2, **cells))

    (wrong,) = checked.invalid
    assert wrong.person.row == 3
    assert [(error.column, message in error.message) for error in wrong.errors] == [(column, True)]
    assert len(checked.new) == 1


def test_all_errors_of_a_row_are_reported_together(check) -> None:
    checked = check(row(1, email="x", profile="Judges", language="French"))

    assert [column for column, _message in errors(checked)] == ["E-mail address", "Profile", "Language"]


def test_a_zone_is_never_guessed_where_a_country_has_several(focal_point, now, db) -> None:
    webinar = make_webinar("other")
    make_quotas(webinar)
    mexico = make_delegation(webinar, make_country("MX", timezones=["America/Mexico_City", "America/Tijuana"]))

    checked = check_import(mexico, people_in(mexico, [row(1), row(2, timezone="tijuana")]), by=focal_point, now=now)

    assert errors(checked) == [("Time zone", "This field cannot be blank.")]
    assert [one.details.timezone for one in checked.new] == ["America/Tijuana"]


def test_registered_people_and_repeated_rows_are_reported_and_not_added(check, delegation) -> None:
    make_delegate(delegation, name="Ana Ejemplo", email="Persona1@example.org")

    checked = check(row(1), row(2), row(2), row(2, name="Somebody else"))

    assert [(one.person.row, one.state.value, one.note) for one in checked.rows] == [
        (2, "already", "Named already: Ana Ejemplo."),
        (3, "new", ""),
        (4, "already", "The same as row 3."),
        (5, "wrong", ""),
    ]
    assert errors(checked) == [("E-mail address", "Row 3 has this address for another person.")]


def test_the_dry_run_does_not_reveal_addresses_of_other_delegations(check, delegation) -> None:
    other = make_delegation(delegation.webinar, make_country("GT"))
    make_delegate(other, email="persona1@example.org")

    assert len(check(row(1)).new) == 1


def test_a_maximum_is_obeyed_row_by_row(check, delegation) -> None:
    Quota.objects.filter(profile__code="prosecutors").update(maximum=3)
    make_delegate(delegation)

    checked = check(row(1), row(2), row(3), row(4, profile="Border control"))

    assert [one.state for one in checked.rows] == [RowState.NEW, RowState.NEW, RowState.INVALID, RowState.NEW]
    assert errors(checked)[0][0] == "Profile"
    assert [seat.named for seat in checked.seats] == [3, 0, 1, 0]


def test_after_the_closing_rows_fill_open_seats_only(delegation, focal_point, staff, now) -> None:
    late = now + timedelta(days=12)
    people = many(delegation, 3)

    by_focal_point = check_import(delegation, people, by=focal_point, now=late)
    by_staff = check_import(delegation, people, by=staff, now=late)

    assert [len(by_focal_point.new), len(by_focal_point.invalid)] == [2, 1]
    assert len(by_staff.new) == 3


@pytest.mark.parametrize(
    ("days", "broken"), [(-20, RegistrationNotOpen), (30, WebinarOver)], ids=["before", "after the webinar"]
)
def test_an_import_obeys_the_calendar(delegation, focal_point, now, days, broken) -> None:
    with pytest.raises(broken):
        check_import(delegation, many(delegation, 1), by=focal_point, now=now + timedelta(days=days))


def test_a_delegation_that_does_not_attend_imports_nobody(delegation, focal_point, now) -> None:
    Delegation.objects.update(status="not_attending")
    delegation.refresh_from_db()

    with pytest.raises(NotPossibleNow):
        check_import(delegation, many(delegation, 1), by=focal_point, now=now)


def test_people_of_an_organisation_need_no_profile(focal_point, now, db) -> None:
    unodc = make_delegation(make_webinar("other"), make_organisation(timezones=["America/Panama"]))
    rows = [["Ana", "ana@example.org", "UNODC"]]

    checked = check_import(unodc, people_in(unodc, rows, ["Name", "E-mail", "Institution"]), by=focal_point, now=now)

    assert [one.details.profile for one in checked.new] == [None]


def test_the_dry_run_writes_nothing_and_its_queries_do_not_grow(
    delegation, focal_point, now, django_assert_num_queries
) -> None:
    for count in (2, 200):
        with django_assert_num_queries(5):
            check_import(delegation, many(delegation, count), by=focal_point, now=now)

    assert not Delegate.objects.exists()


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=hostile_texts, email=hostile_texts.map(lambda text: text[:30] + "@example.org"), institution=hostile_texts)
def test_a_row_is_good_exactly_where_the_single_form_is(delegation, focal_point, now, name, email, institution) -> None:
    cells = {"name": name, "email": email, "institution": institution}
    people = people_in(delegation, [row(1, **cells)])

    checked = check_import(delegation, people, by=focal_point, now=now)

    # What a spreadsheet alone can hold.
    if any(text.lstrip().startswith("=") or text.strip() in SPREADSHEET_ERRORS for text in cells.values()):
        return
    assert bool(checked.new) is _is_good_in_the_form(delegation, cells)


def _is_good_in_the_form(delegation, cells) -> bool:
    profiles = profiles_of(delegation)
    typed = {"profile": make_profiles()["prosecutors"].pk, "language": "es", "timezone": "America/Tegucigalpa"}
    form = DelegateForm(typed | cells, delegation=delegation, profiles=profiles, exclude=["role", "version"])
    if not form.is_valid():
        return False
    try:
        clean_details(form.details(), delegation=delegation, profile_ids={profile.pk for profile in profiles})
    except InvalidInput:
        return False
    return True
