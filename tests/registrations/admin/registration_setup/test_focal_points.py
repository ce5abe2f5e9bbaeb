"""Focal points are listed, invited again, and appointed many at once from pasted lines."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from time_machine import TimeMachineFixture

from registrations.models import Delegation, Delivery, HistoryEvent, ParticipatingBody, User
from registrations.services.delivering.plan import plan
from sessions_app.models import Webinar
from sessions_app.releases import release_webinar
from tests.factories import NOW, make_country, make_delegation, make_focal_point, make_observer, make_user, make_webinar
from tests.registrations.admin.registration_setup.pages import AT_ONCE, URL, flash_messages, shown, text_of


def test_focal_points_are_listed_with_their_invitation_to_this_webinar_and_when_they_were_last_seen(
    secretariat: Client, webinar: Webinar, honduras: Delegation
) -> None:
    seen = make_user("ana@example.org", name="Ana Ejemplo", last_login=NOW - timedelta(days=9))
    make_focal_point(honduras.body, seen, is_primary=True)
    make_focal_point(honduras.body, make_user("luz@example.org", name="Luz Ejemplo"))
    HistoryEvent.objects.create(webinar=webinar, kind="edited", actor=seen, at=NOW - timedelta(days=2))
    make_delegation(make_webinar("other"), honduras.body)

    bodies = secretariat.get(URL).context["bodies"]

    assert [str(body.row.delegation.body) for body in bodies] == ["Panama", "Honduras"]
    assert [
        (each.focal_point.user.name, each.focal_point.invitation_state, each.seen_at) for each in bodies[1].focal_points
    ] == [("Ana Ejemplo", "sent", NOW - timedelta(days=2)), ("Luz Ejemplo", "sent", None)]


def test_a_focal_point_is_invited_again_to_this_webinar_alone(
    secretariat: Client, webinar: Webinar, honduras: Delegation, time_machine: TimeMachineFixture
) -> None:
    other = make_webinar("other")
    make_delegation(other, honduras.body)
    for each in (webinar, other):
        release_webinar(each, by=None, now=NOW)
    focal_point = make_focal_point(honduras.body)
    time_machine.move_to(NOW + timedelta(hours=1))

    response = secretariat.post(URL, {"invite": focal_point.pk})

    assert flash_messages(response) == ["1 invitation is sent again now."]
    assert list(Delivery.objects.filter(state="due").values_list("webinar", flat=True)) == [webinar.pk]


def pasted(client: Client, *lines: str) -> Any:
    return client.post(AT_ONCE, {"text": "\n".join(lines)})


def focal_points() -> list[tuple[str, str, str, str, bool]]:
    users = User.objects.filter(focal_points__isnull=False).order_by("email")
    return list(
        users.values_list("focal_points__body__iso_code", "email", "name", "language", "focal_points__is_primary")
    )


def test_lines_are_looked_at_before_anybody_is_appointed(secretariat: Client, webinar: Webinar) -> None:
    response = pasted(secretariat, "Honduras; Ana Ejemplo; ana@example.org; es", "Panamá; Luz; luz@example.org; inglés")

    assert "2 focal points can be appointed." in text_of(response)
    assert shown(response)["rows-1-country"] == "Panamá"
    assert focal_points() == []


@pytest.mark.parametrize("separator", ["; ", "\t", ", "])
def test_lines_become_focal_points_who_are_invited(secretariat: Client, webinar: Webinar, separator: str) -> None:
    release_webinar(webinar, by=None, now=NOW)
    lines = [
        ("País", "Nombre", "Correo", "Idioma"),
        ("HONDURAS", "Ana Ejemplo", "Ana@Example.org", "English"),
        ("hn", "Eva Ejemplo", "eva@example.org", "español"),
        ("Panama", "Luz Ejemplo", "luz@example.org", ""),
    ]
    preview = pasted(secretariat, *(separator.join(line) for line in lines))

    response = secretariat.post(AT_ONCE, shown(preview) | {"make": ""})
    plan(now=NOW)

    assert focal_points() == [
        ("HN", "ana@example.org", "Ana Ejemplo", "en", True),
        ("HN", "eva@example.org", "Eva Ejemplo", "es", False),
        ("PA", "luz@example.org", "Luz Ejemplo", "es", True),
    ]
    assert flash_messages(response) == ["3 focal points are appointed. They are invited within a minute."]
    assert Delivery.objects.filter(kind="registration").count() == 3
    assert response.headers["Location"] == URL


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("word", ["mexico", "México", " MX ", "MÉXICO"])
def test_a_country_is_known_by_its_names_and_its_code_without_accents_or_case(
    secretariat: Client, webinar: Webinar, language: str, word: str
) -> None:
    make_delegation(webinar, make_country("MX", name_en="Mexico (United States)", name_es=""))
    translation.activate(language)

    response = pasted(secretariat, f"{word}; Ana; ana@example.org;")

    assert len(response.context["rows"].valid_rows) == 1


WRONG_LINES = [
    (
        "Atlantis; Ana; ana@example.org; es",
        "country",
        "No country or organisation of this webinar is called “Atlantis”.",
    ),
    (
        "Guatemala; Ana; ana@example.org; es",
        "country",
        "No country or organisation of this webinar is called “Guatemala”.",
    ),
    ("Honduras; Ana; ana(at)example.org; es", "email", "Enter a valid email address."),
    ("Honduras; Ana; año@example.org; es", "email", "Please write the address with plain letters."),
    ("Honduras; Ana", "email", "This field is required."),
    ("Honduras; Ana; ana@example.org; Klingon", "language", "Please write one of these: Spanish, English."),
    ("Honduras; Ana; ana@example.org; es; Ms", "language", "Please write one of these: Spanish, English."),
    ("Honduras; Ana; right@example.org; es", "email", "Row 1 has this address too."),
    (
        "Honduras; Ana; observer@example.org; es",
        "email",
        "This account belongs to the secretariat or to an observer, who cannot be focal points.",
    ),
    ("Honduras; Ana; closed@example.org; es", "email", "The account with this address is closed. Open it again first."),
]


@pytest.mark.parametrize(("line", "name", "message"), WRONG_LINES)
def test_a_wrong_line_says_what_is_wrong_and_stays_while_the_right_ones_are_appointed(
    secretariat: Client, webinar: Webinar, line: str, name: str, message: str
) -> None:
    make_country("GT", name_en="Guatemala")
    make_observer("observer@example.org")
    make_user("closed@example.org", is_active=False)
    preview = pasted(secretariat, "Honduras; Rut; right@example.org; es", line)

    response = secretariat.post(AT_ONCE, shown(preview) | {"make": ""})

    assert list(preview.context["rows"][1].errors) == [name]
    assert message in preview.context["rows"][1].errors[name]
    assert User.objects.filter(focal_points__isnull=False, email="right@example.org").exists()
    (row,) = response.context["rows"]
    assert row.texts == preview.context["rows"][1].texts
    assert " ".join(line.replace(";", " ").split()) == " ".join(" ".join(row.texts.values()).split())


def test_a_focal_point_of_another_country_is_appointed_as_on_the_single_page(
    secretariat: Client, webinar: Webinar
) -> None:
    panama = ParticipatingBody.objects.get(iso_code="PA")
    make_focal_point(panama, make_user("pia@example.org"), is_primary=True)
    looked = pasted(secretariat, "Honduras; Pía; Pia@example.org; es")

    secretariat.post(AT_ONCE, shown(looked) | {"make": ""})

    assert sorted((row[:2] for row in focal_points()), reverse=True) == [
        ("PA", "pia@example.org"),
        ("HN", "pia@example.org"),
    ]


def test_a_corrected_line_is_appointed_in_place(secretariat: Client, webinar: Webinar) -> None:
    preview = pasted(secretariat, "Atlantis; Ana; ana@example.org; es")

    response = secretariat.post(AT_ONCE, shown(preview) | {"rows-0-country": "Honduras", "make": ""})

    assert (response.status_code, [row[:2] for row in focal_points()]) == (302, [("HN", "ana@example.org")])


def test_lines_that_are_sent_twice_appoint_nobody_twice(secretariat: Client, webinar: Webinar) -> None:
    preview = pasted(secretariat, "Honduras; Ana; ana@example.org; es")
    secretariat.post(AT_ONCE, shown(preview) | {"make": ""})

    again = secretariat.post(AT_ONCE, shown(preview) | {"make": ""})
    pasted_again = pasted(secretariat, "Honduras; Ana; ana@example.org; es")

    assert (again.status_code, len(focal_points())) == (302, 1)
    assert "Is a focal point of this country already: nothing to do." in text_of(pasted_again)


@pytest.mark.parametrize("text", ["", "   ", "\0", "Country; Name", "\n".join(["x;y;z"] * 201), 'a;"b'])
def test_a_text_that_is_no_table_is_refused_or_shown_with_its_errors(
    secretariat: Client, webinar: Webinar, text: str
) -> None:
    response = secretariat.post(AT_ONCE, {"text": text})

    assert response.status_code == 200
    assert response.context["form"].errors or response.context["rows"].invalid_rows
    assert focal_points() == []
