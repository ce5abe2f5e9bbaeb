"""Switching between the two video rooms of a session on the page of its arrivals."""

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
    """An invited delegate; the first session begins now."""
    ana = admitted(released_delegation(), language="en")
    plan(now=SOON)
    send_due(clock=lambda: SOON)
    time_machine.move_to(FIRST_START)
    return ana


def page_text(response: HttpResponse) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def join_link(ana: Delegate, client: Client) -> str:
    """Return the address to which the button of the join page leads."""
    page = client.post(reverse("registrations:join", args=[make_token(ana, Scope.JOIN), 1])).content.decode()
    (link,) = re.findall(r'href="([^"]+)" rel="noreferrer"', page)
    return unescape(link)


def seen_value(response: HttpResponse) -> str:
    (seen,) = re.findall(r'name="seen" value="([^"]*)"', response.content.decode())
    return str(seen)


def seen_on_page(browser: Client) -> str:
    """Return the fingerprint that the arrivals page now submits."""
    return seen_value(browser.get(ARRIVALS))


def press(browser: Client, room: str, address: str) -> HttpResponse:
    """Open the page and submit one of its buttons."""
    sent = {"room": room, "second_address": address, "seen": seen_on_page(browser)}
    return browser.post(SWITCH, sent, follow=True)


def test_one_field_and_one_click_switch_everybody_to_the_second_room(
    secretariat: Client, client: Client, ana: Delegate
) -> None:
    assert join_link(ana, Client()) == "https://rooms.example.org/flows"

    answer = press(secretariat, "second", SECOND)

    assert answer.redirect_chain == [(ARRIVALS, 302)]
    assert "Whoever joins from now on is led to the second room. Nobody's calendar changes." in page_text(answer)
    assert "In use: the second room, at second.example.org." in page_text(answer)
    assert join_link(ana, Client()) == SECOND


def test_with_a_stored_second_address_one_click_switches_and_one_more_switches_back(
    secretariat: Client, ana: Delegate
) -> None:
    Session.objects.update(backup_room_url=SECOND)
    field = re.search(r'name="second_address" value="([^"]+)"', secretariat.get(ARRIVALS).content.decode())
    assert field is not None

    for room, url in (("second", SECOND), ("first", "https://rooms.example.org/flows")):
        press(secretariat, room, unescape(field[1]))
        assert join_link(ana, Client()) == url
    assert HistoryEvent.objects.filter(kind="room_switched").count() == 2


def test_switching_twenty_times_records_one_switch(secretariat: Client, ana: Delegate) -> None:
    sent = {"room": "second", "second_address": SECOND, "seen": seen_on_page(secretariat)}

    for _press in range(20):
        answer = secretariat.post(SWITCH, sent, follow=True)

    assert "This room was in use already; nothing has changed." in page_text(answer)
    assert HistoryEvent.objects.filter(kind="room_switched").count() == 1
    assert join_link(ana, Client()) == SECOND


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
def test_an_invalid_address_is_refused_and_shown_again_as_typed(
    secretariat: Client, ana: Delegate, sent: dict[str, str], said: str
) -> None:
    answer = secretariat.post(SWITCH, sent | {"seen": seen_on_page(secretariat)})

    assert answer.status_code == 422
    assert 'id="error-summary"' in answer.content.decode()
    assert said in page_text(answer)
    if typed := sent.get("second_address", "").replace("\x00", ""):
        assert typed in unescape(answer.content.decode())
    assert join_link(ana, Client()) == "https://rooms.example.org/flows"


def test_a_get_switches_nothing_and_an_unknown_session_is_not_found(secretariat: Client, ana: Delegate) -> None:
    assert secretariat.get(SWITCH).headers["Location"] == ARRIVALS
    assert secretariat.post(SWITCH.replace("/1/", "/9/"), {"room": "second"}).status_code == 404
    assert not Session.objects.filter(uses_backup_room=True).exists()


def test_observers_and_outsiders_cannot_switch_the_room(client: Client, ana: Delegate) -> None:
    client.force_login(make_observer())

    assert client.post(SWITCH, {"room": "second", "second_address": SECOND}).status_code == 403
    assert Client().post(SWITCH, {"room": "second", "second_address": SECOND}).status_code == 302
    assert not Session.objects.exclude(backup_room_url="").exists()


