import pytest

from registrations.exceptions import AddressTakenHere, EditConflict, NotPossibleNow
from registrations.models import Delegate, DelegateStatus, Delegation, DelegationStatus, HistoryEvent, Quota
from registrations.queries import seats_of
from registrations.services.nominations import replace_delegate
from tests.factories import make_delegate, make_details
from tests.registrations.services.nominations.stories import HELD, SOON, history


def test_replacing_keeps_the_quota_whole_and_links_both_people(delegation, focal_point, profiles, now):
    Quota.objects.update(maximum=2)
    old, _ = make_delegate(delegation, "prosecutors"), make_delegate(delegation, "prosecutors")
    details = make_details("border-control", name="Luis Paz")

    newcomer = replace_delegate(old, details=details, version=1, by=focal_point, now=now, reason="fell ill")

    old.refresh_from_db()
    assert (old.status, old.replaced_by, old.withdrawn_at) == (DelegateStatus.REPLACED, newcomer, now)
    assert (old.withdrawn_reason, old.token_version, old.version) == ("fell ill", 2, 2)
    assert (newcomer.profile, newcomer.admitted_at) == (profiles["prosecutors"], None)
    assert (old.mail_not_before, newcomer.mail_not_before) == (now + HELD, now + HELD)
    assert [seat.named for seat in seats_of(delegation)] == [2, 0, 0, 0]
    assert history(old) == [("replaced", "fell ill", {"replaced_by": ["", "Luis Paz"]})]
    assert history(newcomer) == [("registered", "", {"replaces": ["", old.name]})]


def test_a_replacement_in_an_accepted_delegation_is_admitted_at_once(delegation, focal_point, now):
    Delegation.objects.update(status=DelegationStatus.ACCEPTED)
    old = make_delegate(delegation, admitted_at=now - SOON)

    newcomer = replace_delegate(old, details=make_details(), version=1, by=focal_point, now=now)

    assert newcomer.admitted_at == now


def test_a_replacement_whose_address_is_taken_leaves_the_old_person_in_place(delegation, focal_point, now):
    old, colleague = make_delegate(delegation), make_delegate(delegation)

    with pytest.raises(AddressTakenHere):
        replace_delegate(old, details=make_details(email=colleague.email), version=1, by=focal_point, now=now)

    old.refresh_from_db()
    assert (old.status, old.version, old.token_version) == (DelegateStatus.ACTIVE, 1, 1)
    assert not HistoryEvent.objects.exists()


def test_a_replacement_can_have_the_address_of_the_replaced_person(delegation, focal_point, now):
    old = make_delegate(delegation, email="desk@example.org")

    newcomer = replace_delegate(old, details=make_details(email="Desk@example.org"), version=1, by=focal_point, now=now)

    assert newcomer.email == "Desk@example.org"


def test_a_replacement_sent_twice_replaces_once_and_says_so(delegation, focal_point, now):
    old = make_delegate(delegation, name="Ana Díaz")
    replace_delegate(old, details=make_details(name="Luis Paz"), version=1, by=focal_point, now=now)

    with pytest.raises(NotPossibleNow, match="Ana Díaz has already been replaced by Luis Paz"):
        replace_delegate(old, details=make_details(), version=1, by=focal_point, now=now)

    assert Delegate.objects.count() == 2


def test_a_stale_replacement_is_refused(delegation, focal_point, now):
    old = make_delegate(delegation, version=3)

    with pytest.raises(EditConflict):
        replace_delegate(old, details=make_details(), version=2, by=focal_point, now=now)
