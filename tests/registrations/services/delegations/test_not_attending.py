import pytest

from registrations.exceptions import ReasonRequired
from registrations.models import Delegate, Delegation
from registrations.services.delegations import mark_attending_again, mark_not_attending
from tests.factories import make_delegate
from tests.registrations.services.delegations.stories import HELD, LATER, history


@pytest.mark.parametrize("status", ["draft", "submitted", "accepted", "returned", "reopened"])
def test_not_attending_is_reversible_from_every_state(delegation, focal_point, now, status):
    Delegation.objects.update(status=status)
    delegate = make_delegate(delegation, admitted_at=now)

    left = mark_not_attending(delegation, reason="No budget", by=focal_point, now=now)

    assert (left.status, left.status_before, left.not_attending_reason) == ("not_attending", status, "No budget")
    assert Delegate.objects.get().mail_not_before == now + HELD

    back = mark_attending_again(delegation, by=focal_point, now=now + LATER)
    assert (back.status, back.status_before, back.not_attending_reason, back.version) == (status, "", "", 3)
    delegate.refresh_from_db()
    assert (delegate.admitted_at, delegate.mail_not_before) == (now, now + LATER + HELD)
    assert history() == [("not_attending", focal_point, "No budget"), ("attending_again", focal_point, "")]


def test_not_attending_needs_a_reason(delegation, focal_point, now):
    with pytest.raises(ReasonRequired):
        mark_not_attending(delegation, reason=" ", by=focal_point, now=now)

    assert Delegation.objects.get().status == "draft"


def test_not_attending_twice_keeps_the_first_reason_and_the_way_back(delegation, focal_point, now):
    mark_not_attending(delegation, reason="No budget", by=focal_point, now=now)

    again = mark_not_attending(delegation, reason="Something else", by=focal_point, now=now)

    assert (again.status_before, again.not_attending_reason, again.version) == ("draft", "No budget", 2)
    assert len(history()) == 1


def test_marking_an_attending_delegation_as_attending_changes_nothing(delegation, focal_point, now):
    assert mark_attending_again(delegation, by=focal_point, now=now).version == 1
    assert history() == []