def test_the_page_shows_the_host_of_the_room_and_not_its_address(secretariat: Client, ana: Delegate) -> None:
    html = secretariat.get(ARRIVALS).content.decode()

    assert "rooms.example.org" in html
    assert "rooms.example.org/flows" not in html


def test_a_stale_page_does_not_restore_a_replaced_second_room(secretariat: Client, ana: Delegate) -> None:
    press(secretariat, "second", SECOND)
    stale = seen_on_page(secretariat)
    press(secretariat, "second", THIRD)

    answer = secretariat.post(SWITCH, {"room": "second", "second_address": f"{SECOND}&x", "seen": stale})

    assert answer.status_code == 422
    assert "Meanwhile another room was entered. Please look at it as it is now, and send the form again." in page_text(
        answer
    )
    assert "In use: the second room, at third.example.org." in page_text(answer)
    assert f'value="{SECOND}&x"' in unescape(answer.content.decode())
    assert join_link(ana, Client()) == THIRD

    # A page that shows the new state may switch again.
    again = {"room": "second", "second_address": SECOND, "seen": seen_value(answer)}
    assert secretariat.post(SWITCH, again).status_code == 302
    assert join_link(ana, Client()) == SECOND


def test_a_stale_page_does_not_switch_away_from_a_room_that_it_did_not_show(secretariat: Client, ana: Delegate) -> None:
    press(secretariat, "second", SECOND)
    stale = seen_on_page(secretariat)
    press(secretariat, "second", THIRD)

    answer = secretariat.post(SWITCH, {"room": "first", "second_address": SECOND, "seen": stale})

    assert answer.status_code == 422
    assert join_link(ana, Client()) == THIRD


def test_a_form_without_the_fingerprint_switches_nothing(secretariat: Client, ana: Delegate) -> None:
    for sent in (
        {"room": "second", "second_address": SECOND},
        {"room": "second", "second_address": SECOND, "seen": "ñ"},
    ):
        answer = secretariat.post(SWITCH, sent)

        assert (
            "Meanwhile another room was entered. Please look at it as it is now, and send the form again."
            in page_text(answer)
        )
    assert join_link(ana, Client()) == FIRST


def test_switching_back_with_a_blank_field_keeps_the_second_address(secretariat: Client, ana: Delegate) -> None:
    press(secretariat, "second", SECOND)

    press(secretariat, "first", "")

    assert join_link(ana, Client()) == FIRST
    assert f'value="{SECOND}"' in unescape(secretariat.get(ARRIVALS).content.decode())


def test_a_form_of_the_session_opened_before_the_switch_does_not_undo_it(secretariat: Client, ana: Delegate) -> None:
    session = Session.objects.get(number=1)
    opened = typed(session, title_en="Corrected title", uses_backup_room="", backup_room_url="https://old.example.org/")
    press(secretariat, "second", SECOND)

    assert secretariat.post(page(session), opened).status_code == 302

    session.refresh_from_db()
    assert (session.title_en, session.current_room_url) == ("Corrected title", SECOND)


def test_a_switch_while_the_form_of_the_session_is_saved_is_kept(secretariat: Client, ana: Delegate) -> None:
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


def test_the_page_of_the_session_shows_the_second_room_and_links_to_the_switch(
    secretariat: Client, ana: Delegate
) -> None:
    session = Session.objects.get(number=1)
    assert "No address is entered yet. Room and arrivals" in page_text(secretariat.get(page(session)))

    for room, told in (("second", "In use, at second.example.org."), ("first", "Not in use, at second.example.org.")):
        press(secretariat, room, SECOND)
        shown = secretariat.get(page(session))

        assert f"{told} Room and arrivals" in page_text(shown)
        assert shown.content.decode().count(f'href="{ARRIVALS}"') == 2
        assert SECOND not in unescape(shown.content.decode())


def test_the_page_shows_the_released_time_or_before_a_release_the_planned_one(
    secretariat: Client, ana: Delegate
) -> None:
    Session.objects.update(starts_at=FIRST_START + timedelta(hours=5))
    assert "Mon 16 Nov 2026, 09:00" in page_text(secretariat.get(ARRIVALS))

    make_session(ana.webinar, number=3, starts_at=FIRST_START + timedelta(hours=5))
    assert "Mon 16 Nov 2026, 14:00" in page_text(secretariat.get(ARRIVALS.replace("/1/", "/3/")))
