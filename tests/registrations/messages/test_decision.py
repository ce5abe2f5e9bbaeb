"""What a decision tells the focal points beside the decision itself."""

import pytest
from django.core import mail

from registrations.models import Delegation, RegistrationPolicy, User
from registrations.services.delegations import (
    accept_delegation,
    mark_not_attending,
    return_delegation,
    submit_delegation,
    waive_seats,
)
from tests.factories import NOW, make_delegate, make_focal_point, make_profiles, make_staff, make_user
from tests.registrations.services.deliveries import SOON, plan_and_send, released_delegation

pytestmark = pytest.mark.django_db
CLOSES = "Fri 6 Nov, 09:00 (Tegucigalpa, UTC−06:00)"
SESSION = "The next session: Mon 16 Nov, 09:00–11:00 (Tegucigalpa, UTC−06:00)"


@pytest.fixture
def draft() -> Delegation:
    """A draft with one prosecutor and one focal point, who reads English."""
    delegation = released_delegation("draft")
    make_focal_point(delegation.body, make_user("rosa@example.org", language="en"))
    make_delegate(delegation)
    return delegation


@pytest.fixture
def submitted(draft: Delegation) -> Delegation:
    user = User.objects.get(email="rosa@example.org")
    return submit_delegation(draft, version=1, by=user, now=NOW, reason="Posts are vacant")


def decided() -> str:
    """Send what is owed, and return the text of the decision."""
    plan_and_send(SOON)
    (text,) = [
        one.body for one in mail.outbox if one.subject.startswith("Delegation") and "received" not in one.subject
    ]
    return text


def test_an_acceptance_with_gaps_says_what_is_missing_why_and_until_when_it_can_be_filled(submitted) -> None:
    accept_delegation(submitted, by=make_staff(), now=NOW, with_gap=True)

    text = decided()

    assert "- Investigation units: 2\nReason given:\n> Posts are vacant\n" in text
    assert f"You can add, change and replace people until {CLOSES}; afterwards you can still" in text
    assert SESSION in text


def test_a_return_says_by_when_to_submit(submitted) -> None:
    return_delegation(submitted, comment="A letter, please", by=make_staff(), now=NOW)

    assert f"What happens next:\nPlease complete the delegation and submit it by {CLOSES}.\n{SESSION}" in decided()


def test_after_registration_closed_a_return_names_no_deadline(submitted) -> None:
    RegistrationPolicy.objects.update(closes_at=NOW)
    return_delegation(submitted, comment="A letter, please", by=make_staff(), now=NOW)

    assert f"What happens next:\nPlease complete the delegation and submit it.\n{SESSION}" in decided()


def test_waived_seats_of_a_draft_say_by_when_to_submit(draft) -> None:
    profile = make_profiles()["border-control"]
    waive_seats(draft, profile=profile, seats=2, reason="An island", by=make_staff(), now=NOW)

    assert f"Please complete the delegation and submit it by {CLOSES}." in decided()


def test_a_delegation_that_does_not_attend_has_nothing_to_do(draft) -> None:
    mark_not_attending(draft, reason="Elections", by=make_staff(), now=NOW)

    assert "What happens next:\nNobody needs to be named, and no deadline applies." in decided()
