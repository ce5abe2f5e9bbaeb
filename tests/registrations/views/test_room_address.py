"""The addresses of the rooms are in the response to the join page's button and in no other page, file or mail."""

from datetime import timedelta

import pytest
from django.core import mail, serializers
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from registrations.models import CalendarEntry, Delegate, Delivery, HistoryEvent
from registrations.services.delivering.plan import plan
from registrations.services.delivering.send import send_due
from registrations.services.rooms import switch_room
from registrations.tokens import Scope, make_token
from sessions_app.models import Release, ReleasedSession, Session
from sessions_app.releases import release_webinar
from tests.calendar_client import calendar_of, parse
from tests.factories import FIRST_START, NOW, make_focal_point, make_observer, make_reminder_rule, make_staff, make_user
from tests.registrations.participants import make_participant

ROOMS = ("rooms.example.org", "second.example.org")
OPENING = FIRST_START - timedelta(minutes=15)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def ana(clock, db: None) -> Delegate:
    """A delegate who was invited and reminded, at a session that uses its second room."""
    ana = make_participant(language="en")
    make_focal_point(ana.delegation.body, make_user("focal@example.org"))
    Session.objects.update(backup_room_url="https://second.example.org/flows")
    release_webinar(ana.webinar, by=None, now=NOW)
    make_reminder_rule(ana.webinar, 10, "minutes")
    for now in (NOW, FIRST_START - 10 * MINUTE):
        plan(now=now)
        send_due(clock=lambda now=now: now + MINUTE)
    session = Session.objects.get(number=1)
    switch_room(session, to_second=True, by=make_staff("secretariat@example.org"), now=NOW)
    return ana


def room_addresses_in(text: str) -> list[str]:
    return [room for room in ROOMS if room in text]


def sign_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def pages(ana: Delegate) -> dict[str, HttpResponse]:
    """Return every page that can be opened without being staff."""
    page, join = make_token(ana, Scope.PAGE), make_token(ana, Scope.JOIN)
    delegation = ana.delegation.slug
    session = Session.objects.get(number=1).pk
    paths = {
        Client(): [
            "/en/", "/es/", "/en/webinars/flows/", "/webinars/flows/agenda.ics",
            f"/en/my/{page}/", f"/es/my/{page}/", f"/my/{page}/calendar.ics", f"/my/{page}/sessions/1.ics",
            f"/en/my/{page}/join/1/", f"/es/my/{join}/join/1/", f"/en/my/{join}/join/2/",
        ],
        sign_in(ana.delegation.body.focal_points.get().user): [
            "/en/delegations/", f"/en/delegations/{delegation}/", f"/es/delegations/{delegation}/",
        ],
        sign_in(make_observer()): [
            "/admin/quota-board/flows/", reverse("admin:sessions_app_session_change", args=[session]),
            reverse("admin:sessions_app_release_change", args=[Release.objects.get().pk]),
        ],
    }  # fmt: skip
    return {path: client.get(path) for client, of_one in paths.items() for path in of_one}


@pytest.mark.parametrize("now", [NOW, OPENING - timedelta(seconds=1), OPENING, FIRST_START])
def test_no_page_and_no_calendar_contains_the_room_before_or_after_the_click(ana: Delegate, clock, now) -> None:
    clock.move_to(now)

    answers = pages(ana)

    assert {path: answer.status_code for path, answer in answers.items() if answer.status_code != 200} == {}
    assert [(path, room_addresses_in(answer.content.decode())) for path, answer in answers.items()] == [
        (path, []) for path in answers
    ]


def test_no_mail_contains_the_room_even_while_it_is_open(ana: Delegate) -> None:
    assert len(mail.outbox) >= 3
    assert any("The room is open." in message.body for message in mail.outbox)
    for message in mail.outbox:
        parsed = parse(message)
        texts = [part.get_content() for part in parsed.walk() if part.get_content_maintype() == "text"]
        calendar = calendar_of(parsed)
        whole = "".join(
            [parsed["Subject"], *texts, calendar.to_ical().decode().replace("\r\n ", "") if calendar else ""]
        )
        assert room_addresses_in(whole) == []


def test_no_release_calendar_entry_or_delivery_contains_the_room(ana: Delegate) -> None:
    rows = [
        *Release.objects.all(),
        *ReleasedSession.objects.all(),
        *CalendarEntry.objects.all(),
        *Delivery.objects.all(),
    ]

    assert room_addresses_in(serializers.serialize("json", rows)) == []
    assert "/flows" not in str(list(HistoryEvent.objects.values()))


def test_only_the_button_returns_the_room_and_only_the_one_in_use(ana: Delegate, clock) -> None:
    path = reverse("registrations:join", args=[make_token(ana, Scope.JOIN), 1])

    for now, told in ((OPENING - timedelta(seconds=1), []), (OPENING, ["second.example.org"])):
        clock.move_to(now)
        assert room_addresses_in(Client().post(path).content.decode()) == told
