from datetime import timedelta

import pytest

from registrations.exceptions import EditConflict, ReasonRequired
from registrations.models import Delegate, DelegateStatus, Delegation, DelegationStatus
from registrations.queries import seats_of
from registrations.services.delegations import mark_attending_again, mark_not_attending
from registrations.services.nominations import withdraw_delegate
from tests.factories import make_delegate, make_delegation, make_organisation
from tests.registrations.services.nominations.stories import SOON, history


def test_withdrawing_frees_the_seat_and_ends_the_links(delegation, focal_point, now):
    Delegation.objects.update(status=DelegationStatus.ACCEPTED)
    delegate = make_delegate(delegation, admitted_at=now - SOON)

    withdraw_delegate(delegate, version=1, by=focal_point, now=now, reason=" fell ill ")

    delegate.refresh_from_db()
    assert (delegate.status, delegate.withdrawn_at) == (DelegateStatus.WITHDRAWN, now)
    assert (delegate.withdrawn_reason, delegate.token_version, delegate.version) == ("fell ill", 2, 2)
    assert not Delegate.objects.admitted().exists()
    assert seats_of(delegation)[0].named == 0
    assert history(delegate) == [("withdrawn", "fell ill", {})]
    assert Delegation.objects.get().status == DelegationStatus.ACCEPTED


def test_withdrawing_below_the_floor_needs_a_reason(delegation, focal_point, now):
    delegate, _ = make_delegate(delegation), make_delegate(delegation)

    with pytest.raises(ReasonRequired) as refused:
        withdraw_delegate(delegate, version=1, by=focal_point, now=now, reason=" ")

    assert str(refused.value.message) == "Please give a reason: this leaves a gap in the quota."
    assert Delegate.objects.active().count() == 2


def test_withdrawing_above_the_floor_needs_no_reason(delegation, focal_point, now):
    delegate, _, _ = (make_delegate(delegation) for _ in range(3))

    assert withdraw_delegate(delegate, version=1, by=focal_point, now=now).status == DelegateStatus.WITHDRAWN


def test_withdrawing_from_an_organisation_needs_no_reason(delegation, staff, now):
    delegate = make_delegate(make_delegation(delegation.webinar, make_organisation()), None)

    assert withdraw_delegate(delegate, version=1, by=staff, now=now).status == DelegateStatus.WITHDRAWN


def test_withdrawing_twice_changes_nothing(delegation, focal_point, now):
    delegate = make_delegate(delegation)
    withdraw_delegate(delegate, version=1, by=focal_point, now=now, reason="ill")

    again = withdraw_delegate(delegate, version=1, by=focal_point, now=now + SOON)

    assert (again.version, again.withdrawn_at, again.withdrawn_reason) == (2, now, "ill")
    assert len(history(delegate)) == 1


def test_a_stale_withdrawal_is_refused(delegation, focal_point, now):
    delegate = make_delegate(delegation, version=2)

    with pytest.raises(EditConflict):
        withdraw_delegate(delegate, version=1, by=focal_point, now=now, reason="ill")


def test_an_action_on_the_delegation_makes_no_delegate_new(delegation, focal_point, now):
    """It holds the mail of everybody; who was named long ago is withdrawn with a reason all the same."""
    delegate = make_delegate(delegation, registered_at=now - timedelta(days=1))
    mark_not_attending(delegation, reason="budget", by=focal_point, now=now)
    mark_attending_again(delegation, by=focal_point, now=now)

    with pytest.raises(ReasonRequired):
        withdraw_delegate(delegate, version=1, by=focal_point, now=now)
