from dataclasses import replace

import pytest

from registrations.exceptions import AddressTakenHere, InvalidInput, NotPossibleNow, QuotaFull
from registrations.models import Delegate, DelegateStatus, Delegation, DelegationStatus, HistoryEvent, Quota
from registrations.queries import seats_of
from registrations.services.delegations import mark_not_attending, reopen_delegation, return_delegation
from registrations.services.nominations import (
    DelegateDetails,
    edit_delegate,
    register_delegate,
    replace_delegate,
    withdraw_delegate,
)
from registrations.services.nominations.undoing import restore_delegate
from tests.factories import make_delegate, make_delegation, make_details, make_organisation
from tests.registrations.services.nominations.stories import HELD, SOON, details_of, history


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
    assert (stored.registered_at, stored.admitted_at, stored.mail_not_before) == (now, None, now + HELD)
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

    assert delegate.mail_not_before == now


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
    assert "the quota allows 2 at most" in str(refused.value.message)
    assert Delegate.objects.count() == 2


def test_a_focal_point_does_not_read_which_maximum_refuses_a_person(delegation, focal_point, now):
    Quota.objects.update(minimum=0, maximum=0)

    with pytest.raises(QuotaFull) as refused:
        register_delegate(delegation, details=make_details("prosecutors"), by=focal_point, now=now)

    text = "All seats of this profile are taken. Replace someone, or ask the secretariat."
    assert str(refused.value.message) == text


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
    assert str(refused.value.message) == (
        "Ana Díaz is already named in this delegation with this address. Enter another one, or edit that person."
    )
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
