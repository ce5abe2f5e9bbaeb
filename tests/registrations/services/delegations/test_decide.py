import pytest

from registrations.exceptions import GapsRemain, NotPossibleNow, ReasonRequired, WebinarOver
from registrations.models import Delegate, Delegation, HistoryEvent
from registrations.queries import seats_of
from registrations.services.delegations import accept_delegation, reopen_delegation, return_delegation
from tests.factories import make_delegate
from tests.registrations.services.delegations.stories import AFTER_THE_WEBINAR, fill, history


def test_accepting_admits_people_and_records_decision_and_comment(delegation, staff, now):
    Delegation.objects.update(status="submitted")
    fill(delegation)

    accepted = accept_delegation(delegation, comment=" Thank you ", by=staff, now=now)

    assert (accepted.status, accepted.decided_by, accepted.decided_at) == ("accepted", staff, now)
    assert (accepted.decision_comment, accepted.version) == ("Thank you", 2)
    assert Delegate.objects.admitted().count() == 8
    assert history() == [("accepted", staff, "Thank you")]


def test_accepting_with_a_gap_needs_an_explicit_choice(delegation, staff, now):
    Delegation.objects.update(status="submitted")
    delegate = make_delegate(delegation)

    with pytest.raises(GapsRemain, match="Accept with the gap open, waive the seats, or return the delegation"):
        accept_delegation(delegation, by=staff, now=now)

    assert accept_delegation(delegation, by=staff, now=now, with_gap=True).status == "accepted"
    assert list(Delegate.objects.admitted()) == [delegate]
    assert [seat.missing for seat in seats_of(delegation)] == [1, 2, 2, 2]
    assert history() == [("accepted_with_gap", staff, "")]


def test_a_complete_delegation_is_never_noted_as_accepted_with_a_gap(delegation, staff, now):
    Delegation.objects.update(status="submitted")
    fill(delegation)

    accept_delegation(delegation, by=staff, now=now, with_gap=True)

    assert history() == [("accepted", staff, "")]


def test_returning_needs_a_comment_and_uninvites_nobody(delegation, staff, now):
    Delegation.objects.update(status="submitted")
    admitted = make_delegate(delegation, admitted_at=now)

    with pytest.raises(ReasonRequired) as refused:
        return_delegation(delegation, comment=" ", by=staff, now=now)
    assert refused.value.field == "comment"

    returned = return_delegation(delegation, comment="Please add border control", by=staff, now=now)
    assert (returned.status, returned.decision_comment) == ("returned", "Please add border control")
    assert list(Delegate.objects.admitted()) == [admitted]
    assert history() == [("returned", staff, "Please add border control")]


def test_reopening_needs_a_reason_and_uninvites_nobody(delegation, staff, now):
    Delegation.objects.update(status="accepted")
    admitted = make_delegate(delegation, admitted_at=now)

    with pytest.raises(ReasonRequired):
        reopen_delegation(delegation, reason="", by=staff, now=now)

    assert reopen_delegation(delegation, reason="They asked for it", by=staff, now=now).status == "reopened"
    assert list(Delegate.objects.admitted()) == [admitted]
    assert history() == [("reopened", staff, "They asked for it")]


DECISIONS = {
    "accept": (lambda delegation, **who: accept_delegation(delegation, with_gap=True, **who), "submitted"),
    "return": (lambda delegation, **who: return_delegation(delegation, comment="Add one", **who), "submitted"),
    "reopen": (lambda delegation, **who: reopen_delegation(delegation, reason="Add one", **who), "accepted"),
}
STATES = ["draft", "submitted", "accepted", "returned", "reopened", "not_attending"]


@pytest.mark.parametrize(
    ("decide", "status"),
    [(name, status) for name, (_, wanted) in DECISIONS.items() for status in STATES if status != wanted],
)
def test_a_decision_is_refused_in_every_other_state(delegation, staff, now, decide, status):
    Delegation.objects.update(status=status)
    make_delegate(delegation)

    with pytest.raises(NotPossibleNow):
        DECISIONS[decide][0](delegation, by=staff, now=now)

    stored = Delegation.objects.get()
    assert (stored.status, stored.version) == (status, 1)
    assert not HistoryEvent.objects.exists()


@pytest.mark.parametrize("decide", DECISIONS)
def test_nothing_is_decided_after_the_webinar(delegation, staff, now, decide):
    step, status = DECISIONS[decide]
    Delegation.objects.update(status=status)

    with pytest.raises(WebinarOver):
        step(delegation, by=staff, now=now + AFTER_THE_WEBINAR)
