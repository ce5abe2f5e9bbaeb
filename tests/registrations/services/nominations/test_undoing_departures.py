from datetime import timedelta

import pytest

from registrations.exceptions import AddressTakenHere, NotPossibleNow, QuotaFull
from registrations.models import Delegate, DelegateStatus, Delegation, DelegationStatus, HistoryEvent, Quota
from registrations.queries import seats_of
from registrations.services.nominations import edit_delegate, replace_delegate, withdraw_delegate
from registrations.services.nominations.undoing import restore_delegate
from tests.factories import make_delegate, make_details
from tests.registrations.services.nominations.stories import HELD, SOON, details_of, history


def test_an_undo_of_a_withdrawal_brings_everything_back_the_links_included(delegation, focal_point, now):
    Delegation.objects.update(status=DelegationStatus.REOPENED)
    delegate = make_delegate(delegation, admitted_at=now - SOON, token_version=4)
    withdraw_delegate(delegate, version=1, by=focal_point, now=now, reason="wrong person")

    restored = restore_delegate(delegate, by=focal_point, now=now + SOON)

    assert (restored.status, restored.withdrawn_at, restored.withdrawn_reason) == (DelegateStatus.ACTIVE, None, "")
    assert (restored.admitted_at, restored.token_version, restored.version) == (now - SOON, 4, 3)
    assert history(delegate)[-1] == ("restored", "", {"status": ["withdrawn", "active"]})


def test_an_undo_of_a_replacement_withdraws_the_newcomer(delegation, focal_point, now):
    Quota.objects.update(maximum=2)
    old, _ = make_delegate(delegation), make_delegate(delegation)
    newcomer = replace_delegate(old, details=make_details(email=old.email), version=1, by=focal_point, now=now)

    restored = restore_delegate(old, by=focal_point, now=now + SOON)

    newcomer.refresh_from_db()
    assert (restored.status, restored.replaced_by, restored.token_version) == (DelegateStatus.ACTIVE, None, 1)
    assert (newcomer.status, newcomer.token_version) == (DelegateStatus.WITHDRAWN, 2)
    assert seats_of(delegation)[0].named == 2
    assert [kind for kind, _, _ in history(newcomer)] == ["registered", "withdrawn"]


@pytest.mark.parametrize(("after", "is_possible"), [(timedelta(seconds=19), True), (HELD, False)])
def test_a_focal_point_undoes_only_while_the_mail_is_held(delegation, focal_point, now, after, is_possible):
    delegate = make_delegate(delegation, name="Ana Díaz")
    withdraw_delegate(delegate, version=1, by=focal_point, now=now, reason="ill")

    if is_possible:
        assert restore_delegate(delegate, by=focal_point, now=now + after).is_active
    else:
        with pytest.raises(NotPossibleNow, match=r"can no longer be undone\. Name Ana Díaz again"):
            restore_delegate(delegate, by=focal_point, now=now + after)


def test_staff_restore_at_any_time_with_new_links_and_a_new_admission(delegation, focal_point, staff, now):
    Delegation.objects.update(status=DelegationStatus.ACCEPTED)
    delegate = make_delegate(delegation, admitted_at=now - SOON)
    withdraw_delegate(delegate, version=1, by=focal_point, now=now, reason="ill")
    later = now + timedelta(days=2)

    restored = restore_delegate(delegate, by=staff, now=later)

    assert (restored.admitted_at, restored.token_version, restored.mail_not_before) == (later, 2, later)


def test_restoring_obeys_the_maximum(delegation, focal_point, staff, now):
    Quota.objects.update(minimum=1, maximum=1)
    delegate = make_delegate(delegation, status="withdrawn", withdrawn_at=now)
    make_delegate(delegation)

    with pytest.raises(QuotaFull):
        restore_delegate(delegate, by=staff, now=now)


def test_restoring_obeys_the_maximum_where_the_newcomer_moved_to_another_profile(delegation, staff, profiles, now):
    Quota.objects.update(minimum=1, maximum=1)
    old = make_delegate(delegation, "prosecutors")
    newcomer = replace_delegate(old, details=make_details(), version=1, by=staff, now=now)
    details = details_of(newcomer, profile=profiles["border-control"])
    edit_delegate(newcomer, details=details, version=1, by=staff, now=now, reason="moved")
    make_delegate(delegation, "prosecutors")

    with pytest.raises(QuotaFull):
        restore_delegate(old, by=staff, now=now)


def test_restoring_obeys_the_address_taken_meanwhile(delegation, staff, now):
    delegate = make_delegate(delegation, status="withdrawn", withdrawn_at=now, email="ana@example.org")
    make_delegate(delegation, email="Ana@example.org", name="Luis Paz")

    with pytest.raises(AddressTakenHere, match="Luis Paz"):
        restore_delegate(delegate, by=staff, now=now)


def test_restoring_someone_who_is_active_changes_nothing(delegation, focal_point, now):
    delegate = make_delegate(delegation)

    assert restore_delegate(delegate, by=focal_point, now=now).version == 1
    assert not HistoryEvent.objects.exists()


def test_staff_restore_someone_whose_successor_has_left_too(delegation, staff, now):
    old = make_delegate(delegation)
    newcomer = replace_delegate(old, details=make_details(), version=1, by=staff, now=now)
    withdraw_delegate(newcomer, version=1, by=staff, now=now, reason="ill too")

    restored = restore_delegate(old, by=staff, now=now + SOON)

    newcomer.refresh_from_db()
    assert (restored.status, restored.replaced_by) == (DelegateStatus.ACTIVE, None)
    assert (newcomer.status, newcomer.withdrawn_reason, newcomer.version) == (DelegateStatus.WITHDRAWN, "ill too", 2)


def test_restoring_opens_no_gap_where_the_successor_is_named_under_another_profile(delegation, profiles, staff, now):
    old = make_delegate(delegation)
    newcomer = replace_delegate(old, details=make_details(), version=1, by=staff, now=now)
    Delegate.objects.filter(pk=newcomer.pk).update(profile=profiles["border-control"])
    make_delegate(delegation, "border-control")

    with pytest.raises(NotPossibleNow) as refused:
        restore_delegate(old, by=staff, now=now)
    make_delegate(delegation, "border-control")
    restored = restore_delegate(old, by=staff, now=now)

    assert str(refused.value.message) == (
        f"This would leave a gap: {newcomer.name}, who took the seat, is named under another profile by now. "
        f"Withdraw {newcomer.name} first, with a reason."
    )
    assert restored.is_active
    assert Delegate.objects.get(pk=newcomer.pk).status == "withdrawn"
