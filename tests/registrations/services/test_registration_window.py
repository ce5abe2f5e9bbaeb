"""Rule 7: who may act when, at the very instants where that changes."""

from datetime import UTC, datetime, timedelta

import pytest

from registrations.exceptions import (
    InvalidInput,
    NotPossibleNow,
    ReasonRequired,
    RegistrationClosed,
    RegistrationNotOpen,
    WebinarOver,
)
from registrations.models import Delegation, RegistrationPolicy
from registrations.services.delegations import mark_attending_again, mark_not_attending, submit_delegation
from registrations.services.nominations import (
    edit_delegate,
    register_delegate,
    replace_delegate,
    withdraw_delegate,
)
from registrations.services.nominations.undoing import restore_delegate
from registrations.services.registration_window import clean_reason
from tests.factories import NOW, make_delegate, make_delegation, make_details, make_organisation

OPENS = NOW - timedelta(days=14)
CLOSES = NOW + timedelta(days=11)
# Two sessions of two hours on consecutive days; the second one ends on Tue 17 Nov 2026, 11:00 in San José.
ENDS = datetime(2026, 11, 17, 17, 0, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


def register(delegation, by, now):
    return register_delegate(delegation, details=make_details(), by=by, now=now)


def edit(delegation, by, now):
    return edit_delegate(make_delegate(delegation), details=make_details(), version=1, by=by, now=now)


def replace(delegation, by, now):
    return replace_delegate(make_delegate(delegation), details=make_details(), version=1, by=by, now=now)


def withdraw(delegation, by, now):
    return withdraw_delegate(make_delegate(delegation), version=1, by=by, now=now, reason="ill")


def restore(delegation, by, now):
    left = make_delegate(
        delegation, status="withdrawn", withdrawn_at=now, mail_not_before=now + MOMENT, token_version=2
    )
    return restore_delegate(left, by=by, now=now)


def submit(delegation, by, now):
    return submit_delegation(delegation, version=1, by=by, now=now, reason="one is ill")


def leave(delegation, by, now):
    return mark_not_attending(delegation, reason="No budget", by=by, now=now)


def come_back(delegation, by, now):
    Delegation.objects.update(status="not_attending", status_before="draft")
    return mark_attending_again(delegation, by=by, now=now)


EVERY_STEP = [register, edit, replace, withdraw, restore, submit, leave, come_back]
LATE_STEPS = [register, replace, withdraw, restore]
EARLY_STEPS = [edit, submit, leave, come_back]


@pytest.mark.parametrize("step", EVERY_STEP)
def test_a_focal_point_acts_from_the_very_opening(delegation, focal_point, step):
    with pytest.raises(RegistrationNotOpen):
        step(delegation, focal_point, OPENS - MOMENT)

    assert step(delegation, focal_point, OPENS).pk


@pytest.mark.parametrize("step", EARLY_STEPS)
def test_after_the_closing_a_focal_point_neither_edits_nor_submits(delegation, focal_point, step):
    assert step(delegation, focal_point, CLOSES - MOMENT).pk
    Delegation.objects.update(status="draft", version=1)

    with pytest.raises(RegistrationClosed):
        step(delegation, focal_point, CLOSES)


@pytest.mark.parametrize("step", LATE_STEPS)
def test_after_the_closing_a_focal_point_replaces_withdraws_and_fills_open_seats(delegation, focal_point, step):
    assert step(delegation, focal_point, CLOSES).pk
    assert step(delegation, focal_point, ENDS - MOMENT).pk


def test_after_the_closing_a_focal_point_cannot_exceed_the_effective_minimum(delegation, focal_point, staff):
    register(delegation, focal_point, CLOSES)
    register(delegation, focal_point, CLOSES)

    with pytest.raises(RegistrationClosed):
        register(delegation, focal_point, CLOSES)

    assert register(delegation, staff, CLOSES).pk


def test_after_the_closing_an_organisation_is_staff_s_alone(delegation, focal_point, staff):
    unodc = make_delegation(delegation.webinar, make_organisation())

    with pytest.raises(RegistrationClosed):
        register_delegate(unodc, details=make_details(None), by=focal_point, now=CLOSES)

    assert register_delegate(unodc, details=make_details(None), by=staff, now=CLOSES).pk


@pytest.mark.parametrize("status", ["returned", "reopened"])
def test_after_the_closing_a_focal_point_submits_returned_and_reopened_delegations(delegation, focal_point, status):
    Delegation.objects.update(status=status)

    assert submit(delegation, focal_point, CLOSES).status == "submitted"


@pytest.mark.parametrize("step", EVERY_STEP)
def test_staff_act_before_the_opening_and_after_the_closing(delegation, staff, step):
    assert step(delegation, staff, OPENS - MOMENT).pk
    Delegation.objects.update(status="draft", version=1)
    assert step(delegation, staff, ENDS - MOMENT).pk


@pytest.mark.parametrize("step", EVERY_STEP)
def test_everything_freezes_at_the_end_of_the_last_session_for_staff_too(delegation, staff, focal_point, step):
    for person in (staff, focal_point):
        with pytest.raises(WebinarOver):
            step(delegation, person, ENDS)


def test_without_a_policy_registration_is_not_open_but_staff_register(delegation, staff, focal_point, now):
    RegistrationPolicy.objects.all().delete()

    with pytest.raises(RegistrationNotOpen):
        register(delegation, focal_point, now)
    assert register(delegation, staff, now).pk
    assert submit(delegation, staff, now).status == "submitted"


def test_a_reason_loses_the_blanks_at_its_ends():
    assert clean_reason(" fell\nill \n") == "fell\nill"


def test_a_blank_reason_is_refused_where_one_is_needed():
    with pytest.raises(ReasonRequired, match="Please give a reason"):
        clean_reason(" \n", is_required=True)


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("x" * 1001, "Please use no more than 1000 characters."),
        ("ill\x00", "This contains characters that cannot be seen. Please type it again."),
    ],
)
def test_a_reason_that_cannot_be_stored_is_refused(reason, message):
    with pytest.raises(InvalidInput) as refused:
        clean_reason(reason)

    assert refused.value.messages == {"reason": [message]}


def test_a_refusal_of_time_comes_before_one_of_state(delegation, focal_point):
    Delegation.objects.update(status="accepted")

    with pytest.raises(RegistrationClosed):
        submit(delegation, focal_point, CLOSES)
    with pytest.raises(NotPossibleNow):
        submit(delegation, focal_point, CLOSES - MOMENT)
