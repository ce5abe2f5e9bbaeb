import re

import pytest
from django.test import Client
from django.urls import reverse

from registrations.models import Arrival, CalendarEntry, Partstat
from registrations.tokens import Scope, make_token
from registrations.views.rate_limits import MAX_GUESSES
from tests.factories import FIRST_START

NAMES = [
    ("registrations:my", []),
    ("registrations:join", [1]),
    ("registrations_files:feed", []),
    ("registrations_files:session-ics", [1]),
]


def guess(client, number, **headers):
    return client.get(f"/en/my/{number}.1~guess/", headers=headers)


@pytest.mark.parametrize(("name", "args"), NAMES)
@pytest.mark.parametrize("change", [lambda token: token[:-1], lambda token: f"{token}A", lambda token: f"1{token}"])
def test_a_truncated_extended_or_changed_token_answers_404_everywhere(participant, client, name, args, change):
    token = make_token(participant, Scope.PAGE)

    assert client.get(reverse(name, args=[token, *args])).status_code == 200
    assert client.get(reverse(name, args=[change(token), *args])).status_code == 404


@pytest.mark.parametrize("token", ["%00", "%0A", "%F0%9F%8C%8D", "..", "%2e%2e", "1.1~" + "x" * 5000, "~", "'%22%3E"])
def test_no_token_causes_a_server_error(participant, client, token):
    for path in (f"/en/my/{token}/", f"/es/my/{token}/join/1/", f"/my/{token}/calendar.ics"):
        assert client.get(path).status_code == 404


def test_an_invalid_link_reveals_neither_the_reason_nor_a_name(participant, client, address_of):
    wrong_scope = client.get(address_of("registrations:my", participant, scope=Scope.JOIN))
    never = client.get("/en/my/1.1~guess/")

    for response in (wrong_scope, never):
        assert response.status_code == 404
        assert participant.name.encode() not in response.content
        assert b"token" not in re.sub(rb"csrf\w*|<link [^>]*>", b"", response.content.lower())
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Referrer-Policy"] == "same-origin"


def test_guesses_beyond_the_limit_answer_429(participant, client):
    statuses = [guess(client, number).status_code for number in range(MAX_GUESSES + 20)]

    assert statuses == [404] * MAX_GUESSES + [429] * 20
    response = guess(client, 0)
    assert response.headers["Retry-After"] == "300"
    assert b"Please wait a few minutes" in response.content


def test_a_guesser_is_identified_by_the_trusted_proxy_header(participant, client, settings):
    settings.TRUSTED_PROXY_COUNT = 1

    statuses = [
        guess(client, number, x_forwarded_for=f"198.51.100.{number}, 203.0.113.1").status_code
        for number in range(MAX_GUESSES + 5)
    ]

    assert statuses == [404] * MAX_GUESSES + [429] * 5
    assert guess(client, 0, x_forwarded_for="203.0.113.2").status_code == 404


def test_a_valid_link_opens_from_a_rate_limited_network(participant, client, address_of):
    for number in range(MAX_GUESSES + 1):
        guess(client, number)

    for name, args in NAMES:
        assert client.get(address_of(name, participant, *args)).status_code == 200


def test_an_expired_link_does_not_count_as_a_guess(participant, client, address_of):
    path = address_of("registrations_files:feed", participant)
    participant.token_version += 1
    participant.save()

    assert {client.get(path).status_code for _time in range(MAX_GUESSES + 5)} == {404}
    assert guess(client, 0).status_code == 404


@pytest.mark.parametrize("name", ["registrations:my", "registrations:join"])
def test_no_cookie_is_needed_and_none_is_set(participant, client, address_of, clock, name):
    clock.move_to(FIRST_START)

    page = client.get(address_of(name, participant, *([1] if name.endswith("join") else [])))

    assert (page.cookies.keys(), "csrfmiddlewaretoken" in page.content.decode()) == (set(), False)


def test_the_forms_work_without_cookies(participant, address_of, clock):
    clock.move_to(FIRST_START)
    for name, args, sent, status in (
        ("registrations:answer", [1], {"answer": "ACCEPTED"}, 302),
        ("registrations:join", [1], {}, 200),
        ("registrations:preferences", [], {"language": "es", "timezone": "America/Panama"}, 302),
        ("registrations:cannot-come", [], {"reason": ""}, 302),
    ):
        without_cookies = Client(enforce_csrf_checks=True)
        assert without_cookies.post(address_of(name, participant, *args), sent).status_code == status, name

    assert Arrival.objects.count() == 1
    assert set(CalendarEntry.objects.values_list("ical_partstat", flat=True)) == {Partstat.DECLINED}


def test_a_lost_link_is_requested_without_cookies(db, clock):
    answer = Client(enforce_csrf_checks=True).post("/en/my/", {"email": "ana@example.org"})

    assert (answer.status_code, answer.headers["Location"]) == (302, "/en/my/asked/")
