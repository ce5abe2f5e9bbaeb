"""A registration policy is saved without undoing what somebody else stored since it was read."""

from datetime import timedelta

import pytest

from registrations.exceptions import NotPossibleNow
from registrations.models import RegistrationPolicy
from registrations.services.policies import save_policy
from tests.factories import make_staff, make_webinar


def test_only_what_was_changed_is_saved_and_the_rest_stays_as_it_was_stored_meanwhile(db, now):
    policy = make_webinar().policy
    policy.closes_at += timedelta(days=1)
    RegistrationPolicy.objects.update(requires_letter=True, purged_at=now)

    save_policy(policy, changed=["closes_at"], by=make_staff(), now=now)

    stored = RegistrationPolicy.objects.get()
    assert (stored.closes_at, stored.requires_letter, stored.purged_at) == (policy.closes_at, True, now)
    assert (policy.requires_letter, policy.purged_at) == (True, now)


def test_registration_never_closes_before_the_opening_that_was_stored_meanwhile(db, now):
    policy = make_webinar().policy
    closes_at = policy.closes_at
    RegistrationPolicy.objects.update(opens_at=closes_at - timedelta(hours=1))
    policy.closes_at -= timedelta(days=1)

    with pytest.raises(NotPossibleNow, match="Registration must close after it opens"):
        save_policy(policy, changed=["closes_at"], by=make_staff(), now=now)

    assert RegistrationPolicy.objects.get().closes_at == closes_at
