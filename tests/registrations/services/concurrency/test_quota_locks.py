"""Floors and ceilings hold whoever else writes at the same moment, on PostgreSQL with real locks."""

from functools import partial

import pytest
from django.db import transaction

from registrations.exceptions import MaximumTooLow, QuotaFull
from registrations.models import Delegate, Quota, QuotaException
from registrations.queries import seats_of
from registrations.services.nominations import register_delegate, withdraw_delegate
from registrations.services.nominations.undoing import restore_delegate
from registrations.services.quota_locks import lock_delegation
from registrations.services.quotas import change_quota, make_exception
from tests.factories import make_delegate, make_delegation, make_details, make_profiles, make_staff, make_user
from tests.races import ROUNDS, kinds_of, two_writers

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_the_last_seat_under_a_maximum_is_given_once(now):
    delegation, user = make_delegation(), make_user()
    quota = Quota.objects.get(profile__code="prosecutors")
    make_profiles()

    with two_writers() as race:
        for named in range(ROUNDS):
            Quota.objects.filter(pk=quota.pk).update(minimum=0, maximum=named + 1)
            one, other = make_details(), make_details()

            outcomes = race(
                partial(register_delegate, delegation, details=one, by=user, now=now),
                partial(register_delegate, delegation, details=other, by=user, now=now),
            )

            assert kinds_of(outcomes) == ["QuotaFull", "done"]
            assert Delegate.objects.active().count() == named + 1


def test_two_withdrawals_just_above_the_floor_do_not_both_pass_without_a_reason(now):
    delegation, user = make_delegation(), make_user()
    make_delegate(delegation)
    make_delegate(delegation)

    with two_writers() as race:
        for _ in range(ROUNDS):
            make_delegate(delegation)
            one, other = Delegate.objects.active().order_by("?")[:2]

            outcomes = race(
                partial(withdraw_delegate, one, version=1, by=user, now=now),
                partial(withdraw_delegate, other, version=1, by=user, now=now),
            )

            assert kinds_of(outcomes) == ["ReasonRequired", "done"]
            assert seats_of(delegation)[0].named == 2


def test_a_maximum_is_never_set_below_the_people_registered_meanwhile(now):
    delegation, user, staff = make_delegation(), make_user(), make_staff()
    quota = Quota.objects.select_related("webinar").get(profile__code="prosecutors")
    make_profiles()
    seen = set()

    with two_writers() as race:
        for _ in range(ROUNDS):
            Quota.objects.filter(pk=quota.pk).update(minimum=0, maximum=None)
            named = Delegate.objects.active().count()
            details = make_details()

            changed, registered = race(
                partial(change_quota, quota, minimum=0, maximum=named, reason="Agreed", by=staff, now=now),
                partial(register_delegate, delegation, details=details, by=user, now=now),
            )

            outcome = (changed is MaximumTooLow, registered is QuotaFull)
            assert outcome in {(True, False), (False, True)}
            quota.refresh_from_db()
            assert quota.maximum is None or Delegate.objects.active().count() <= quota.maximum
            seen.add(outcome)

    assert len(seen) == 2, "the race was always won by the same side: nothing was tested"


def test_the_last_seat_under_the_maximum_of_an_exception_is_given_once(now):
    delegation, user, staff = make_delegation(), make_user(), make_staff()
    quota = Quota.objects.select_related("webinar").get(profile__code="prosecutors")
    make_exception(delegation, quota=quota, minimum=0, maximum=1, reason="Small", by=staff, now=now)

    with two_writers() as race:
        for named in range(ROUNDS):
            QuotaException.objects.update(maximum=named + 1)
            one, other = make_details(), make_details()

            outcomes = race(
                partial(register_delegate, delegation, details=one, by=user, now=now),
                partial(register_delegate, delegation, details=other, by=user, now=now),
            )

            assert kinds_of(outcomes) == ["QuotaFull", "done"]
            assert Delegate.objects.active().count() == named + 1


def test_an_exception_is_never_made_below_the_people_registered_meanwhile(now):
    """Who waited for the locks counts by the exception that was made meanwhile."""
    delegation, user, staff = make_delegation(), make_user(), make_staff()
    quota = Quota.objects.select_related("webinar").get(profile__code="prosecutors")
    make_profiles()
    seen = set()

    with two_writers() as race:
        for _ in range(ROUNDS):
            QuotaException.objects.all().delete()
            named = Delegate.objects.active().count()
            exception = {"quota": quota, "minimum": 0, "maximum": named, "reason": "Small"}

            made, registered = race(
                partial(make_exception, delegation, **exception, by=staff, now=now),
                partial(register_delegate, delegation, details=make_details(), by=user, now=now),
            )

            outcome = (made is MaximumTooLow, registered is QuotaFull)
            assert outcome in {(True, False), (False, True)}
            seen.add(outcome)

    assert len(seen) == 2, "the race was always won by the same side: nothing was tested"


def test_the_last_seat_is_given_to_a_restored_or_a_new_person_but_not_to_both(now):
    delegation, user, staff = make_delegation(), make_user(), make_staff()
    make_profiles()
    Quota.objects.update(minimum=0, maximum=1)

    with two_writers() as race:
        for _ in range(ROUNDS // 4):
            Delegate.objects.active().update(status="withdrawn", withdrawn_at=now)
            left = make_delegate(delegation, status="withdrawn", withdrawn_at=now)

            outcomes = race(
                partial(restore_delegate, left, by=staff, now=now),
                partial(register_delegate, delegation, details=make_details(), by=user, now=now),
            )

            assert kinds_of(outcomes) == ["QuotaFull", "done"]
            assert Delegate.objects.active().count() == 1


def test_a_lock_outside_of_a_transaction_is_refused_each_time() -> None:
    delegation = make_delegation()
    with transaction.atomic():
        lock_delegation(delegation)

    for _ in range(2):
        with pytest.raises(transaction.TransactionManagementError):
            lock_delegation(delegation)
