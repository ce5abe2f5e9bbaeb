from datetime import timedelta

import pytest

from registrations.exceptions import NotPossibleNow
from registrations.models import CalendarEntry, Delegate, Delegation, DelegationStatus, Partstat
from registrations.services.answers import record_answer
from registrations.services.delivering.plan import plan
from sessions_app.models import ReleasedSession, Session
from sessions_app.releases import release_webinar
from tests.factories import FIRST_START, NOW
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


def test_an_answer_to_the_moved_session_is_kept_by_the_next_plan(delegate):
    record_answer(delegate, first_session(), partstat=Partstat.ACCEPTED, now=NOW)
    moved_at, answered_at = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    Session.objects.filter(number=1).update(starts_at=FIRST_START + timedelta(hours=1))
    release_webinar(delegate.webinar, by=None, now=moved_at)

    record_answer(delegate, first_session(), partstat=Partstat.ACCEPTED, now=answered_at)
    plan(now=answered_at)

    assert answers() == [("ACCEPTED", answered_at), ("NEEDS-ACTION", None)]
    assert CalendarEntry.objects.get(session__number=1).starts_at == FIRST_START + timedelta(hours=1)


def test_moving_the_session_resets_an_earlier_answer(delegate):
    record_answer(delegate, first_session(), partstat=Partstat.ACCEPTED, now=NOW)
    Session.objects.filter(number=1).update(starts_at=FIRST_START + timedelta(hours=1))
    release_webinar(delegate.webinar, by=None, now=NOW + timedelta(hours=1))

    plan(now=NOW + timedelta(hours=2))

    assert answers()[0] == ("NEEDS-ACTION", None)


def test_the_same_answer_again_renews_its_time(delegate):
    record_answer(delegate, first_session(), partstat=Partstat.ACCEPTED, now=NOW)

    record_answer(delegate, first_session(), partstat=Partstat.ACCEPTED, now=NOW + timedelta(hours=1))

    assert answers()[0] == ("ACCEPTED", NOW + timedelta(hours=1))


def test_an_answer_changes_neither_sequence_nor_stamp_of_the_entry(delegate):
    before = CalendarEntry.objects.values_list("sequence", "stamp", "planned_method").get(session__number=1)

    record_answer(delegate, first_session(), partstat=Partstat.ACCEPTED, now=NOW)

    assert CalendarEntry.objects.values_list("sequence", "stamp", "planned_method").get(session__number=1) == before


def test_an_answer_changes_no_entry_of_another_person(delegate):
    other = make_participant(delegate.delegation)
    make_entry(other, first_session())

    record_answer(delegate, first_session(), partstat=Partstat.ACCEPTED, now=NOW)

    assert CalendarEntry.objects.get(delegate=other).ical_partstat == Partstat.NEEDS_ACTION


def test_an_answer_after_the_end_of_the_session_is_refused(delegate):
    record_answer(delegate, first_session(), partstat=Partstat.ACCEPTED, now=END - timedelta(seconds=1))

    with pytest.raises(NotPossibleNow, match="over"):
        record_answer(delegate, first_session(), partstat=Partstat.DECLINED, now=END)

    assert answers()[0][0] == "ACCEPTED"


def test_an_answer_to_a_cancelled_session_is_refused(delegate):
    ReleasedSession.objects.filter(number=1).update(is_cancelled=True)

    with pytest.raises(NotPossibleNow, match="cancelled"):
        record_answer(delegate, first_session(), partstat=Partstat.ACCEPTED, now=NOW)

    assert answers()[0] == ("NEEDS-ACTION", None)


def test_an_answer_before_the_invitation_is_planned_is_refused(delegate):
    CalendarEntry.objects.all().delete()

    with pytest.raises(NotPossibleNow, match="being prepared"):
        record_answer(delegate, first_session(), partstat=Partstat.ACCEPTED, now=NOW)


def test_an_answer_to_the_entry_of_a_former_address_is_refused(delegate):
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
def test_a_person_who_is_not_invited_cannot_answer(delegate, change):
    change()
    delegate = reload(delegate)

    with pytest.raises(NotPossibleNow):
        record_answer(delegate, first_session(), partstat=Partstat.ACCEPTED, now=NOW)

    assert answers()[0] == ("NEEDS-ACTION", None)
