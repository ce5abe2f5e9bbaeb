"""Switching the room: at once, kept, and without a word to anybody's calendar."""

from datetime import timedelta

import pytest

from registrations.exceptions import InvalidInput, RuleBroken, WebinarOver
from registrations.models import CalendarEntry, Delegate, Delivery, HistoryEvent, User
from registrations.services.delivering.plan import plan
from registrations.services.rooms import fingerprint_of_rooms, switch_room
from registrations.tokens import Scope, make_token, read_feed_token
from registrations.views.participant.calendar_files import feed_etag
from sessions_app.models import Session
from tests.factories import FIRST_START
from tests.registrations.services.deliveries import admitted, plan_and_send, released_delegation

pytestmark = pytest.mark.django_db
FIRST, SECOND = "https://rooms.example.org/flows", "https://second.example.org/room?pwd=1"


@pytest.fixture
def ana() -> Delegate:
    """Someone whose invitations have gone out."""
    ana = admitted(released_delegation(), language="en")
    plan_and_send()
    return ana


@pytest.fixture
def session(ana: Delegate) -> Session:
    return Session.objects.get(webinar=ana.webinar, number=1)


def switched(session: Session, *, by: User, to_second: bool = True, now=FIRST_START, **fields: str) -> str:
    """The address that those who join are led to then."""
    switch_room(session, to_second=to_second, by=by, now=now, **fields)
    return Session.objects.get(pk=session.pk).current_room_url


def test_one_step_leads_to_the_second_room_and_another_back(session: Session, staff: User) -> None:
    assert switched(session, by=staff, second_address=f"  {SECOND} ") == SECOND
    assert switched(session, by=staff, to_second=False) == FIRST
    assert switched(session, by=staff) == SECOND


def test_a_room_switch_is_recorded_with_hosts_and_without_addresses(session: Session, staff: User) -> None:
    switched(session, by=staff, second_address=SECOND)

    (event,) = HistoryEvent.objects.all()
    assert (event.kind, event.actor, event.at, event.webinar) == ("room_switched", staff, FIRST_START, session.webinar)
    assert event.changes == {"session": [None, 1], "room": ["1 (rooms.example.org)", "2 (second.example.org)"]}


def test_a_third_room_in_place_of_the_second_is_kept_too(session: Session, staff: User) -> None:
    switched(session, by=staff, second_address=SECOND)

    assert switched(session, by=staff, second_address="https://third.example.org/") == "https://third.example.org/"
    assert HistoryEvent.objects.count() == 2


def test_the_same_step_again_changes_nothing_and_is_kept_once(session: Session, staff: User) -> None:
    told = [
        switch_room(session, to_second=True, by=staff, now=FIRST_START, second_address=SECOND) for _press in range(3)
    ]

    assert told == [True, False, False]
    assert HistoryEvent.objects.count() == 1


def test_leading_back_keeps_the_second_address_whatever_is_typed(session: Session, staff: User) -> None:
    switched(session, by=staff, second_address=SECOND)

    assert switched(session, by=staff, to_second=False, second_address="") == FIRST
    assert switched(session, by=staff) == SECOND


@pytest.mark.parametrize(
    "meanwhile",
    [
        {"room_url": "https://third.example.org/"},
        {"backup_room_url": "https://third.example.org/"},
        {"backup_room_url": "https://third.example.org/", "uses_backup_room": True},
    ],
)
def test_a_switch_with_an_outdated_fingerprint_is_refused(
    session: Session, staff: User, meanwhile: dict[str, str | bool]
) -> None:
    seen = fingerprint_of_rooms(session)
    Session.objects.filter(pk=session.pk).update(**meanwhile)
    before = Session.objects.get(pk=session.pk).current_room_url

    with pytest.raises(RuleBroken, match="Meanwhile another room was entered"):
        switched(session, by=staff, second_address=SECOND, shown_fingerprint=seen)

    assert Session.objects.get(pk=session.pk).current_room_url == before
    assert not HistoryEvent.objects.exists()


def test_entering_the_same_room_twice_is_accepted(session: Session, staff: User) -> None:
    seen = fingerprint_of_rooms(session)

    assert switched(session, by=staff, second_address=SECOND, shown_fingerprint=seen) == SECOND
    assert switched(session, by=staff, second_address=SECOND, shown_fingerprint=seen) == SECOND
    assert HistoryEvent.objects.count() == 1


def test_the_fingerprint_holds_no_address(session: Session) -> None:
    assert "rooms.example.org" not in fingerprint_of_rooms(session)


def test_nobody_is_mailed_and_no_calendar_changes(session: Session, staff: User, ana: Delegate) -> None:
    before = _told(ana)

    switched(session, by=staff, second_address=SECOND)
    plan(now=FIRST_START - timedelta(hours=3))

    assert _told(ana) == before


def _told(delegate: Delegate) -> tuple[object, ...]:
    subscribed = read_feed_token(make_token(delegate, Scope.PAGE))
    return list(Delivery.objects.values()), list(CalendarEntry.objects.values()), feed_etag(subscribed)


@pytest.mark.parametrize(
    "address",
    ["second", "javascript:alert(1)", "ftp://second.example.org/", "https://", f"https://a.example/{'x' * 500}"],
)
def test_an_invalid_web_address_is_refused(session: Session, staff: User, address: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        switched(session, by=staff, second_address=address)

    assert list(refusal.value.messages) == ["second_address"]
    assert Session.objects.get(pk=session.pk).current_room_url == FIRST
    assert not HistoryEvent.objects.exists()


@pytest.mark.parametrize("fields", [{}, {"second_address": ""}, {"second_address": "   "}])
def test_switching_to_a_room_without_an_address_is_refused(
    session: Session, staff: User, fields: dict[str, str]
) -> None:
    with pytest.raises(RuleBroken, match="Enter the address of the second room first"):
        switched(session, by=staff, **fields)

    Session.objects.update(room_url="")
    with pytest.raises(RuleBroken, match="The first room has no address"):
        switched(session, by=staff, to_second=False)


def test_after_the_last_session_no_room_is_switched(session: Session, staff: User) -> None:
    with pytest.raises(WebinarOver):
        switched(session, by=staff, second_address=SECOND, now=FIRST_START + timedelta(days=2))
