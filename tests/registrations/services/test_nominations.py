from dataclasses import replace
from datetime import timedelta

import pytest

from registrations.exceptions import (
    AddressTakenHere,
    InvalidInput,
    NotPossibleNow,
    QuotaFull,
    ReasonRequired,
    Stale,
)
from registrations.models import Delegate, DelegateStatus, Delegation, DelegationStatus, HistoryEvent, Quota
from registrations.queries import seats_of
from registrations.services.delegations import mark_not_attending, reopen_delegation, return_delegation
from registrations.services.nominations import (
    DelegateDetails,
    edit_delegate,
    register_delegate,
    replace_delegate,
    restore_delegate,
    withdraw_delegate,
)
from tests.factories import make_delegate, make_delegation, make_details, make_organisation

SOON = timedelta(seconds=5)
HELD = timedelta(seconds=20)


def details_of(delegate: Delegate, **fields) -> DelegateDetails:
    """What is stored of `delegate`, as a form would send it back."""
    names = DelegateDetails.__dataclass_fields__
    return replace(DelegateDetails(**{name: getattr(delegate, name) for name in names}), **fields)


def history(delegate: Delegate) -> list[tuple[str, str, dict]]:
    """(kind, reason, changes) of what happened to a person, the earliest first."""
    return list(HistoryEvent.objects.filter(delegate=delegate).order_by("pk").values_list("kind", "reason", "changes"))


# Register ---------------------------------------------------------------------------------------


def test_a_registered_person_is_stored_as_typed_and_kept_in_the_history(delegation, focal_point, profiles, now):
    details = DelegateDetails(
        name="María José Núñez  de la O",
        email="Maria.Nunez@EXAMPLE.org",
        institution="Ministerio Público",
        timezone="America/Tegucigalpa",
        profile=profiles["border-control"],
        position="Fiscal",
        language="en",
        phone="+504 2222-0000",
        needs="Interpretation\ninto Spanish",
        is_working_group_member=True,
    )

    delegate = register_delegate(delegation, details=details, by=focal_point, now=now)

    stored = Delegate.objects.get(pk=delegate.pk)
    assert details_of(stored) == replace(details, email="Maria.Nunez@example.org")
    assert (stored.status, stored.version, stored.token_version) == (DelegateStatus.ACTIVE, 1, 1)
    assert (stored.registered_at, stored.admitted_at, stored.hold_until) == (now, None, now + HELD)
    assert history(stored) == [("registered", "", {})]
    assert HistoryEvent.objects.get().actor == focal_point


def test_blanks_around_what_was_typed_are_not_stored(delegation, focal_point, now):
    details = make_details(name="  Ana Díaz ", email=" ana@example.org\t", institution=" Migration\u00a0")

    delegate = register_delegate(delegation, details=details, by=focal_point, now=now)

    assert (delegate.name, delegate.email, delegate.institution) == ("Ana Díaz", "ana@example.org", "Migration")


def test_someone_added_to_an_accepted_delegation_is_admitted_at_once(delegation, focal_point, now):
    Delegation.objects.update(status=DelegationStatus.ACCEPTED)

    delegate = register_delegate(delegation, details=make_details(), by=focal_point, now=now)

    assert delegate.admitted_at == now


@pytest.mark.parametrize("status", ["draft", "submitted", "returned", "reopened"])
def test_someone_added_to_a_delegation_that_is_not_accepted_waits(delegation, focal_point, now, status):
    Delegation.objects.update(status=status)

    delegate = register_delegate(delegation, details=make_details(), by=focal_point, now=now)

    assert delegate.admitted_at is None


def test_mail_about_a_registration_by_staff_is_not_held(delegation, staff, now):
    delegate = register_delegate(delegation, details=make_details(), by=staff, now=now)

    assert delegate.hold_until == now


def test_a_minimum_never_blocks_adding_more(delegation, focal_point, now):
    for _ in range(5):
        register_delegate(delegation, details=make_details("prosecutors"), by=focal_point, now=now)

    seat = seats_of(delegation)[0]
    assert (seat.minimum, seat.named, seat.missing) == (2, 5, 0)


def test_a_maximum_refuses_one_more_even_to_staff(delegation, staff, now):
    Quota.objects.update(maximum=2)
    for _ in range(2):
        make_delegate(delegation, "prosecutors")

    with pytest.raises(QuotaFull) as refused:
        register_delegate(delegation, details=make_details("prosecutors"), by=staff, now=now)

    assert refused.value.field == "profile"
    assert Delegate.objects.count() == 2


def test_people_who_left_do_not_count_towards_a_maximum(delegation, focal_point, now):
    Quota.objects.update(maximum=2)
    make_delegate(delegation, "prosecutors")
    make_delegate(delegation, "prosecutors", status="withdrawn", withdrawn_at=now)

    register_delegate(delegation, details=make_details("prosecutors"), by=focal_point, now=now)

    assert seats_of(delegation)[0].named == 2


