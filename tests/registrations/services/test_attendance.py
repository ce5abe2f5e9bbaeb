from datetime import timedelta
from functools import partial

import pytest

from registrations.exceptions import NotPossibleNow
from registrations.models import Arrival, CalendarEntry, Delegate, Delegation, DelegationStatus, Partstat
from registrations.queries.participant import ROOM_STAYS_OPEN, RoomState, room_state
from registrations.services.attendance import record_answer, record_arrival
from registrations.services.planning import plan
from sessions_app.models import ReleasedSession, Session
from sessions_app.releases import release_webinar
from tests.factories import FIRST_START, NOW
from tests.races import ROUNDS, two_writers
from tests.registrations.participants import make_entry, make_participant

pytestmark = pytest.mark.django_db

OPENING = FIRST_START - timedelta(minutes=15)
END = FIRST_START + timedelta(hours=2)


@pytest.fixture
def delegate():
    delegate = make_participant()
    release_webinar(delegate.webinar, by=None, now=NOW)
    for one in delegate.webinar.sessions.all():
        make_entry(delegate, one)
    return delegate


def first_session():
    return Session.objects.select_related("released").get(number=1)


def reload(delegate):
    return Delegate.objects.select_related("delegation").get(pk=delegate.pk)


def answers():
    return list(CalendarEntry.objects.order_by("session__number").values_list("ical_partstat", "answered_at"))


def test_an_answer_is_kept_with_its_time_for_this_session_alone(delegate):
    record_answer(delegate, first_session(), partstat=Partstat.TENTATIVE, now=NOW)

    assert answers() == [("TENTATIVE", NOW), ("NEEDS-ACTION", None)]


def test_the_latest_answer_counts(delegate):
    later = NOW + timedelta(days=1)
    record_answer(delegate, first_session(), partstat=Partstat.ACCEPTED, now=NOW)

    record_answer(delegate, first_session(), partstat=Partstat.DECLINED, now=later)

    assert answers()[0] == ("DECLINED", later)


def test_an_answer_to_the_new_hour_before_the_next_plan_is_kept(delegate):
    record_answer(delegate, first_session(), partstat=Partstat.ACCEPTED, now=NOW)
    moved_at, answered_at = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    Session.objects.filter(number=1).update(starts_at=FIRST_START + timedelta(hours=1))
    release_webinar(delegate.webinar, by=None, now=moved_at)

    record_answer(delegate, first_session(), partstat=Partstat.ACCEPTED, now=answered_at)
    plan(now=answered_at)

    assert answers() == [("ACCEPTED", answered_at), ("NEEDS-ACTION", None)]
    assert CalendarEntry.objects.get(session__number=1).starts_at == FIRST_START + timedelta(hours=1)


def test_an_answer_to_the_old_hour_is_asked_for_anew(delegate):
    record_answer(delegate, first_session(), partstat=Partstat.ACCEPTED, now=NOW)
    Session.objects.filter(number=1).update(starts_at=FIRST_START + timedelta(hours=1))
    release_webinar(delegate.webinar, by=None, now=NOW + timedelta(hours=1))

    plan(now=NOW + timedelta(hours=2))

    assert answers()[0] == ("NEEDS-ACTION", None)


def test_the_same_answer_again_changes_nothing(delegate):
    record_answer(delegate, first_session(), partstat=Partstat.ACCEPTED, now=NOW)

    record_answer(delegate, first_session(), partstat=Partstat.ACCEPTED, now=NOW + timedelta(hours=1))

    assert answers()[0] == ("ACCEPTED", NOW)


def test_an_answer_leaves_the_order_of_calendar_messages_alone(delegate):
    before = CalendarEntry.objects.values_list("sequence", "stamp", "planned_method").get(session__number=1)

    record_answer(delegate, first_session(), partstat=Partstat.ACCEPTED, now=NOW)

    assert CalendarEntry.objects.values_list("sequence", "stamp", "planned_method").get(session__number=1) == before


def test_an_answer_changes_only_the_own_entry(delegate):
    other = make_participant(delegate.delegation)
    make_entry(other, first_session())

    record_answer(delegate, first_session(), partstat=Partstat.ACCEPTED, now=NOW)

    assert CalendarEntry.objects.get(delegate=other).ical_partstat == Partstat.NEEDS_ACTION


