"""The room is switched on the page of the arrivals, with one field and one press."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db.models.signals import pre_save
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from time_machine import TimeMachineFixture

from registrations.models import Delegate, HistoryEvent
from registrations.services.delivering.plan import plan
from registrations.services.delivering.send import send_due
from registrations.tokens import Scope, make_token
from sessions_app.models import Session
from tests.factories import FIRST_START, make_observer, make_session
from tests.registrations.services.deliveries import SOON, admitted, released_delegation
from tests.sessions_app.admin.test_agenda import page, typed

pytestmark = pytest.mark.django_db
ARRIVALS, SWITCH = "/admin/attendance/flows/1/arrivals/", "/admin/attendance/flows/1/room/"
FIRST, SECOND = "https://rooms.example.org/flows", "https://second.example.org/room?pwd=1"
THIRD = "https://third.example.org/room"


@pytest.fixture
def ana(time_machine: TimeMachineFixture) -> Delegate:
    """Someone who is invited; the first session begins now."""
    ana = admitted(released_delegation(), language="en")
    plan(now=SOON)
    send_due(clock=lambda: SOON)
    time_machine.move_to(FIRST_START)
    return ana


def words_of(response: HttpResponse) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def room_of(ana: Delegate, client: Client) -> str:
    """Where the button of the join page leads."""
    page = client.post(reverse("registrations:join", args=[make_token(ana, Scope.JOIN), 1])).content.decode()
    (link,) = re.findall(r'href="([^"]+)" rel="noreferrer"', page)
    return unescape(link)


def seen_in(response: HttpResponse) -> str:
    (seen,) = re.findall(r'name="seen" value="([^"]*)"', response.content.decode())
    return str(seen)


def seen_on(browser: Client) -> str:
    """What the page of the arrivals shows now, as it is sent with a press."""
    return seen_in(browser.get(ARRIVALS))


def press(browser: Client, room: str, address: str) -> HttpResponse:
    """Open the page, and press one of its buttons."""
    sent = {"room": room, "second_address": address, "seen": seen_on(browser)}
    return browser.post(SWITCH, sent, follow=True)


def test_one_field_and_one_press_lead_everybody_to_the_second_room(
    secretariat: Client, client: Client, ana: Delegate
) -> None:
    assert room_of(ana, Client()) == "https://rooms.example.org/flows"

    answer = press(secretariat, "second", SECOND)

    assert answer.redirect_chain == [(ARRIVALS, 302)]
    assert "Whoever joins from now on is led to the second room. Nobody's calendar changes." in words_of(answer)
    assert "In use: the second room, at second.example.org." in words_of(answer)
    assert room_of(ana, Client()) == SECOND


def test_with_the_address_entered_before_one_press_is_enough_and_one_more_leads_back(
    secretariat: Client, ana: Delegate
) -> None:
    Session.objects.update(backup_room_url=SECOND)
    field = re.search(r'name="second_address" value="([^"]+)"', secretariat.get(ARRIVALS).content.decode())
    assert field is not None

    for room, url in (("second", SECOND), ("first", "https://rooms.example.org/flows")):
        press(secretariat, room, unescape(field[1]))
        assert room_of(ana, Client()) == url
    assert HistoryEvent.objects.filter(kind="room_switched").count() == 2


def test_a_press_repeated_twenty_times_switches_once(secretariat: Client, ana: Delegate) -> None:
    sent = {"room": "second", "second_address": SECOND, "seen": seen_on(secretariat)}

    for _press in range(20):
        answer = secretariat.post(SWITCH, sent, follow=True)

    assert "This room was in use already; nothing has changed." in words_of(answer)
    assert HistoryEvent.objects.filter(kind="room_switched").count() == 1
    assert room_of(ana, Client()) == SECOND


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"room": "second", "second_address": ""}, "Enter the address of the second room first."),
        ({"room": "second", "second_address": "second <b>"}, "This is not an address of the web."),
        ({"room": "second", "second_address": "javascript:alert(1)"}, "This is not an address of the web."),
        ({"room": "third", "second_address": SECOND}, "third"),
        ({"room": "second", "second_address": "https://a.example/\x00"}, "Null characters are not allowed."),
        ({}, "This field is required."),
    ],
)
def test_what_cannot_be_is_said_and_nothing_typed_is_lost(
    secretariat: Client, ana: Delegate, sent: dict[str, str], said: str
) -> None:
    answer = secretariat.post(SWITCH, sent | {"seen": seen_on(secretariat)})

    assert answer.status_code == 422
    assert 'id="error-summary"' in answer.content.decode()
    assert said in words_of(answer)
    if typed := sent.get("second_address", "").replace("\x00", ""):
        assert typed in unescape(answer.content.decode())
    assert room_of(ana, Client()) == "https://rooms.example.org/flows"


def test_opening_the_address_switches_nothing_and_another_session_is_not_found(
    secretariat: Client, ana: Delegate
) -> None:
    assert secretariat.get(SWITCH).headers["Location"] == ARRIVALS
    assert secretariat.post(SWITCH.replace("/1/", "/9/"), {"room": "second"}).status_code == 404
    assert not Session.objects.filter(uses_backup_room=True).exists()


def test_who_only_looks_on_and_who_is_a_stranger_switch_nothing(client: Client, ana: Delegate) -> None:
    client.force_login(make_observer())

    assert client.post(SWITCH, {"room": "second", "second_address": SECOND}).status_code == 403
    assert Client().post(SWITCH, {"room": "second", "second_address": SECOND}).status_code == 302
    assert not Session.objects.exclude(backup_room_url="").exists()


def test_the_page_tells_whose_house_it_is_and_not_what_opens_it(secretariat: Client, ana: Delegate) -> None:
    html = secretariat.get(ARRIVALS).content.decode()

    assert "rooms.example.org" in html
    assert "rooms.example.org/flows" not in html


def test_a_stale_page_does_not_bring_back_a_broken_second_room(secretariat: Client, ana: Delegate) -> None:
    press(secretariat, "second", SECOND)
    stale = seen_on(secretariat)
    press(secretariat, "second", THIRD)

    answer = secretariat.post(SWITCH, {"room": "second", "second_address": f"{SECOND}&x", "seen": stale})

    assert answer.status_code == 422
    assert "Meanwhile another room was entered. Please look at it as it is now, and send the form again." in words_of(
        answer
    )
    assert "In use: the second room, at third.example.org." in words_of(answer)
    assert f'value="{SECOND}&x"' in unescape(answer.content.decode())
    assert room_of(ana, Client()) == THIRD

    # Whoever has seen the new state decides again.
    again = {"room": "second", "second_address": SECOND, "seen": seen_in(answer)}
    assert secretariat.post(SWITCH, again).status_code == 302
    assert room_of(ana, Client()) == SECOND


def test_a_stale_page_does_not_lead_back_from_a_room_that_it_never_showed(secretariat: Client, ana: Delegate) -> None:
    press(secretariat, "second", SECOND)
    stale = seen_on(secretariat)
    press(secretariat, "second", THIRD)

    answer = secretariat.post(SWITCH, {"room": "first", "second_address": SECOND, "seen": stale})

    assert answer.status_code == 422
    assert room_of(ana, Client()) == THIRD


def test_a_page_that_says_not_what_it_showed_switches_nothing(secretariat: Client, ana: Delegate) -> None:
    for sent in (
        {"room": "second", "second_address": SECOND},
        {"room": "second", "second_address": SECOND, "seen": "ñ"},
    ):
        answer = secretariat.post(SWITCH, sent)

        assert (
            "Meanwhile another room was entered. Please look at it as it is now, and send the form again."
            in words_of(answer)
        )
    assert room_of(ana, Client()) == FIRST


def test_switching_back_with_a_blank_field_keeps_the_second_address(secretariat: Client, ana: Delegate) -> None:
    press(secretariat, "second", SECOND)

    press(secretariat, "first", "")

    assert room_of(ana, Client()) == FIRST
    assert f'value="{SECOND}"' in unescape(secretariat.get(ARRIVALS).content.decode())


def test_a_form_of_the_session_opened_before_the_switch_does_not_undo_it(secretariat: Client, ana: Delegate) -> None:
    session = Session.objects.get(number=1)
    opened = typed(session, title_en="Corrected title", uses_backup_room="", backup_room_url="https://old.example.org/")
    press(secretariat, "second", SECOND)

    assert secretariat.post(page(session), opened).status_code == 302

    session.refresh_from_db()
    assert (session.title_en, session.current_room_url) == ("Corrected title", SECOND)


def test_a_switch_in_the_moment_in_which_the_form_of_the_session_is_saved_stays(
    secretariat: Client, ana: Delegate
) -> None:
    session = Session.objects.get(number=1)
    second = Session.objects.filter(pk=session.pk)

    def switched(**_signal: object) -> None:
        second.update(backup_room_url=SECOND, uses_backup_room=True)

    pre_save.connect(switched, sender=Session)
    try:
        secretariat.post(page(session), typed(session, title_en="Corrected title"))
    finally:
        pre_save.disconnect(switched, sender=Session)

    session.refresh_from_db()
    assert (session.title_en, session.current_room_url) == ("Corrected title", SECOND)


def test_the_page_of_the_session_tells_of_the_second_room_and_leads_to_where_it_is_switched(
    secretariat: Client, ana: Delegate
) -> None:
    session = Session.objects.get(number=1)
    assert "No address is entered yet. Room and arrivals" in words_of(secretariat.get(page(session)))

    for room, told in (("second", "In use, at second.example.org."), ("first", "Not in use, at second.example.org.")):
        press(secretariat, room, SECOND)
        shown = secretariat.get(page(session))

        assert f"{told} Room and arrivals" in words_of(shown)
        assert shown.content.decode().count(f'href="{ARRIVALS}"') == 2
        assert SECOND not in unescape(shown.content.decode())


def test_the_hour_is_the_released_one_and_before_the_first_release_the_planned_one(
    secretariat: Client, ana: Delegate
) -> None:
    Session.objects.update(starts_at=FIRST_START + timedelta(hours=5))
    assert "Mon 16 Nov 2026, 15:00" in words_of(secretariat.get(ARRIVALS))

    make_session(ana.webinar, number=3, starts_at=FIRST_START + timedelta(hours=5))
    assert "Mon 16 Nov 2026, 20:00" in words_of(secretariat.get(ARRIVALS.replace("/1/", "/3/")))