def test_a_form_sent_twice_names_the_person_who_is_already_there(delegation, focal_point, now):
    details = make_details(name="Ana Díaz")
    first = register_delegate(delegation, details=details, by=focal_point, now=now)

    with pytest.raises(AddressTakenHere) as refused:
        register_delegate(delegation, details=details, by=focal_point, now=now)

    assert refused.value.delegate == first
    assert str(refused.value.message) == "Ana Díaz is already named in this delegation with this address."
    assert (Delegate.objects.count(), HistoryEvent.objects.count()) == (1, 1)


def test_the_address_of_someone_who_left_can_be_registered_again(delegation, focal_point, now):
    left = make_delegate(delegation, status="withdrawn", withdrawn_at=now)

    delegate = register_delegate(delegation, details=make_details(email=left.email), by=focal_point, now=now)

    assert delegate.is_active


def test_nobody_is_named_in_a_delegation_that_does_not_attend(delegation, staff, now):
    mark_not_attending(delegation, reason="No budget", by=staff, now=now)

    with pytest.raises(NotPossibleNow, match="does not attend"):
        register_delegate(delegation, details=make_details(), by=staff, now=now)


def test_people_of_an_organisation_have_no_profile_and_no_quota(delegation, staff, now):
    unodc = make_delegation(delegation.webinar, make_organisation())

    moderator = register_delegate(unodc, details=make_details(None, role="moderator"), by=staff, now=now)

    assert (moderator.profile, moderator.role) == (None, "moderator")
    with pytest.raises(InvalidInput) as refused:
        register_delegate(unodc, details=make_details("prosecutors"), by=staff, now=now)
    assert refused.value.messages == {"profile": ["People of organisations have no profile."]}


# Edit -------------------------------------------------------------------------------------------


def test_an_edit_keeps_the_old_and_the_new_values_in_the_history(delegation, focal_point, profiles, now):
    delegate = make_delegate(delegation, "prosecutors", name="Ana Diaz", institution="Fiscalia")
    details = details_of(delegate, name="Ana Díaz", profile=profiles["border-control"])

    edited = edit_delegate(delegate, details=details, version=1, by=focal_point, now=now, reason="moved")

    assert details_of(Delegate.objects.get(pk=delegate.pk)) == details
    assert (edited.version, edited.token_version, edited.hold_until) == (2, 1, now + HELD)
    assert history(delegate) == [
        ("edited", "moved", {"name": ["Ana Diaz", "Ana Díaz"], "profile": ["prosecutors", "border-control"]})
    ]


def test_a_new_address_ends_the_links_sent_to_the_old_one(delegation, focal_point, now):
    delegate = make_delegate(delegation, email="old@example.org")

    edited = edit_delegate(
        delegate, details=details_of(delegate, email="new@example.org"), version=1, by=focal_point, now=now
    )

    assert (edited.email, edited.token_version) == ("new@example.org", 2)


def test_the_same_address_in_another_case_keeps_the_links(delegation, focal_point, now):
    delegate = make_delegate(delegation, email="ana@example.org")

    edited = edit_delegate(
        delegate, details=details_of(delegate, email="Ana@example.org"), version=1, by=focal_point, now=now
    )

    assert (edited.email, edited.token_version, edited.version) == ("Ana@example.org", 1, 2)


def test_a_stale_edit_shows_what_is_stored_now_and_changes_nothing(delegation, focal_point, staff, now):
    delegate = make_delegate(delegation, name="Ana Diaz")
    edit_delegate(delegate, details=details_of(delegate, name="Ana Díaz"), version=1, by=staff, now=now)

    with pytest.raises(Stale) as refused:
        edit_delegate(delegate, details=details_of(delegate, name="Ana D."), version=1, by=focal_point, now=now)

    assert (refused.value.current.name, refused.value.current.version) == ("Ana Díaz", 2)
    assert Delegate.objects.get().name == "Ana Díaz"


def test_the_same_details_again_change_nothing_whatever_the_version(delegation, focal_point, now):
    delegate = make_delegate(delegation)
    details = details_of(delegate, name="Ana Díaz")
    edit_delegate(delegate, details=details, version=1, by=focal_point, now=now)

    again = edit_delegate(delegate, details=details, version=1, by=focal_point, now=now + SOON)

    assert (again.version, again.hold_until) == (2, now + HELD)
    assert len(history(delegate)) == 1


def test_an_edit_obeys_the_maximum_of_the_new_profile(delegation, focal_point, profiles, now):
    Quota.objects.filter(profile__code="border-control").update(minimum=0, maximum=0)
    delegate = make_delegate(delegation, "prosecutors")
    details = details_of(delegate, profile=profiles["border-control"])

    with pytest.raises(QuotaFull):
        edit_delegate(delegate, details=details, version=1, by=focal_point, now=now, reason="moved")

    assert Delegate.objects.get().profile == profiles["prosecutors"]


