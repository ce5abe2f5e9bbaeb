"""A link that is not good: whatever is wrong with it, the reader gets a clear page in their language, and no reason."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from django.core.signing import Signer
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registrations.models import Arrival, CalendarEntry, Delegate, Delivery
from registrations.services.personal_data.erasing import erase_person
from registrations.services.personal_data.purging import purge
from registrations.tokens import Scope, make_token
from registrations.views.rate_limits import GUESSES_ALLOWED, is_one_guess_too_many
from tests.factories import FIRST_START, NOW, make_staff
from tests.sizes import IS_DRILL

PAGES = ("", "join/1/", "sessions/1/answer/")
FILES = ("calendar.ics", "sessions/1.ics")
AFTER_THE_PURGE = NOW + timedelta(days=400)
ASKED = 10_000 if IS_DRILL else 2_000


def of_another_secret(person: Delegate) -> str:
    signer = Signer(key="another-secret", salt=f"registrations.participant.{Scope.PAGE}", sep="~")
    return signer.sign(f"{person.pk}.{person.token_version}")


def of_another_person(person: Delegate) -> str:
    """The signature of one under the number of another."""
    _value, _at, signature = make_token(person, Scope.PAGE).partition("~")
    return f"{person.pk + 1}.{person.token_version}~{signature}"


def of_someone_deleted(person: Delegate) -> str:
    token = make_token(person, Scope.PAGE)
    Delivery.objects.all().delete()
    CalendarEntry.objects.all().delete()
    person.delete()
    return token


def of_someone_erased(person: Delegate) -> str:
    """At their own request: who was still to come is withdrawn, and their data end."""
    token = make_token(person, Scope.PAGE)
    CalendarEntry.objects.all().delete()
    erase_person(person.email, by=make_staff(), now=NOW)
    return token


BROKEN: dict[str, Callable[[Delegate], str]] = {
    "cut in the signature": lambda person: make_token(person, Scope.PAGE)[:-1],
    "cut at the tilde": lambda person: make_token(person, Scope.PAGE).partition("~")[0],
    "extended": lambda person: f"{make_token(person, Scope.PAGE)}A",
    "with the point of a sentence": lambda person: f"{make_token(person, Scope.PAGE)}.",
    "in capitals": lambda person: make_token(person, Scope.PAGE).upper(),
    "of another secret": of_another_secret,
    "of another person": of_another_person,
    "of someone deleted": of_someone_deleted,
    "of someone erased": of_someone_erased,
}


def plain(response) -> str:
    main = response.content.decode().partition("<main")[2].partition(">")[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def said_of(client, token: str) -> dict[tuple[str, str], str]:
    """What each page in each language tells whoever opens it, or sends it what its forms send."""
    said = {}
    for language in ("en", "es"):
        for page in PAGES:
            path = f"/{language}/my/{token}/{page}"
            for response in (
                client.post(path, {"answer": "ACCEPTED"}),
                *([] if "answer" in page else [client.get(path)]),
            ):
                if response.status_code != 405:
                    assert response.status_code == 404
                    assert response.headers["Cache-Control"] == "no-store"
                    assert response.headers["Referrer-Policy"] == "same-origin"
                    assert response.headers["Content-Language"] == language
                    said[language, page] = plain(response)
    return said


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_link_that_is_not_good_says_what_to_do_in_the_readers_language(participant, client, clock, broken):
    clock.move_to(FIRST_START)
    token = broken(participant)

    said = said_of(client, token)

    assert len(said) == 2 * len(PAGES)
    for (language, _page), text in said.items():
        heading, advice = {
            "en": ("Page not found", "open the newest one"),
            "es": ("Página no encontrada", "abra el más reciente"),
        }[language]
        assert text.startswith(heading)
        assert advice in text
        assert [word for word in (participant.name, participant.email, "Context", "rooms.") if word in text] == []
    assert {client.get(f"/my/{token}/{file}").status_code for file in FILES} <= {404}
    assert not Arrival.objects.exists()
    assert not CalendarEntry.objects.filter(ical_partstat="ACCEPTED").exists()


def test_the_link_of_someone_whose_data_have_ended_says_the_same(participant, client, clock):
    token = make_token(participant, Scope.PAGE)
    clock.move_to(AFTER_THE_PURGE)
    purge(now=AFTER_THE_PURGE)

    said = said_of(client, token)

    assert all(text.startswith(("Page not found", "Página no encontrada")) for text in said.values())
    assert {client.get(f"/my/{token}/{file}").status_code for file in FILES} == {404}


def test_the_link_of_the_calendar_opens_no_page_and_says_what_to_do(participant, client):
    token = make_token(participant, Scope.JOIN)

    for path in (f"/es/my/{token}/", f"/es/my/{token}/sessions/1/answer/"):
        response = client.post(path, {"answer": "ACCEPTED"}) if "answer" in path else client.get(path)
        assert response.status_code == 404
        assert "abra el más reciente" in plain(response)
    assert {client.get(f"/my/{token}/{file}").status_code for file in FILES} == {404}
    assert client.get(f"/es/my/{token}/join/1/").status_code == 200


@pytest.mark.parametrize(("language", "words"), [("en", "Please wait a few minutes"), ("es", "Espere unos minutos")])
def test_whoever_guessed_too_often_is_told_to_wait_in_their_language(participant, client, language, words):
    for number in range(GUESSES_ALLOWED):
        client.get(f"/{language}/my/{number}.1~guess/")

    response = client.get(f"/{language}/my/1.1~guess/")

    assert (response.status_code, response.headers["Content-Language"]) == (429, language)
    assert words in plain(response)


@pytest.mark.parametrize("proxies", [0, 1])
def test_of_thousands_of_guesses_a_handful_is_looked_at_whatever_address_they_claim(
    participant, client, rf, settings, proxies, address_of
):
    """As many as are tried by one client in a minute. Behind a proxy it adds the address that it saw; without one the
    header is the client's own invention from beginning to end."""
    settings.TRUSTED_PROXY_COUNT = proxies

    def headers(number: int, seen: str = "203.0.113.7") -> dict[str, str]:
        claimed = f"198.51.{number // 250}.{number % 250}"
        return {"HTTP_X_FORWARDED_FOR": f"{claimed}, {seen}" if proxies else claimed}

    looked_at = sum(not is_one_guess_too_many(rf.get("/", **headers(number))) for number in range(ASKED))

    assert looked_at == GUESSES_ALLOWED
    assert client.get("/en/my/1.1~guess/", **headers(ASKED)).status_code == 429
    # A colleague in the same house keeps a good link, and another house its guesses.
    assert client.get(address_of("registrations:my", participant), **headers(ASKED)).status_code == 200
    if proxies:
        assert client.get("/en/my/1.1~guess/", **headers(ASKED, "203.0.113.8")).status_code == 404


def test_a_guess_asks_the_database_for_nobody(participant, client):
    for number in range(GUESSES_ALLOWED + 5):
        with CaptureQueriesContext(connection) as asked:
            client.get(f"/en/my/{participant.pk}.{number + 1}~guess/")

        assert [query["sql"] for query in asked if "registrations_" in query["sql"]] == []
        assert len(asked) <= 12
