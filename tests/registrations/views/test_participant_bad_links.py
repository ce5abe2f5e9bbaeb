"""Invalid participant links: the page is translated and says what to do, and does not give the reason."""

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
from registrations.views.rate_limits import MAX_GUESSES, is_guess_ratelimited
from tests.factories import FIRST_START, NOW, make_staff
from tests.sizes import IS_DRILL

PAGES = ("", "join/1/", "sessions/1/answer/")
FILES = ("calendar.ics", "sessions/1.ics")
AFTER_THE_PURGE = NOW + timedelta(days=400)
GUESSES = 10_000 if IS_DRILL else 2_000


def of_another_secret(person: Delegate) -> str:
    signer = Signer(key="another-secret", salt=f"registrations.participant.{Scope.PAGE}", sep="~")
    return signer.sign(f"{person.pk}.{person.token_version}")


def of_another_person(person: Delegate) -> str:
    """Return a token with the signature of one person and the id of another."""
    _value, _at, signature = make_token(person, Scope.PAGE).partition("~")
    return f"{person.pk + 1}.{person.token_version}~{signature}"


def of_someone_deleted(person: Delegate) -> str:
    token = make_token(person, Scope.PAGE)
    Delivery.objects.all().delete()
    CalendarEntry.objects.all().delete()
    person.delete()
    return token


def of_someone_erased(person: Delegate) -> str:
    """Erase the person at their own request, which withdraws them first."""
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


def page_text(response) -> str:
    main = response.content.decode().partition("<main")[2].partition(">")[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def pages_of_link(client, token: str) -> dict[tuple[str, str], str]:
    """Return the text of each page in each language, by GET and by POST."""
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
                    said[language, page] = page_text(response)
    return said


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_an_invalid_link_says_what_to_do_in_the_language_of_the_page(participant, client, clock, broken):
    clock.move_to(FIRST_START)
    token = broken(participant)

    said = pages_of_link(client, token)

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


def test_the_link_of_a_purged_person_says_the_same(participant, client, clock):
    token = make_token(participant, Scope.PAGE)
    clock.move_to(AFTER_THE_PURGE)
    purge(now=AFTER_THE_PURGE)

    said = pages_of_link(client, token)

    assert all(text.startswith(("Page not found", "Página no encontrada")) for text in said.values())
    assert {client.get(f"/my/{token}/{file}").status_code for file in FILES} == {404}


def test_a_join_link_opens_no_page_and_says_what_to_do(participant, client):
    token = make_token(participant, Scope.JOIN)

    for path in (f"/es/my/{token}/", f"/es/my/{token}/sessions/1/answer/"):
        response = client.post(path, {"answer": "ACCEPTED"}) if "answer" in path else client.get(path)
        assert response.status_code == 404
        assert "abra el más reciente" in page_text(response)
    assert {client.get(f"/my/{token}/{file}").status_code for file in FILES} == {404}
    assert client.get(f"/es/my/{token}/join/1/").status_code == 200


@pytest.mark.parametrize(("language", "words"), [("en", "Please wait a few minutes"), ("es", "Espere unos minutos")])
def test_too_many_guesses_must_wait_and_the_page_is_translated(participant, client, language, words):
    for number in range(MAX_GUESSES):
        client.get(f"/{language}/my/{number}.1~guess/")

    response = client.get(f"/{language}/my/1.1~guess/")

    assert (response.status_code, response.headers["Content-Language"]) == (429, language)
    assert words in page_text(response)


@pytest.mark.parametrize("proxies", [0, 1])
def test_few_of_thousands_of_guesses_are_checked_whatever_address_they_claim(
    participant, client, rf, settings, proxies, address_of
):
    """As many as are tried by one client in a minute. Behind a proxy it adds the address that it saw; without one the
    header is the client's own invention from beginning to end."""
    settings.TRUSTED_PROXY_COUNT = proxies

    def headers(number: int, seen: str = "203.0.113.7") -> dict[str, str]:
        claimed = f"198.51.{number // 250}.{number % 250}"
        return {"HTTP_X_FORWARDED_FOR": f"{claimed}, {seen}" if proxies else claimed}

    looked_at = sum(not is_guess_ratelimited(rf.get("/", **headers(number))) for number in range(GUESSES))

    assert looked_at == MAX_GUESSES
    assert client.get("/en/my/1.1~guess/", **headers(GUESSES)).status_code == 429
    # A valid link still works on the same network, and another network has a limit of its own.
    assert client.get(address_of("registrations:my", participant), **headers(GUESSES)).status_code == 200
    if proxies:
        assert client.get("/en/my/1.1~guess/", **headers(GUESSES, "203.0.113.8")).status_code == 404


def test_a_guess_takes_no_query(participant, client):
    for number in range(MAX_GUESSES + 5):
        with CaptureQueriesContext(connection) as asked:
            client.get(f"/en/my/{participant.pk}.{number + 1}~guess/")

        assert [query["sql"] for query in asked if "registrations_" in query["sql"]] == []
        assert len(asked) <= 12
