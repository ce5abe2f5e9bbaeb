import re
from datetime import timedelta
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from registrations.models import Delegate, DelegateStatus, Delegation, ImportWord, RegistrationPolicy, User
from registrations.services.imports.limits import IMPORTS_PER_MINUTE, limit_imports
from registrations.services.imports.reading import MAX_BYTES
from tests.factories import (
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_organisation,
)
from tests.filled_form import filled_form
from tests.hostile_text import HOSTILE
from tests.registrations.services.imports import files
from tests.registrations.services.imports.files import HEADINGS, csv_file, people, person, xlsx
from tests.registrations.views.delegation_pages import draft_at_present

pytestmark = pytest.mark.django_db


@pytest.fixture
def delegation() -> Delegation:
    return draft_at_present()


@pytest.fixture
def user(delegation) -> User:
    return make_focal_point(delegation.body).user


@pytest.fixture
def owner(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def url(delegation: Delegation, rest: str = "import/", language: str = "en") -> str:
    return f"/{language}/delegations/{delegation.slug}/{rest}"


def upload(client, delegation, data: bytes, name: str = "people.xlsx", language: str = "en"):
    return client.post(url(delegation, language=language), {"file": SimpleUploadedFile(name, data)})


def page_text(answer) -> str:
    """Return the text of the page with single blanks."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


def carried_table(answer) -> str:
    """Return the table in the hidden field as a browser would submit it, with CRLF line breaks."""
    (value,) = re.findall(r'name="table" value="([^"]*)"', answer.content.decode())
    return re.sub(r"\r\n|\r|\n", "\r\n", unescape(value))


def sent(answer, **changes: str) -> dict[str, str | list[str]]:
    """Return the inputs of the page as a browser would submit them, with `changes` ("_" stands for "-" in names)."""
    html = answer.content.decode()
    left_out = re.findall(r'name="leave" value="(\d+)" checked', html)
    return filled_form(html) | {"leave": left_out} | {name.replace("_", "-"): text for name, text in changes.items()}


def errors_of(answer) -> list[tuple[str, str]]:
    """Return the id of the input and the message of each error in the summary."""
    return re.findall(r'<li><a href="#([^"]+)">[^<]+</a>: ([^<]+)</li>', unescape(answer.content.decode()))


def names() -> list[str]:
    return sorted(Delegate.objects.values_list("name", flat=True))


def test_a_dry_run_shows_each_row_and_saves_nothing(owner, delegation) -> None:
    make_delegate(delegation, email="persona2@example.org", name="Persona Ejemplo 2")
    rows = [*people(3), ("Persona Ejemplo 4", "wrong", "Instituto", "J" * 61)]

    checked = upload(owner, delegation, xlsx(rows))

    text = page_text(checked)
    assert "Nothing is saved yet. 2 people will be added 1 is there already 1 row is wrong " in text
    assert [(target, message[:29]) for target, message in errors_of(checked)] == [
        ("cell-5-email", "Enter a valid email address."),
        ("cell-5-profile", "Please write one of these: Pr"),
    ]
    assert "Row 3 Persona Ejemplo 2 persona2@example.org Named already: Persona Ejemplo 2." in text
    assert "Still missing afterwards: Immigration control (0 of 2)" in text
    assert Delegate.objects.count() == 1


@pytest.mark.parametrize("kind", ["workbook", "csv", "windows", "pasted"])
def test_checked_people_are_saved_from_a_file_and_from_pasted_rows(owner, delegation, kind) -> None:
    rows = [HEADINGS, ("María de los Ángeles Ñ", "maria@example.org", 'Instituto "Ejemplo"', "Prosecutors")]
    sent = {
        "workbook": {"file": SimpleUploadedFile("people.xlsx", xlsx(rows))},
        "csv": {"file": SimpleUploadedFile("people.csv", csv_file(rows, encoding="utf-8-sig"))},
        "windows": {"file": SimpleUploadedFile("people.csv", csv_file(rows, delimiter=";", encoding="cp1252"))},
        "pasted": {"table": "\r\n".join("\t".join(row) for row in rows)},
    }[kind]

    checked = owner.post(url(delegation), sent)
    saved = owner.post(url(delegation, "import/save/"), {"table": carried_table(checked)}, follow=True)

    assert saved.redirect_chain == [(url(delegation, ""), 302)]
    assert "1 person is named. Still missing: Prosecutors (1 of 2)" in page_text(saved)
    delegate = Delegate.objects.get()
    assert (delegate.name, delegate.institution) == ("María de los Ángeles Ñ", 'Instituto "Ejemplo"')


def test_the_same_file_twice_adds_nobody(owner, delegation) -> None:
    table = carried_table(upload(owner, delegation, xlsx(people(3))))
    owner.post(url(delegation, "import/save/"), {"table": table})

    again = owner.post(url(delegation, "import/save/"), {"table": table}, follow=True)
    checked = upload(owner, delegation, xlsx(people(3)))

    assert "Nobody new is named." in page_text(again)
    assert "0 people will be added 3 are there already " in page_text(checked)
    assert Delegate.objects.count() == 3


def test_valid_rows_are_saved_and_invalid_rows_are_corrected_cell_by_cell(owner, delegation) -> None:
    rows = [*people(2), ("Persona Ejemplo 3", "wrong", "Instituto", "Prosecutors")]
    checked = upload(owner, delegation, xlsx(rows))

    left = owner.post(url(delegation, "import/save/"), sent(checked))
    again = owner.post(url(delegation, "import/check/"), sent(left, cell_4_email="persona3@example.org"))
    owner.post(url(delegation, "import/save/"), sent(again))

    assert left.status_code == 422
    assert "2 people are named. Still missing:" in page_text(left)
    assert errors_of(left) == [("cell-4-email", "Enter a valid email address.")]
    assert "1 person will be added" in page_text(again)
    assert names() == ["Persona Ejemplo 1", "Persona Ejemplo 2", "Persona Ejemplo 3"]


def test_numbers_of_rows_are_those_of_the_file_through_every_correction(owner, delegation) -> None:
    rows = [["Delegation of an example country"], [], HEADINGS, person(1), (), ("Ana", "x", "Y", "Prosecutors")]

    checked = upload(owner, delegation, xlsx([*rows, ("Eva", "y", "Y", "Prosecutors")]))
    again = owner.post(url(delegation, "import/check/"), sent(checked, cell_6_name="Ana Ejemplo"))
    saved = owner.post(url(delegation, "import/save/"), sent(again, cell_6_email="ana@example.org"))
    last = owner.post(url(delegation, "import/check/"), sent(saved))

    pages = [errors_of(answer) for answer in (checked, again, saved, last)]
    assert [[target for target, _message in errors] for errors in pages] == [
        ["cell-6-email", "cell-7-email"],
        ["cell-6-email", "cell-7-email"],
        ["cell-7-email"],
        ["cell-7-email"],
    ]
    assert names() == ["Ana Ejemplo", "Persona Ejemplo 1"]


def test_a_row_that_is_right_is_opened_and_corrected(owner, delegation) -> None:
    checked = upload(owner, delegation, xlsx(people(2)))

    opened = owner.post(url(delegation, "import/check/"), sent(checked, open="3"))
    corrected = owner.post(url(delegation, "import/check/"), sent(opened, cell_3_profile="border-control"))
    owner.post(url(delegation, "import/save/"), sent(corrected))

    assert 'id="cell-3-name"' in opened.content.decode()
    assert "Row 2 Persona Ejemplo 1" in page_text(opened)
    assert 'id="cell-3-name"' not in corrected.content.decode()
    assert Delegate.objects.get(name="Persona Ejemplo 2").profile.code == "border-control"


def test_a_row_that_is_left_out_stays_on_the_page_and_can_be_taken_again(owner, delegation) -> None:
    checked = upload(owner, delegation, xlsx(people(2)))

    left_out = owner.post(url(delegation, "import/check/"), sent(checked, leave="3"))
    inputs = sent(left_out)
    taken = owner.post(url(delegation, "import/check/"), {key: inputs[key] for key in inputs if key != "leave"})
    owner.post(url(delegation, "import/save/"), inputs)

    assert "1 person will be added 1 row is left out" in page_text(left_out)
    assert "2 people will be added" in page_text(taken)
    assert names() == ["Persona Ejemplo 1"]


def test_hundreds_of_wrong_rows_are_corrected_a_page_at_a_time(owner, delegation) -> None:
    rows = [HEADINGS, *((f"Persona {number}", "wrong", "X", "Prosecutors") for number in range(300))]

    checked = upload(owner, delegation, xlsx(rows))
    again = owner.post(url(delegation, "import/check/"), sent(checked))

    for answer in (checked, again):
        assert "260 more rows follow when these are checked again." in page_text(answer)
        assert len(filled_form(answer.content.decode())) < 400


def test_an_unknown_word_is_asked_once_and_remembered_once_it_is_saved(owner, delegation) -> None:
    rows = [HEADINGS, *((*person(number)[:3], word) for number, word in enumerate(["Enlace", "Fiscal", "ENLACE"]))]

    checked = upload(owner, delegation, xlsx(rows))
    answered = owner.post(url(delegation, "import/check/"), sent(checked, word_profile_enlace="border-control"))
    stored_before = ImportWord.objects.exists()
    owner.post(url(delegation, "import/save/"), sent(answered))
    later = upload(owner, delegation, xlsx([HEADINGS, (*person(9)[:3], "Enlace")]))

    assert "«Enlace» 2 rows" in page_text(checked)
    assert "1 person will be added 2 rows are wrong" in page_text(checked)
    assert "3 people will be added" in page_text(answered)
    assert stored_before is False
    assert names() == ["Persona Ejemplo 0", "Persona Ejemplo 1", "Persona Ejemplo 2"]
    assert "1 person will be added" in page_text(later)


def test_a_row_can_have_another_profile_than_its_word(owner, delegation) -> None:
    rows = [HEADINGS, *((*person(number)[:3], "Enlace") for number in (1, 2))]
    checked = upload(owner, delegation, xlsx(rows))

    inputs = sent(checked, word_profile_enlace="border-control", cell_3_profile="prosecutors")
    owner.post(url(delegation, "import/save/"), inputs)

    assert list(Delegate.objects.order_by("name").values_list("profile__code", flat=True)) == [
        "border-control",
        "prosecutors",
    ]


def test_an_address_of_another_country_is_refused_on_saving_without_saying_where_it_is(owner, delegation) -> None:
    other = make_delegation(delegation.webinar, make_country("GT"))
    make_delegate(other, name="Somebody Else", email="persona1@example.org")

    checked = upload(owner, delegation, xlsx(people(2)))
    saved = owner.post(url(delegation, "import/save/"), {"table": carried_table(checked)})

    assert "2 people will be added" in page_text(checked)
    text = page_text(saved)
    assert "1 person is named." in text
    assert "This person could not be registered; the secretariat has been told." in text
    assert "Somebody Else" not in text
    assert "Country GT" not in text


def test_unclear_columns_are_assigned_by_hand(owner, delegation) -> None:
    rows = [("Quién", "Dónde escribirle", "De", "Perfil"), person(1), person(2)]

    asked = upload(owner, delegation, xlsx(rows))
    columns = {"column-0": "name", "column-1": "email", "column-2": "institution", "column-3": "profile"}
    sent = {"has-columns": "1", "has_headings": "on", "table": carried_table(asked), **columns}
    checked = owner.post(url(delegation), sent)
    owner.post(url(delegation, "import/save/"), {"table": carried_table(checked)})

    assert "No column is known as “Full name”." in page_text(asked)
    assert "Persona Ejemplo 1, Persona Ejemplo 2" in page_text(asked)
    assert names() == ["Persona Ejemplo 1", "Persona Ejemplo 2"]


def test_a_table_without_headings_loses_nobody_and_its_columns_are_guessed(owner, delegation) -> None:
    rows = [
        ("Ana Ejemplo", "ana@example.org", "Instituto", "Fiscal"),
        ("Luis", "luis@example.org", "Instituto", "Juez"),
    ]
    asked = upload(owner, delegation, csv_file(rows))

    checked = owner.post(url(delegation), sent(asked))
    owner.post(url(delegation, "import/save/"), sent(checked, word_profile_juez="border-control"))

    assert [sent(asked)[f"column-{number}"] for number in range(4)] == ["name", "email", "institution", "profile"]
    assert "1 person will be added 1 row is wrong" in page_text(checked)
    assert names() == ["Ana Ejemplo", "Luis"]


def test_totals_signatures_and_notes_are_left_out_and_can_be_taken(owner, delegation) -> None:
    rows = [
        HEADINGS,
        *people(1)[1:],
        ("Total de personas: 1",),
        ("Elaborado por: Eva Muestra",),
        ("Nota: sin viáticos",),
    ]

    checked = upload(owner, delegation, xlsx(rows))
    saved = owner.post(url(delegation, "import/save/"), sent(checked))
    taken = owner.post(url(delegation, "import/check/"), {"table": carried_table(checked)})

    assert "1 person will be added 3 rows are left out" in page_text(checked)
    assert "Leave out row 4: Elaborado por: Eva Muestra" in page_text(checked)
    assert saved.status_code == 302
    assert names() == ["Persona Ejemplo 1"]
    assert "3 rows are wrong" in page_text(taken)


def test_positions_say_the_profiles_where_no_column_does_and_unread_columns_are_named(owner, delegation) -> None:
    rows = [
        ("Nombre", "Sexo", "Correo institucional", "Dependencia", "Cargo que desempeña"),
        ("Ana Ejemplo", "F", "ana@example.org", "Dirección de ejemplo", "Fiscal auxiliar"),
    ]

    checked = upload(owner, delegation, xlsx(rows))
    owner.post(url(delegation, "import/save/"), sent(checked))

    text = page_text(checked)
    assert "Not read: Sexo." in text
    assert "No column holds profiles. They are read from “Position”." in text
    delegate = Delegate.objects.get()
    assert (delegate.profile.code, delegate.position) == ("prosecutors", "Fiscal auxiliar")


def test_columns_assigned_twice_or_not_at_all_are_refused(owner, delegation) -> None:
    asked = upload(owner, delegation, csv_file([("a", "b", "c"), person(1)[:3]]))
    columns = {"column-0": "name", "column-1": "name", "column-2": "nonsense"}

    again = owner.post(url(delegation), {"has-columns": "1", "table": carried_table(asked), **columns})

    assert again.status_code == 422
    assert "Another column is already used for this. Choose something else for one of the two columns." in page_text(
        again
    )
    assert "Please say which column holds: E-mail address, Institution, Profile." in page_text(again)
    assert carried_table(again) == carried_table(asked)


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({}, "Please choose a file, or paste rows below."),
        ({"table": " \r\n\t"}, "Please choose a file, or paste rows below."),
        (
            {"table": "\t".join(HEADINGS)},
            "There are headings, but no people below them. Please add the people, or choose another file.",
        ),
        ({"table": "Ana\x00"}, "Null characters are not allowed."),
    ],
)
def test_a_form_without_people_is_refused(owner, delegation, sent, message) -> None:
    answer = owner.post(url(delegation), sent)

    assert answer.status_code == 422
    assert message in page_text(answer)


BAD_FILES = {
    "far corner": files.one_cell_at_the_far_corner,
    "zip bomb": files.zip_bomb,
    "macros": lambda: files.with_parts({"xl/vbaProject.bin": b"x"}),
    "program": files.program,
    "password": files.encrypted,
    "100,000 rows": lambda: csv_file([person(1)] * 60_000)[:MAX_BYTES],
    "500 columns": lambda: xlsx([["a"] * 500]),
    "NUL bytes": lambda: b"Nombre\x00;Correo",
    "mixed encodings": lambda: csv_file(people(1)).replace("ó".encode(), b"\xf3", 1),
    "empty": lambda: b"",
    "only headings": lambda: xlsx([HEADINGS]),
    "too large": lambda: b"a" * (MAX_BYTES + 1),
}


@pytest.mark.parametrize("name", BAD_FILES)
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_bad_file_is_refused_at_its_field_and_nothing_is_saved(owner, delegation, name, language) -> None:
    answer = upload(owner, delegation, BAD_FILES[name](), language=language)

    assert answer.status_code == 422
    assert 'id="error-summary"' in answer.content.decode()
    assert not Delegate.objects.exists()


def test_duplicated_headings_ask_for_the_columns(owner, delegation) -> None:
    answer = upload(owner, delegation, xlsx([(*HEADINGS, "Correo"), (*person(1), "other@example.org")]))

    assert "More than one column is headed “E-mail address”." in page_text(answer)


def test_a_formula_as_a_name_is_invalid_in_a_workbook_and_in_csv(owner, delegation) -> None:
    rows = [HEADINGS, ('=HYPERLINK("https://example.org","Ana")', *person(1)[1:])]

    for data in (xlsx(rows), csv_file(rows)):
        checked = upload(owner, delegation, data)

        assert errors_of(checked) == [("cell-2-name", "This cell holds a formula. Please write the text itself.")]
        assert "0 people will be added" in page_text(checked)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_texts_are_escaped_and_cause_no_server_error(owner, delegation, hostile) -> None:
    rows = [HEADINGS, (hostile, *person(1)[1:]), (person(2)[0], hostile, *person(2)[2:])]
    table = "\r\n".join("\t".join(row) for row in rows)

    checked = owner.post(url(delegation), {"table": table})
    saved = owner.post(url(delegation, "import/save/"), {"table": table})
    matched = owner.post(url(delegation), {"table": table, "has-columns": "1", "column-0": hostile})

    assert {checked.status_code, saved.status_code, matched.status_code} <= {200, 302, 422}
    assert "<script>" not in checked.content.decode()


@pytest.mark.parametrize("table", ["", "\x00", "Nombre", "\t\t\t", "a\tb\r\n" * 2_000, '"', "x" * 700_000])
def test_a_forged_table_is_refused_and_saves_nobody(owner, delegation, table) -> None:
    answer = owner.post(url(delegation, "import/save/"), {"table": table})

    assert answer.status_code in {200, 422}
    assert not Delegate.objects.exists()


def test_after_the_closing_only_open_seats_are_filled(owner, delegation) -> None:
    now = timezone.now()
    RegistrationPolicy.objects.update(opens_at=now - timedelta(days=9), closes_at=now - timedelta(days=1))

    checked = upload(owner, delegation, xlsx(people(3)))
    owner.post(url(delegation, "import/save/"), {"table": carried_table(checked)})

    assert "2 people will be added" in page_text(checked)
    assert Delegate.objects.filter(status=DelegateStatus.ACTIVE).count() == 2


def test_before_the_opening_nobody_is_imported(owner, delegation) -> None:
    now = timezone.now()
    RegistrationPolicy.objects.update(opens_at=now + timedelta(days=1), closes_at=now + timedelta(days=2))

    answer = upload(owner, delegation, xlsx(people(1)))

    assert answer.status_code == 422
    assert (
        "Registration has not opened yet. Please come back on the day that the delegation's page names."
        in page_text(answer)
    )


def test_people_of_an_organisation_are_imported_without_a_profile(client, delegation) -> None:
    unodc = make_delegation(delegation.webinar, make_organisation(timezones=["America/Panama"]))
    client.force_login(make_focal_point(unodc.body).user)
    rows = [("Name", "E-mail", "Institution"), ("Ana Ejemplo", "ana@example.org", "UNODC")]

    checked = upload(client, unodc, xlsx(rows))
    client.post(url(unodc, "import/save/"), {"table": carried_table(checked)})

    assert names() == ["Ana Ejemplo"]


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_template_is_a_workbook_in_the_language_of_its_address(owner, delegation, language) -> None:
    answer = owner.get(url(delegation, "import/template.xlsx", language))
    checked = upload(owner, delegation, answer.content)

    assert answer["Content-Type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert answer["Content-Disposition"].startswith("attachment; filename=")
    assert "There are headings, but no people below them. Please add the people, or choose another file." in page_text(
        checked
    )


def test_the_check_of_500_rows_takes_the_same_queries_as_that_of_two(
    owner, delegation, django_assert_max_num_queries
) -> None:
    for count in (2, 500):
        data = xlsx(people(count))
        # Twelve, and more for the limit of the account where the cache is a table.
        with django_assert_max_num_queries(12 + 8):
            upload(owner, delegation, data)


def test_a_second_import_of_the_same_account_must_wait(owner, user, delegation) -> None:
    table = "\r\n".join("\t".join(row) for row in people(1))

    with limit_imports(user, now=timezone.now()):
        answers = [
            upload(owner, delegation, xlsx(people(1))),
            owner.post(url(delegation, "import/save/"), {"table": table}),
        ]

    for answer in answers:
        assert answer.status_code == 422
        assert "Another import of yours is still running." in page_text(answer)
    # The pasted rows are shown again.
    assert "persona1@example.org" in answers[1].content.decode()
    assert Delegate.objects.count() == 0


def test_what_was_corrected_is_not_lost_while_another_import_runs(owner, user, delegation) -> None:
    checked = upload(owner, delegation, xlsx([HEADINGS, ("Persona Ejemplo 1", "wrong", "Instituto", "Prosecutors")]))

    with limit_imports(user, now=timezone.now()):
        answer = owner.post(url(delegation, "import/check/"), sent(checked, cell_2_email="corrected@example.org"))

    assert "Another import of yours is still running." in page_text(answer)
    assert "Persona Ejemplo 1\tcorrected@example.org" in unescape(answer.content.decode())


@pytest.mark.parametrize("rest", ["import/check/", "import/save/"])
def test_whoever_opens_a_step_by_its_address_begins_with_the_table(owner, delegation, rest) -> None:
    answer = owner.get(url(delegation, rest))

    assert (answer.status_code, answer["Location"]) == (302, url(delegation))


def test_one_address_thrice_adds_one_person_and_says_why(owner, delegation) -> None:
    rows = [HEADINGS, person(1), person(1), ("Somebody Else", *person(1)[1:])]

    checked = upload(owner, delegation, xlsx(rows))

    assert "1 person will be added 1 is there already 1 row is wrong" in page_text(checked)
    assert errors_of(checked) == [("cell-4-email", "Row 2 has this address for another person.")]


@pytest.mark.parametrize(
    "forged",
    [
        {"numbers": "1,2,x", "leave": "9" * 500, "open": "-1"},
        {"numbers": "7" * 3_000, "word-profile-fiscal": "x" * 5_000, "word-language-": "es"},
        {"numbers": "1,1,1,1", "cell-1-name": "Ana\x00", "cell-1-id": "1", "cell-99999-email": "x", "cell-1-": ""},
        {"cell-2-profile": HOSTILE[0], "cell-2-email": HOSTILE[-1]},
    ],
)
def test_forged_inputs_of_the_page_of_rows_cause_no_server_error(owner, delegation, forged) -> None:
    checked = upload(owner, delegation, xlsx(people(2)))

    for step in ("import/check/", "import/save/"):
        answer = owner.post(url(delegation, step), sent(checked) | forged)
        assert answer.status_code in {200, 302, 422}


def test_too_many_imports_in_a_minute_must_wait(owner, delegation) -> None:
    answers = [upload(owner, delegation, b"x") for _time in range(2 * IMPORTS_PER_MINUTE + 1)]

    assert "imports within a minute. Please wait a minute" in page_text(answers[-1])
