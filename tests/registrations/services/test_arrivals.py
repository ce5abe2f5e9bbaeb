from datetime import timedelta
from functools import partial

import pytest

from registrations.exceptions import NotPossibleNow
from registrations.models import Arrival, Delegate, Delegation, DelegationStatus
from registrations.queries.rooms import ROOM_STAYS_OPEN, RoomState, room_state
from registrations.services.arrivals import record_arrival
from sessions_app.models import ReleasedSession, Session
from sessions_app.releases import release_webinar
from tests.factories import FIRST_START, NOW
from tests.races import ROUNDS, two_writers
from tests.registrations.participants import make_participant

pytestmark = pytest.mark.django_db

OPENING = FIRST_START - timedelta(minutes=15)
END = FIRST_START + timedelta(hours=2)


@pytest.fixture
def delegate():
    delegate = make_participant()
    release_webinar(delegate.webinar, by=None, now=NOW)
    return delegate


def first_session():
    return Session.objects.select_related("released").get(number=1)


def reload(delegate):
    return Delegate.objects.select_related("delegation").get(pk=delegate.pk)


@pytest.mark.parametrize(
    "change",
    [
        lambda: Delegate.objects.update(admitted_at=None),
        lambda: Delegate.objects.update(status="withdrawn", withdrawn_at=NOW),
        lambda: Delegation.objects.update(status=DelegationStatus.NOT_ATTENDING),
    ],
    ids=["not admitted", "withdrawn", "not attending"],
)
def test_a_person_who_is_not_invited_cannot_arrive(delegate, change):
    change()
    delegate = reload(delegate)

    with pytest.raises(NotPossibleNow):
        record_arrival(delegate, first_session(), now=FIRST_START)

    assert not Arrival.objects.exists()


def test_only_the_first_click_is_stored_as_an_arrival(delegate):
    for minute in range(20):
        record_arrival(delegate, first_session(), now=OPENING + timedelta(minutes=minute))

    assert list(Arrival.objects.values_list("delegate", "session__number", "at")) == [(delegate.pk, 1, OPENING)]


def test_each_session_has_its_own_arrival(delegate):
    record_arrival(delegate, first_session(), now=FIRST_START)
    second = Session.objects.select_related("released").get(number=2)

    record_arrival(delegate, second, now=second.starts_at)

    assert Arrival.objects.count() == 2


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (OPENING - timedelta(seconds=1), RoomState.EARLY),
        (OPENING, RoomState.OPEN),
        (FIRST_START, RoomState.OPEN),
        (END - timedelta(seconds=1), RoomState.OPEN),
        (END, RoomState.OPEN),
        (END + ROOM_STAYS_OPEN - timedelta(seconds=1), RoomState.OPEN),
        (END + ROOM_STAYS_OPEN, RoomState.OVER),
    ],
)
def test_the_room_opens_before_the_released_start_and_stays_open_after_the_end(delegate, now, state):
    # The present plan is another matter than what was released.
    Session.objects.update(starts_at=FIRST_START + timedelta(days=7))

    assert room_state(first_session(), now=now) == state


def test_each_session_sets_how_early_its_room_opens(delegate):
    Session.objects.update(room_opens_minutes=60)

    assert room_state(first_session(), now=FIRST_START - timedelta(minutes=60)) == RoomState.OPEN


def test_the_room_can_be_entered_only_if_the_address_in_use_is_set(delegate):
    Session.objects.update(room_url="", backup_room_url="https://second.example.org/")
    assert room_state(first_session(), now=FIRST_START) == RoomState.NOT_ENTERED

    Session.objects.update(uses_backup_room=True)
    assert room_state(first_session(), now=FIRST_START) == RoomState.OPEN


def test_a_cancelled_session_has_no_room(delegate):
    ReleasedSession.objects.update(is_cancelled=True)

    assert room_state(first_session(), now=FIRST_START) == RoomState.CANCELLED


@pytest.mark.parametrize("now", [OPENING - timedelta(seconds=1), END + ROOM_STAYS_OPEN])
def test_an_arrival_is_refused_while_the_room_is_not_open(delegate, now):
    with pytest.raises(NotPossibleNow):
        record_arrival(delegate, first_session(), now=now)

    assert not Arrival.objects.exists()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_the_same_moment_are_one_arrival(delegate):
    with two_writers() as race:
        for _round in range(ROUNDS):
            Arrival.objects.all().delete()

            outcomes = race(
                partial(record_arrival, delegate, first_session(), now=FIRST_START),
                partial(record_arrival, delegate, first_session(), now=FIRST_START),
            )

            assert [type(one) for one in outcomes] == [Arrival, Arrival]
            assert Arrival.objects.count() == 1
