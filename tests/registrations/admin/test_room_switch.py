"""The room is switched on the page of the arrivals, with one field and one press."""

import re
from html import unescape

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from time_machine import TimeMachineFixture

from registrations.models import Delegate, HistoryEvent
from registrations.services.planning import plan
from registrations.services.sending import send_due
from registrations.tokens import Scope, make_token
from sessions_app.models import Session
from tests.factories import FIRST_START, make_observer
from tests.registrations.services.deliveries import SOON, admitted, released_delegation

pytestmark = pytest.mark.django_db
ARRIVALS, SWITCH = "/admin/attendance/flows/1/arrivals/", "/admin/attendance/flows/1/room/"
SECOND = "https://second.example.org/room?pwd=1"


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


def test_one_field_and_one_press_lead_everybody_to_the_second_room(
    secretariat: Client, client: Client, ana: Delegate
) -> None:
    assert room_of(ana, Client()) == "https://rooms.example.org/flows"

    answer = secretariat.post(SWITCH, {"room": "second", "second_address": SECOND}, follow=True)

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
        secretariat.post(SWITCH, {"room": room, "second_address": unescape(field[1])})
        assert room_of(ana, Client()) == url
    assert HistoryEvent.objects.filter(kind="room_switched").count() == 2


def test_a_press_repeated_twenty_times_switches_once(secretariat: Client, ana: Delegate) -> None:
    for _press in range(20):
        answer = secretariat.post(SWITCH, {"room": "second", "second_address": SECOND}, follow=True)

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
    answer = secretariat.post(SWITCH, sent)

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


def test_the_page_of_the_session_does_not_lead_to_a_second_room_without_an_address(
    secretariat: Client, ana: Delegate
) -> None:
    session = Session.objects.get(number=1)
    path = reverse("admin:sessions_app_session_change", args=[session.pk])
    page = secretariat.get(path)
    assert f'href="{ARRIVALS}"' in page.content.decode()
    form = page.context["adminform"].form
    sent = {name: value for name, value in form.initial.items() if value is not None} | {
        "starts_at_0": "2026-11-16", "starts_at_1": "09:00", "uses_backup_room": "on", "backup_room_url": "",
        "items-TOTAL_FORMS": "0", "items-INITIAL_FORMS": "0",
    }  # fmt: skip

    answer = secretariat.post(path, sent)

    assert "Enter the address of the second room first." in words_of(answer)
    assert not Session.objects.filter(uses_backup_room=True).exists()
