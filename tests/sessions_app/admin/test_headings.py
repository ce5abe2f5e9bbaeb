"""The pages that Django's admin makes of each model speak in our words, in both languages."""

import re
from html import unescape

import pytest
from django.test import Client

from registrations.models import ParticipatingBody
from sessions_app.models import Speaker
from tests.factories import make_country, make_delegates, make_delegation, make_webinar

pytestmark = pytest.mark.django_db

BODIES = "/admin/registrations/participatingbody/"


def heading(html: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", html)
    assert found
    return found[1]


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


@pytest.mark.parametrize(
    ("language", "of_the_list", "of_the_row"),
    [("en", "Participating bodies", "Participating body"), ("es", "Entidades participantes", "Entidad participante")],
)
def test_a_list_and_a_row_are_headed_by_the_name_of_the_model(
    secretariat: Client, language: str, of_the_list: str, of_the_row: str
) -> None:
    body = make_country("HN")
    header = {"accept-language": language}

    assert heading(secretariat.get(BODIES, headers=header).text) == of_the_list
    assert heading(secretariat.get(f"{BODIES}{body.pk}/change/", headers=header).text) == of_the_row


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "“Country HN” cannot be deleted, because these still need it: Delegation: Country HN"),
        ("es", "«País HN» no se puede eliminar, porque todavía depende de ello: Delegación: País HN"),
    ],
)
def test_a_refused_deletion_says_in_one_sentence_what_stands_against_it(
    secretariat: Client, language: str, sentence: str
) -> None:
    delegation = make_delegation(body=make_country("HN"))
    header = {"accept-language": language}

    one = secretariat.get(f"{BODIES}{delegation.body_id}/delete/", headers=header)
    several = secretariat.post(
        BODIES, {"action": "delete_selected", "_selected_action": [delegation.body_id]}, headers=header
    )

    assert sentence in words(one.text)
    assert sentence.partition(": ")[2] in words(several.text)
    assert ParticipatingBody.objects.filter(pk=delegation.body_id).exists()


def test_of_many_rows_that_stand_against_a_deletion_five_are_named(secretariat: Client) -> None:
    webinar = make_webinar()
    make_delegates(8, make_delegation(webinar, make_country("HN")))

    shown = words(secretariat.get(f"/admin/sessions_app/webinar/{webinar.pk}/delete/").text)

    # One delegation, eight delegates and two sessions.
    assert shown.count("Delegate: ") < 8
    assert "and others, 11 in all." in shown


def test_what_nothing_stands_against_is_deleted(secretariat: Client) -> None:
    speaker = Speaker.objects.create(webinar=make_webinar(), code="ana", name_en="Ana Muestra")

    secretariat.post(f"/admin/sessions_app/speaker/{speaker.pk}/delete/", {"post": "yes"})

    assert not Speaker.objects.filter(pk=speaker.pk).exists()


def test_days_in_spanish_have_no_capital(secretariat: Client) -> None:
    make_webinar()

    page = secretariat.get("/admin/registrations/registrationpolicy/", headers={"accept-language": "es"})

    assert re.search(r"vie 6 nov 2026, \d\d:\d\d", page.text)
