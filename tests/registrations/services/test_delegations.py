from datetime import timedelta

import pytest

from registrations.exceptions import (
    GapsRemain,
    InvalidInput,
    NotPossibleNow,
    ReasonRequired,
    Stale,
    WebinarOver,
)
from registrations.models import Delegate, Delegation, HistoryEvent, Quota, RegistrationPolicy, Waiver
from registrations.queries import seats_of
from registrations.services.delegations import (
    accept_delegation,
    mark_attending_again,
    mark_not_attending,
    reopen_delegation,
    return_delegation,
    revoke_waiver,
    submit_delegation,
    waive_seats,
)
from registrations.services.nominations import register_delegate
from tests.factories import PROFILES, make_delegate, make_delegation, make_details, make_organisation

LATER = timedelta(hours=1)
HELD = timedelta(seconds=20)
AFTER_THE_WEBINAR = timedelta(days=60)


def fill(delegation: Delegation) -> None:
    """Two people of each profile."""
    for code in PROFILES:
        make_delegate(delegation, code)
        make_delegate(delegation, code)


def history() -> list[tuple[str, object, str]]:
    """(kind, actor, reason), the earliest first."""
    return [(event.kind, event.actor, event.reason) for event in HistoryEvent.objects.order_by("pk")]


# Submit -----------------------------------------------------------------------------------------


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

    with pytest.raises(Stale) as refused:
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
def test_a_draft_and_what_was_sent_back_can_be_submitted(delegation, focal_point, now, status):
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


# Decide -----------------------------------------------------------------------------------------


def test_accepting_admits_and_keeps_who_decided_and_what_was_said(delegation, staff, now):
    Delegation.objects.update(status="submitted")
    fill(delegation)

    accepted = accept_delegation(delegation, comment=" Thank you ", by=staff, now=now)

    assert (accepted.status, accepted.decided_by, accepted.decided_at) == ("accepted", staff, now)
    assert (accepted.decision_comment, accepted.version) == ("Thank you", 2)
    assert Delegate.objects.admitted().count() == 8
    assert history() == [("accepted", staff, "Thank you")]


def test_accepting_with_a_gap_must_be_meant(delegation, staff, now):
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


# Not attending ----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["draft", "submitted", "accepted", "returned", "reopened"])
def test_not_attending_is_reversible_from_every_state(delegation, focal_point, now, status):
    Delegation.objects.update(status=status)
    delegate = make_delegate(delegation, admitted_at=now)

    left = mark_not_attending(delegation, reason="No budget", by=focal_point, now=now)

    assert (left.status, left.status_before, left.not_attending_reason) == ("not_attending", status, "No budget")
    assert Delegate.objects.get().hold_until == now + HELD

    back = mark_attending_again(delegation, by=focal_point, now=now + LATER)
    assert (back.status, back.status_before, back.not_attending_reason, back.version) == (status, "", "", 3)
    delegate.refresh_from_db()
    assert (delegate.admitted_at, delegate.hold_until) == (now, now + LATER + HELD)
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


def test_attending_again_leaves_alone_who_attends(delegation, focal_point, now):
    assert mark_attending_again(delegation, by=focal_point, now=now).version == 1
    assert history() == []


# Waivers ----------------------------------------------------------------------------------------


@pytest.fixture
def waive(delegation, profiles, staff, now):
    def waive_some(code: str = "prosecutors", seats: int = 1, reason: str = "small unit") -> Waiver:
        return waive_seats(delegation, profile=profiles[code], seats=seats, reason=reason, by=staff, now=now)

    return waive_some


def test_a_waiver_lowers_the_floor_and_is_kept_with_reason_name_and_time(delegation, staff, now, waive):
    waiver = waive()

    assert (waiver.seats, waiver.reason, waiver.granted_by, waiver.granted_at) == (1, "small unit", staff, now)
    seat = seats_of(delegation)[0]
    assert (seat.minimum, seat.waived, seat.floor) == (2, 1, 1)
    event = HistoryEvent.objects.get()
    assert (event.kind, event.reason) == ("waived", "small unit")
    assert event.changes == {"profile": ["", "prosecutors"], "seats": [0, 1]}


def test_waivers_add_up_to_the_floor_and_no_further(delegation, waive):
    waive()
    waive()

    with pytest.raises(InvalidInput, match="Of this profile, 0 seats can be waived"):
        waive()
    assert seats_of(delegation)[0].floor == 0


@pytest.mark.parametrize("seats", [0, -1, 3])
def test_no_other_number_of_seats_can_be_waived(delegation, waive, seats):
    with pytest.raises(InvalidInput) as refused:
        waive(seats=seats)

    assert refused.value.messages == {"seats": ["Of this profile, 2 seats can be waived."]}


def test_a_waiver_needs_a_reason(delegation, waive):
    with pytest.raises(ReasonRequired):
        waive(reason=" ")

    assert not Waiver.objects.exists()


def test_an_organisation_has_nothing_to_waive(delegation, profiles, staff, now):
    unodc = make_delegation(delegation.webinar, make_organisation())

    with pytest.raises(InvalidInput):
        waive_seats(unodc, profile=profiles["prosecutors"], seats=1, reason="none", by=staff, now=now)


def test_a_waiver_survives_a_change_of_the_minimum(delegation, waive):
    waive()

    Quota.objects.update(minimum=3)

    seat = seats_of(delegation)[0]
    assert (seat.waived, seat.floor) == (1, 2)


def test_revoking_a_waiver_asks_for_the_seats_again(delegation, staff, now, waive):
    waiver = waive(seats=2)

    revoked = revoke_waiver(waiver, reason="They found one", by=staff, now=now + LATER)

    assert (revoked.revoked_by, revoked.revoked_at) == (staff, now + LATER)
    assert seats_of(delegation)[0].floor == 2
    event = HistoryEvent.objects.order_by("pk").last()
    assert (event.kind, event.reason) == ("waiver_revoked", "They found one")
    assert event.changes == {"profile": ["prosecutors", ""], "seats": [2, 0]}


def test_revoking_needs_a_reason_and_a_second_time_changes_nothing(delegation, staff, now, waive):
    waiver = waive()
    with pytest.raises(ReasonRequired):
        revoke_waiver(waiver, reason="", by=staff, now=now)
    revoke_waiver(waiver, reason="They found one", by=staff, now=now)

    again = revoke_waiver(waiver, reason="Again", by=staff, now=now + LATER)

    assert again.revoked_at == now
    assert len(history()) == 2
