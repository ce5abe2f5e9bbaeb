import re
from datetime import timedelta
from html import unescape

import pytest

from registrations.models import Arrival, CalendarEntry, Delegate, Delegation, DelegationStatus
from registrations.queries.rooms import ROOM_STAYS_OPEN
from registrations.services.nominations import withdraw_delegate
from registrations.tokens import Scope
from sessions_app.editing import cancel_session
from sessions_app.models import Session
from sessions_app.releases import release_webinar
from tests.factories import FIRST_START, NOW, make_delegate, make_session, make_staff
from tests.registrations.participants import make_participant

OPENING = FIRST_START - timedelta(minutes=15)
END = FIRST_START + timedelta(hours=2)
ROOM = b"rooms.example.org"


@pytest.fixture
def join(address_of):
    """Return the function that builds the path of the join page in a calendar entry."""

    def path(delegate, number=1, *, scope=Scope.JOIN, language="en"):
        return address_of("registrations:join", delegate, number, scope=scope, language=language)

    return path


def page_text(response):
    assert response.status_code == 200
    main = response.content.decode().partition("<main")[2].partition(">")[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def arrivals():
    return list(Arrival.objects.values_list("delegate", "session__number", "at"))


@pytest.mark.parametrize("scope", list(Scope))
def test_both_scopes_open_the_join_page(participant, client, join, scope):
    assert "Context and challenges 2" in page_text(client.get(join(participant, 2, scope=scope)))


def test_before_the_room_opens_the_page_says_when_in_both_zones(participant, client, join):
    Delegate.objects.update(timezone="America/Panama")

    text = page_text(client.get(join(participant)))

    assert "The room is not open yet." in text
    assert "It opens: Mon 16 Nov, 09:45 Panama, UTC−05:00 08:45 Costa Rica, UTC−06:00" in text


@pytest.mark.parametrize("now", [NOW, OPENING - timedelta(seconds=1)])
def test_before_the_room_opens_there_is_neither_button_nor_address_even_on_post(participant, client, join, clock, now):
    clock.move_to(now)

    for response in (client.get(join(participant)), client.post(join(participant))):
        assert "The room is not open yet." in page_text(response)
        assert b"Join now" not in response.content
        assert ROOM not in response.content
    assert arrivals() == []


def test_opening_the_page_changes_nothing_and_shows_a_button_without_the_address(participant, client, join, clock):
    clock.move_to(OPENING)

    for _time in range(2):
        response = client.get(join(participant))
        client.head(join(participant))

    assert "Join now" in page_text(response)
    assert ROOM not in response.content
    assert arrivals() == []


def test_the_button_records_the_arrival_and_returns_a_link_to_the_room(participant, client, join, clock):
    clock.move_to(OPENING)

    response = client.post(join(participant))

    assert response.status_code == 200
    (link,) = re.findall(rb"<a [^>]*rooms\.example\.org[^>]*>", response.content)
    assert b'href="https://rooms.example.org/flows"' in link
    assert b'rel="noreferrer"' in link
    assert response.content.count(ROOM) == 1
    assert arrivals() == [(participant.pk, 1, OPENING)]


def test_clicking_the_button_twenty_times_records_one_arrival(participant, client, join, clock):
    for minute in range(20):
        clock.move_to(OPENING + timedelta(minutes=minute))
        assert ROOM in client.post(join(participant)).content

    assert arrivals() == [(participant.pk, 1, OPENING)]


def test_each_person_and_each_session_has_its_own_arrival(participant, client, join, clock):
    other = make_participant(participant.delegation)
    clock.move_to(FIRST_START)
    client.post(join(participant))
    client.post(join(other))
    clock.move_to(FIRST_START + timedelta(days=1))
    client.post(join(participant, 2))

    assert {(delegate, number) for delegate, number, _at in arrivals()} == {
        (participant.pk, 1),
        (other.pk, 1),
        (participant.pk, 2),
    }


def test_a_session_that_overruns_still_opens_its_room(participant, client, join, clock):
    clock.move_to(END + ROOM_STAYS_OPEN - timedelta(seconds=1))

    assert ROOM in client.post(join(participant)).content


def test_after_the_session_the_page_says_so_even_on_post(participant, client, join, clock):
    clock.move_to(END + ROOM_STAYS_OPEN)

    for response in (client.get(join(participant)), client.post(join(participant))):
        assert "This session is over." in page_text(response)
        assert ROOM not in response.content
    assert arrivals() == []


def test_a_cancelled_session_says_so_even_on_post(participant, client, join, clock):
    cancel_session(Session.objects.get(number=1), now=NOW)
    release_webinar(participant.webinar, by=None, now=NOW)
    clock.move_to(FIRST_START)

    for response in (client.get(join(participant)), client.post(join(participant))):
        assert "This session has been cancelled." in page_text(response)
        assert ROOM not in response.content
    assert arrivals() == []


def test_a_cancellation_that_is_not_released_closes_no_room(participant, client, join, clock):
    cancel_session(Session.objects.get(number=1), now=NOW)
    clock.move_to(FIRST_START)

    assert ROOM in client.post(join(participant)).content


def test_a_session_without_a_room_address_says_so(participant, client, join, clock):
    Session.objects.update(room_url="")
    clock.move_to(FIRST_START)

    for response in (client.get(join(participant)), client.post(join(participant))):
        assert "The link to the room is not known yet." in page_text(response)
    assert arrivals() == []


def test_the_second_room_is_shown_as_soon_as_the_secretariat_switches(participant, client, join, clock):
    clock.move_to(FIRST_START)
    Session.objects.update(backup_room_url="https://second.example.org/room?a=1&b=2", uses_backup_room=True)

    html = unescape(client.post(join(participant)).content.decode())

    assert 'href="https://second.example.org/room?a=1&b=2"' in html
    assert "rooms.example.org" not in html


def test_the_released_hours_open_the_room_and_not_those_being_edited(participant, client, join, clock):
    Session.objects.filter(number=1).update(starts_at=FIRST_START + timedelta(days=3))
    clock.move_to(OPENING)

    assert "Join now" in page_text(client.get(join(participant)))


def test_a_person_who_is_not_invited_sees_no_room(participant, client, join, clock):
    clock.move_to(FIRST_START)
    waiting = make_delegate(participant.delegation, language="en")
    Delegation.objects.update(status=DelegationStatus.NOT_ATTENDING)

    for person in (waiting, participant):
        response = client.post(join(person))
        assert "Your delegation does not take part" in page_text(response)
        assert ROOM not in response.content
    assert arrivals() == []


def test_the_join_link_of_a_withdrawn_person_answers_gone(participant, client, join, clock):
    path = join(participant)
    withdraw_delegate(participant, version=1, by=make_staff(), now=NOW, reason="Ill")
    clock.move_to(FIRST_START)

    assert client.get(path).status_code == 410
    assert client.post(path).status_code == 410
    assert arrivals() == []


@pytest.mark.parametrize("number", [0, 3, 10**30])
def test_a_session_that_does_not_exist_or_is_not_released_has_no_join_page(participant, client, join, number):
    make_session(participant.webinar, number=3, starts_at=FIRST_START + timedelta(days=2))

    assert client.get(join(participant, number)).status_code == 404
    assert client.post(join(participant, number)).status_code == 404


def test_going_back_to_the_response_with_the_room_works_and_a_get_shows_the_button(participant, client, join, clock):
    clock.move_to(FIRST_START)

    answer = client.post(join(participant))

    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert f'href="{join(participant)}"' in answer.content.decode()
    assert client.get(join(participant)).headers["Cache-Control"] == "no-store"


def test_other_methods_are_refused(participant, client, join):
    assert {client.put(join(participant)).status_code, client.delete(join(participant)).status_code} == {405}


def test_the_join_page_is_private_and_sends_no_referrer(participant, client, join, clock):
    clock.move_to(FIRST_START)

    for response, kept in ((client.get(join(participant)), "no-store"), (client.post(join(participant)), "no-cache")):
        assert response.headers["Cache-Control"].removeprefix("private, ") == kept
        assert response.headers["Referrer-Policy"] == "same-origin"


def test_the_join_page_is_in_both_languages(participant, client, join):
    response = client.get(join(participant, language="es"))

    assert response.headers["Content-Language"] == "es"
    assert "Contexto y desafíos 1" in page_text(response)


def test_opening_takes_two_queries_and_arriving_a_few_more(
    participant, client, join, clock, django_assert_max_num_queries
):
    clock.move_to(FIRST_START)

    with django_assert_max_num_queries(2):
        client.get(join(participant))
    with django_assert_max_num_queries(8):
        client.post(join(participant))


def test_an_arrival_sends_no_calendar_message(participant, client, join, clock):
    before = list(CalendarEntry.objects.order_by("pk").values())
    clock.move_to(FIRST_START)

    client.post(join(participant))

    assert list(CalendarEntry.objects.order_by("pk").values()) == before
