import pytest

from registrations.exceptions import EditConflict, GapsRemain, NotPossibleNow
from registrations.models import Delegate, Delegation, Quota, RegistrationPolicy, Waiver
from registrations.services.delegations import reopen_delegation, submit_delegation
from registrations.services.nominations import register_delegate
from tests.factories import make_delegate, make_delegation, make_details, make_organisation
from tests.registrations.services.delegations.stories import LATER, fill, history


def test_submitting_a_complete_delegation_accepts_it_at_once_and_admits_everyone(delegation, focal_point, now):
    fill(delegation)
    left = make_delegate(delegation, status="withdrawn", withdrawn_at=now)

    submitted = submit_delegation(delegation, version=1, by=focal_point, now=now)

    stored = Delegation.objects.get()
    assert (submitted.status, stored.status, stored.version) == ("accepted", "accepted", 3)
    assert (stored.submitted_at, stored.decided_at, stored.decided_by) == (now, now, None)
    assert set(Delegate.objects.active().values_list("admitted_at", flat=True)) == {now}
    assert Delegate.objects.get(pk=left.pk).admitted_at is None
    assert history() == [("submitted", focal_point, ""), ("accepted", None, "")]


def test_a_webinar_may_make_complete_delegations_wait(delegation, focal_point, now):
    RegistrationPolicy.objects.update(accepts_complete_at_once=False)
    fill(delegation)

    submitted = submit_delegation(delegation, version=1, by=focal_point, now=now)

    assert (submitted.status, submitted.decided_at) == ("submitted", None)
    assert not Delegate.objects.admitted().exists()


def test_submitting_with_gaps_needs_a_reason_and_says_which_seats_are_empty(delegation, focal_point, now):
    make_delegate(delegation, "prosecutors")

    with pytest.raises(GapsRemain) as refused:
        submit_delegation(delegation, version=1, by=focal_point, now=now, reason=" ")

    assert [(seat.profile.code, seat.missing) for seat in refused.value.gaps] == [
        ("prosecutors", 1),
        ("immigration-control", 2),
        ("border-control", 2),
        ("investigation-units", 2),
    ]
    assert (
        str(refused.value.message)
        == "Some seats are still empty. Name the missing officials, or give the reason and submit."
    )
    assert Delegation.objects.get().status == "draft"


def test_a_delegation_submitted_with_gaps_and_a_reason_waits_for_the_secretariat(delegation, focal_point, now):
    make_delegate(delegation, "prosecutors")

    submitted = submit_delegation(delegation, version=1, by=focal_point, now=now, reason=" two are ill ")

    assert (submitted.status, submitted.gap_reason, submitted.version) == ("submitted", "two are ill", 2)
    assert not Delegate.objects.admitted().exists()
    assert history() == [("submitted", focal_point, "two are ill")]


def test_waived_seats_make_a_delegation_complete(delegation, focal_point, now):
    Quota.objects.exclude(profile__code="prosecutors").update(minimum=0)
    make_delegate(delegation, "prosecutors")
    Waiver.objects.create(
        delegation=delegation,
        profile=Quota.objects.get(profile__code="prosecutors").profile,
        seats=1,
        reason="small unit",
        granted_by=focal_point,
        granted_at=now,
    )

    assert submit_delegation(delegation, version=1, by=focal_point, now=now).status == "accepted"


def test_people_who_left_leave_a_gap(delegation, focal_point, now):
    fill(delegation)
    Delegate.objects.filter(pk=Delegate.objects.first().pk).update(status="withdrawn", withdrawn_at=now)

    with pytest.raises(GapsRemain):
        submit_delegation(delegation, version=1, by=focal_point, now=now)


def test_a_form_sent_twice_submits_once(delegation, focal_point, now):
    fill(delegation)
    submit_delegation(delegation, version=1, by=focal_point, now=now)

    with pytest.raises(NotPossibleNow, match="This delegation is “Accepted” already"):
        submit_delegation(delegation, version=1, by=focal_point, now=now + LATER)

    assert len(history()) == 2


def test_a_stale_submission_shows_what_is_stored_now(delegation, focal_point, now):
    Delegation.objects.update(version=4, status="returned")

    with pytest.raises(EditConflict) as refused:
        submit_delegation(delegation, version=3, by=focal_point, now=now, reason="ill")

    assert refused.value.current == delegation
    assert refused.value.current.version == 4


def test_nothing_is_submitted_for_an_organisation_without_people(delegation, staff, now):
    unodc = make_delegation(delegation.webinar, make_organisation())

    with pytest.raises(NotPossibleNow, match="Nobody is named yet"):
        submit_delegation(unodc, version=1, by=staff, now=now)


def test_an_organisation_with_people_is_complete(delegation, staff, now):
    unodc = make_delegation(delegation.webinar, make_organisation())
    moderator = make_delegate(unodc, None)

    submit_delegation(unodc, version=1, by=staff, now=now)

    assert list(Delegate.objects.admitted()) == [moderator]


@pytest.mark.parametrize("status", ["draft", "returned", "reopened"])
def test_drafts_and_returned_or_reopened_delegations_can_be_submitted(delegation, focal_point, now, status):
    Delegation.objects.update(status=status)

    assert submit_delegation(delegation, version=1, by=focal_point, now=now, reason="ill").status == "submitted"


@pytest.mark.parametrize("status", ["submitted", "accepted", "not_attending"])
def test_nothing_else_can_be_submitted(delegation, focal_point, now, status):
    Delegation.objects.update(status=status)

    with pytest.raises(NotPossibleNow):
        submit_delegation(delegation, version=1, by=focal_point, now=now, reason="ill")


def test_submitting_again_after_a_reopening_admits_the_newcomers_and_keeps_the_others(
    delegation, focal_point, staff, now
):
    fill(delegation)
    submit_delegation(delegation, version=1, by=focal_point, now=now)
    reopened = reopen_delegation(delegation, reason="One more, please", by=staff, now=now)
    newcomer = register_delegate(delegation, details=make_details(), by=focal_point, now=now)

    submit_delegation(delegation, version=reopened.version, by=focal_point, now=now + LATER)

    assert Delegate.objects.get(pk=newcomer.pk).admitted_at == now + LATER
    assert Delegate.objects.filter(admitted_at=now).count() == 8