def test_an_edit_that_opens_a_gap_needs_a_reason(delegation, focal_point, profiles, now):
    delegate, _ = make_delegate(delegation, "prosecutors"), make_delegate(delegation, "prosecutors")
    details = details_of(delegate, profile=profiles["border-control"])

    with pytest.raises(ReasonRequired):
        edit_delegate(delegate, details=details, version=1, by=focal_point, now=now, reason="  ")

    edited = edit_delegate(delegate, details=details, version=1, by=focal_point, now=now, reason="moved")
    assert edited.profile == profiles["border-control"]


def test_an_edit_to_the_address_of_a_colleague_names_the_colleague(delegation, focal_point, now):
    delegate = make_delegate(delegation)
    make_delegate(delegation, name="Luis Paz", email="luis@example.org")

    with pytest.raises(AddressTakenHere, match="Luis Paz"):
        edit_delegate(
            delegate, details=details_of(delegate, email="LUIS@example.org"), version=1, by=focal_point, now=now
        )


def test_someone_who_left_cannot_be_edited(delegation, staff, now):
    delegate = make_delegate(delegation, name="Ana Díaz", status="withdrawn", withdrawn_at=now)

    with pytest.raises(NotPossibleNow, match="Ana Díaz has already been withdrawn"):
        edit_delegate(delegate, details=details_of(delegate, name="A"), version=1, by=staff, now=now)


# Replace ----------------------------------------------------------------------------------------


def test_replacing_keeps_the_quota_whole_and_links_both_people(delegation, focal_point, profiles, now):
    Quota.objects.update(maximum=2)
    old, _ = make_delegate(delegation, "prosecutors"), make_delegate(delegation, "prosecutors")
    details = make_details("border-control", name="Luis Paz")

    newcomer = replace_delegate(old, details=details, version=1, by=focal_point, now=now, reason="fell ill")

    old.refresh_from_db()
    assert (old.status, old.replaced_by, old.withdrawn_at) == (DelegateStatus.REPLACED, newcomer, now)
    assert (old.withdrawn_reason, old.token_version, old.version) == ("fell ill", 2, 2)
    assert (newcomer.profile, newcomer.admitted_at) == (profiles["prosecutors"], None)
    assert (old.hold_until, newcomer.hold_until) == (now + HELD, now + HELD)
    assert [seat.named for seat in seats_of(delegation)] == [2, 0, 0, 0]
    assert history(old) == [("replaced", "fell ill", {"replaced_by": ["", "Luis Paz"]})]
    assert history(newcomer) == [("registered", "", {"replaces": ["", old.name]})]


def test_who_replaces_in_an_accepted_delegation_is_admitted_at_once(delegation, focal_point, now):
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


def test_the_newcomer_may_use_the_address_of_the_one_who_leaves(delegation, focal_point, now):
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

    with pytest.raises(Stale):
        replace_delegate(old, details=make_details(), version=2, by=focal_point, now=now)


# Withdraw ---------------------------------------------------------------------------------------


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

    with pytest.raises(Stale):
        withdraw_delegate(delegate, version=1, by=focal_point, now=now, reason="ill")


# Restore ----------------------------------------------------------------------------------------


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

    assert (restored.admitted_at, restored.token_version, restored.hold_until) == (later, 2, later)


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


# Not attending, returned, reopened ---------------------------------------------------------------


def test_nobody_is_changed_in_a_delegation_that_does_not_attend(delegation, staff, now):
    delegate = make_delegate(delegation)
    left = make_delegate(delegation, status="withdrawn", withdrawn_at=now)
    mark_not_attending(delegation, reason="No budget", by=staff, now=now)

    for step in (
        lambda: edit_delegate(delegate, details=make_details(), version=1, by=staff, now=now),
        lambda: replace_delegate(delegate, details=make_details(), version=1, by=staff, now=now),
        lambda: withdraw_delegate(delegate, version=1, by=staff, now=now, reason="ill"),
        lambda: restore_delegate(left, by=staff, now=now),
    ):
        with pytest.raises(NotPossibleNow, match="does not attend"):
            step()


@pytest.mark.parametrize(
    ("status", "step"),
    [
        ("submitted", lambda delegation, **who: return_delegation(delegation, comment="Please add one", **who)),
        ("accepted", lambda delegation, **who: reopen_delegation(delegation, reason="Please add one", **who)),
    ],
)
def test_sending_back_uninvites_nobody_and_newcomers_wait(delegation, focal_point, staff, now, status, step):
    Delegation.objects.update(status=status)
    admitted = make_delegate(delegation, admitted_at=now - SOON)

    step(delegation, by=staff, now=now)
    newcomer = register_delegate(delegation, details=make_details(), by=focal_point, now=now)

    assert list(Delegate.objects.admitted()) == [admitted]
    assert newcomer.admitted_at is None
