"""The addresses of the rooms are in the answer to the join page's button, and in nothing else that leaves the house."""

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
    """Invited, reminded, and led to a second room: all that could carry an address has been made."""
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


def found(text: str) -> list[str]:
    return [room for room in ROOMS if room in text]


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def pages(ana: Delegate) -> dict[str, HttpResponse]:
    """Whatever can be opened without being of the secretariat."""
    page, join = make_token(ana, Scope.PAGE), make_token(ana, Scope.JOIN)
    delegation = ana.delegation.slug
    session = Session.objects.get(number=1).pk
    paths = {
        Client(): [
            "/en/", "/es/", "/en/webinars/flows/", "/webinars/flows/agenda.ics",
            f"/en/my/{page}/", f"/es/my/{page}/", f"/my/{page}/calendar.ics", f"/my/{page}/sessions/1.ics",
            f"/en/my/{page}/join/1/", f"/es/my/{join}/join/1/", f"/en/my/{join}/join/2/",
        ],
        signed_in(ana.delegation.body.focal_points.get().user): [
            "/en/delegations/", f"/en/delegations/{delegation}/", f"/es/delegations/{delegation}/",
        ],
        signed_in(make_observer()): [
            "/admin/quota-board/flows/", reverse("admin:sessions_app_session_change", args=[session]),
            reverse("admin:sessions_app_release_change", args=[Release.objects.get().pk]),
        ],
    }  # fmt: skip
    return {path: client.get(path) for client, of_one in paths.items() for path in of_one}


@pytest.mark.parametrize("now", [NOW, OPENING - timedelta(seconds=1), OPENING, FIRST_START])
def test_no_page_and_no_calendar_tells_it_before_the_button_nor_after(ana: Delegate, clock, now) -> None:
    clock.move_to(now)

    answers = pages(ana)

    assert {path: answer.status_code for path, answer in answers.items() if answer.status_code != 200} == {}
    assert [(path, found(answer.content.decode())) for path, answer in answers.items()] == [
        (path, []) for path in answers
    ]


def test_no_mail_tells_it_not_even_once_the_room_is_open(ana: Delegate) -> None:
    assert len(mail.outbox) >= 3
    assert any("The room is open." in message.body for message in mail.outbox)
    for message in mail.outbox:
        parsed = parse(message)
        texts = [part.get_content() for part in parsed.walk() if part.get_content_maintype() == "text"]
        calendar = calendar_of(parsed)
        whole = "".join(
            [parsed["Subject"], *texts, calendar.to_ical().decode().replace("\r\n ", "") if calendar else ""]
        )
        assert found(whole) == []


def test_no_release_ledger_or_delivery_holds_it(ana: Delegate) -> None:
    rows = [
        *Release.objects.all(),
        *ReleasedSession.objects.all(),
        *CalendarEntry.objects.all(),
        *Delivery.objects.all(),
    ]

    assert found(serializers.serialize("json", rows)) == []
    assert "/flows" not in str(list(HistoryEvent.objects.values()))


def test_the_button_alone_tells_it_and_only_the_one_in_use(ana: Delegate, clock) -> None:
    path = reverse("registrations:join", args=[make_token(ana, Scope.JOIN), 1])

    for now, told in ((OPENING - timedelta(seconds=1), []), (OPENING, ["second.example.org"])):
        clock.move_to(now)
        assert found(Client().post(path).content.decode()) == told
