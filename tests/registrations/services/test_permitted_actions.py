"""What a page offers is what the services then allow (rule 7)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from registrations.exceptions import RuleBroken
from registrations.models import Delegation, RegistrationPolicy, User
from registrations.queries import seats_of
from registrations.services.delegations import mark_not_attending, submit_delegation
from registrations.services.letters import remove_letter, upload_letter
from registrations.services.nominations import edit_delegate, register_delegate, withdraw_delegate
from registrations.services.permitted_actions import permitted_actions_now
from tests.factories import NOW, make_delegate, make_details, make_letter, make_upload

OPENS = NOW - timedelta(days=14)
CLOSES = NOW + timedelta(days=11)
# Two sessions of two hours on consecutive days; the second one ends on Tue 17 Nov 2026, 11:00 in San José.
ENDS = datetime(2026, 11, 17, 17, 0, tzinfo=UTC)
MOMENTS = {
    "before the opening": OPENS - timedelta(microseconds=1),
    "open": NOW,
    "closed": CLOSES,
    "over": ENDS,
}
Action = Callable[[Delegation, User, datetime], object]


def register(delegation: Delegation, by: User, now: datetime) -> object:
    return register_delegate(delegation, details=make_details(), by=by, now=now)


def edit(delegation: Delegation, by: User, now: datetime) -> object:
    return edit_delegate(make_delegate(delegation), details=make_details(), version=1, by=by, now=now)


def withdraw(delegation: Delegation, by: User, now: datetime) -> object:
    return withdraw_delegate(make_delegate(delegation), version=1, by=by, now=now, reason="ill")


def submit(delegation: Delegation, by: User, now: datetime) -> object:
    return submit_delegation(delegation, version=1, by=by, now=now, reason="one is ill")


def not_attend(delegation: Delegation, by: User, now: datetime) -> object:
    return mark_not_attending(delegation, reason="No budget", by=by, now=now)


def upload(delegation: Delegation, by: User, now: datetime) -> object:
    return upload_letter(delegation, upload=make_upload(), by=by, now=now)


def is_allowed(action: Action, delegation: Delegation, by: User, now: datetime) -> bool:
    """Return whether the service does it; what it does is rolled back."""
    with transaction.atomic():
        try:
            action(Delegation.objects.get(pk=delegation.pk), by, now)
        except RuleBroken:
            return False
        finally:
            transaction.set_rollback(True)
    return True


@pytest.mark.parametrize("status", ["draft", "submitted", "returned", "accepted", "not_attending"])
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("is_staff", [False, True])
def test_a_page_offers_exactly_what_the_services_allow(
    delegation, focal_point, staff, is_staff, moment, status
) -> None:
    now, by = MOMENTS[moment], staff if is_staff else focal_point
    before = "draft" if status == "not_attending" else ""
    Delegation.objects.update(status=status, status_before=before)
    delegation.refresh_from_db()

    may = permitted_actions_now(delegation, by=by, now=now)

    assert {
        "fill_gaps": may.fill_gaps,
        "edit": may.edit,
        "change_people": may.change_people,
        "submit": may.submit,
        "change_attendance": may.change_attendance,
        "upload_letter": may.upload_letter,
    } == {
        "fill_gaps": is_allowed(register, delegation, by, now),
        "edit": is_allowed(edit, delegation, by, now),
        "change_people": is_allowed(withdraw, delegation, by, now),
        "submit": is_allowed(submit, delegation, by, now),
        "change_attendance": is_allowed(not_attend, delegation, by, now),
        "upload_letter": is_allowed(upload, delegation, by, now),
    }


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("is_staff", [False, True])
def test_a_page_offers_a_seat_exactly_where_someone_can_be_registered(
    delegation, focal_point, staff, is_staff, moment
) -> None:
    now, by = MOMENTS[moment], staff if is_staff else focal_point
    may = permitted_actions_now(delegation, by=by, now=now)

    def offered() -> bool:
        seat = next(seat for seat in seats_of(delegation) if seat.profile.code == "prosecutors")
        return may.can_register_in(seat)

    assert offered() == is_allowed(register, delegation, by, now)
    for _seat in range(2):
        make_delegate(delegation)
    assert offered() == is_allowed(register, delegation, by, now)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("is_staff", [False, True])
def test_a_page_offers_to_remove_a_letter_exactly_while_the_service_does(
    delegation, focal_point, staff, is_staff, moment
) -> None:
    now, by = MOMENTS[moment], staff if is_staff else focal_point
    letter = make_letter(delegation, by=staff)

    assert permitted_actions_now(delegation, by=by, now=now).remove_letter == is_allowed(
        lambda _delegation, by, now: remove_letter(letter, by=by, now=now), delegation, by, now
    )


def test_a_page_offers_nothing_once_the_people_are_anonymised(delegation, staff) -> None:
    RegistrationPolicy.objects.update(purged_at=NOW)

    may = permitted_actions_now(Delegation.objects.get(), by=staff, now=NOW)

    assert not (may.register)
    assert not (may.fill_gaps)
    assert not (may.edit)
    assert not (may.change_people)
    assert not (may.submit)
    assert not (may.upload_letter)
    assert not is_allowed(register, delegation, staff, NOW)