def test_a_session_that_is_over_takes_no_answer(delegate):
    record_answer(delegate, first_session(), partstat=Partstat.ACCEPTED, now=END - timedelta(seconds=1))

    with pytest.raises(NotPossibleNow, match="over"):
        record_answer(delegate, first_session(), partstat=Partstat.DECLINED, now=END)

    assert answers()[0][0] == "ACCEPTED"


def test_a_cancelled_session_takes_no_answer(delegate):
    ReleasedSession.objects.filter(number=1).update(is_cancelled=True)

    with pytest.raises(NotPossibleNow, match="cancelled"):
        record_answer(delegate, first_session(), partstat=Partstat.ACCEPTED, now=NOW)

    assert answers()[0] == ("NEEDS-ACTION", None)


def test_an_answer_before_the_invitation_is_planned_is_asked_for_again(delegate):
    CalendarEntry.objects.all().delete()

    with pytest.raises(NotPossibleNow, match="being prepared"):
        record_answer(delegate, first_session(), partstat=Partstat.ACCEPTED, now=NOW)


def test_an_entry_of_the_address_before_takes_no_answer(delegate):
    Delegate.objects.update(email="new@example.org")

    with pytest.raises(NotPossibleNow):
        record_answer(reload(delegate), first_session(), partstat=Partstat.ACCEPTED, now=NOW)

    assert answers()[0] == ("NEEDS-ACTION", None)


@pytest.mark.parametrize(
    "change",
    [
        lambda: Delegate.objects.update(admitted_at=None),
        lambda: Delegate.objects.update(status="withdrawn", withdrawn_at=NOW),
        lambda: Delegation.objects.update(status=DelegationStatus.NOT_ATTENDING),
    ],
    ids=["not admitted", "withdrawn", "not attending"],
)
def test_someone_who_is_not_invited_neither_answers_nor_arrives(delegate, change):
    change()
    delegate = reload(delegate)

    with pytest.raises(NotPossibleNow):
        record_answer(delegate, first_session(), partstat=Partstat.ACCEPTED, now=NOW)
    with pytest.raises(NotPossibleNow):
        record_arrival(delegate, first_session(), now=FIRST_START)

    assert (answers()[0], Arrival.objects.count()) == (("NEEDS-ACTION", None), 0)


def test_the_first_arrival_counts_however_often_the_button_is_pressed(delegate):
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
def test_the_room_is_open_from_its_minutes_before_the_released_start_until_a_while_after_the_end(delegate, now, state):
    # The present plan is another matter than what was released.
    Session.objects.update(starts_at=FIRST_START + timedelta(days=7))

    assert room_state(first_session(), now=now) == state


def test_each_session_says_how_early_its_room_opens(delegate):
    Session.objects.update(room_opens_minutes=60)

    assert room_state(first_session(), now=FIRST_START - timedelta(minutes=60)) == RoomState.OPEN


def test_without_an_address_the_room_is_not_entered_and_with_the_second_one_in_use_it_is(delegate):
    Session.objects.update(room_url="", backup_room_url="https://second.example.org/")
    assert room_state(first_session(), now=FIRST_START) == RoomState.NOT_ENTERED

    Session.objects.update(uses_backup_room=True)
    assert room_state(first_session(), now=FIRST_START) == RoomState.OPEN


def test_a_cancelled_session_has_no_room(delegate):
    ReleasedSession.objects.update(is_cancelled=True)

    assert room_state(first_session(), now=FIRST_START) == RoomState.CANCELLED


@pytest.mark.parametrize("now", [OPENING - timedelta(seconds=1), END + ROOM_STAYS_OPEN])
def test_nobody_arrives_while_the_room_is_not_open(delegate, now):
    with pytest.raises(NotPossibleNow):
        record_arrival(delegate, first_session(), now=now)

    assert not Arrival.objects.exists()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_presses_at_the_same_moment_are_one_arrival(delegate):
    with two_writers() as race:
        for _round in range(ROUNDS):
            Arrival.objects.all().delete()

            outcomes = race(
                partial(record_arrival, delegate, first_session(), now=FIRST_START),
                partial(record_arrival, delegate, first_session(), now=FIRST_START),
            )

            assert [type(one) for one in outcomes] == [Arrival, Arrival]
            assert Arrival.objects.count() == 1
