"""Rules that must hold whoever else writes at the same moment, on PostgreSQL with real locks."""

from functools import partial

import pytest
from django.db import connection

from registrations.exceptions import (
    AddressTakenElsewhere,
    MaximumTooLow,
    NotPossibleNow,
    QuotaFull,
)
from registrations.models import Delegate, Delegation, DelegationStatus, HistoryEvent, HistoryKind, Quota
from registrations.queries import seats_of
from registrations.services.delegations import accept_delegation, submit_delegation
from registrations.services.nominations import (
    edit_delegate,
    register_delegate,
    replace_delegate,
    restore_delegate,
    withdraw_delegate,
)
from registrations.services.quotas import change_quota
from registrations.services.seats import decision
from tests.factories import (
    make_country,
    make_delegate,
    make_delegation,
    make_details,
    make_organisation,
    make_profiles,
    make_staff,
    make_user,
    make_webinar,
)
from tests.races import ROUNDS, two_writers

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def kinds_of(outcomes):
    """Classes of rules as they are, everything that a write returned as "done"; in a stable order."""
    return sorted((one.__name__ if isinstance(one, type) else "done") for one in outcomes)


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


def test_one_address_in_two_delegations_is_registered_once_and_the_other_attempt_is_told(now, settings):
    settings.ADDRESS_CLASHES_PER_DAY = ROUNDS + 1
    honduras = make_delegation()
    panama = make_delegation(honduras.webinar, make_country("PA"))
    user, colleague = make_user(), make_user()

    with two_writers() as race:
        for number in range(ROUNDS):
            outcomes = race(
                partial(
                    register_delegate, honduras, details=make_details(email=f"a{number}@example.org"), by=user, now=now
                ),
                partial(
                    register_delegate,
                    panama,
                    details=make_details(email=f" A{number}@EXAMPLE.org"),
                    by=colleague,
                    now=now,
                ),
            )

            assert kinds_of(outcomes) == ["AddressTakenElsewhere", "done"]

    assert Delegate.objects.active().count() == ROUNDS
    assert HistoryEvent.objects.filter(kind=HistoryKind.ADDRESS_CLASH).count() == ROUNDS


def test_the_constraint_decides_where_no_quota_row_makes_the_writers_wait(now, settings):
    settings.ADDRESS_CLASHES_PER_DAY = ROUNDS + 1
    webinar = make_webinar()
    one = make_delegation(webinar, make_organisation("unodc"))
    other = make_delegation(webinar, make_organisation("iom"))
    user = make_user()

    with two_writers() as race:
        for number in range(ROUNDS):
            outcomes = race(
                partial(
                    register_delegate, one, details=make_details(None, email=f"a{number}@example.org"), by=user, now=now
                ),
                partial(
                    register_delegate,
                    other,
                    details=make_details(None, email=f"A{number}@example.org"),
                    by=user,
                    now=now,
                ),
            )

            assert kinds_of(outcomes) == ["AddressTakenElsewhere", "done"]

    assert Delegate.objects.active().count() == ROUNDS
    assert HistoryEvent.objects.filter(kind=HistoryKind.ADDRESS_CLASH).count() == ROUNDS


def test_a_form_sent_twice_at_once_registers_one_person(now):
    delegation, user = make_delegation(), make_user()

    with two_writers() as race:
        for number in range(ROUNDS):
            register = partial(
                register_delegate,
                delegation,
                details=make_details(email=f"a{number}@example.org"),
                by=user,
                now=now,
            )

            outcomes = race(register, register)

            assert kinds_of(outcomes) == ["AddressTakenHere", "done"]
            assert Delegate.objects.count() == number + 1


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
                partial(change_quota, quota, minimum=0, maximum=named, by=staff, now=now),
                partial(register_delegate, delegation, details=details, by=user, now=now),
            )

            outcome = (changed is MaximumTooLow, registered is QuotaFull)
            assert outcome in {(True, False), (False, True)}
            quota.refresh_from_db()
            assert quota.maximum is None or Delegate.objects.active().count() <= quota.maximum
            seen.add(outcome)

    assert len(seen) == 2, "the race was always won by the same side: nothing was tested"


def test_one_person_is_replaced_once_or_withdrawn_once_but_never_both(now):
    delegation, user = make_delegation(), make_user()
    make_profiles()

    with two_writers() as race:
        for _ in range(ROUNDS // 4):
            delegate = make_delegate(delegation)

            replaced, withdrawn = race(
                partial(replace_delegate, delegate, details=make_details(), version=1, by=user, now=now),
                partial(withdraw_delegate, delegate, version=1, by=user, now=now, reason="ill"),
            )

            delegate.refresh_from_db()
            if replaced is NotPossibleNow:
                assert (delegate.status, delegate.replaced_by) == ("withdrawn", None)
            else:
                assert (delegate.status, delegate.replaced_by) == ("replaced", replaced)
            assert withdrawn.status == delegate.status


def test_of_two_edits_of_one_version_the_later_is_stale(now):
    delegation, user = make_delegation(), make_user()
    delegate = make_delegate(delegation)
    make_profiles()

    with two_writers() as race:
        for round_number in range(ROUNDS // 4):
            version = round_number + 1
            outcomes = race(
                partial(edit_delegate, delegate, details=make_details(), version=version, by=user, now=now),
                partial(edit_delegate, delegate, details=make_details(), version=version, by=user, now=now),
            )

            assert kinds_of(outcomes) == ["Stale", "done"]


def test_a_delegation_submitted_twice_at_once_is_submitted_once(now):
    delegation, user = make_delegation(), make_user()
    submit = partial(submit_delegation, delegation, by=user, now=now, reason="one is ill")

    with two_writers() as race:
        for round_number in range(ROUNDS // 4):
            version = 1 + round_number
            Delegation.objects.update(status=DelegationStatus.DRAFT)

            outcomes = race(partial(submit, version=version), partial(submit, version=version))

            assert kinds_of(outcomes) == ["NotPossibleNow", "done"]

    assert HistoryEvent.objects.filter(kind=HistoryKind.SUBMITTED).count() == ROUNDS // 4


def test_whoever_is_named_while_the_delegation_is_accepted_is_admitted(now):
    delegation, user, staff = make_delegation(), make_user(), make_staff()
    make_profiles()

    with two_writers() as race:
        for _ in range(ROUNDS // 4):
            Delegation.objects.update(status=DelegationStatus.SUBMITTED)
            Delegate.objects.update(admitted_at=None)

            outcomes = race(
                partial(accept_delegation, delegation, by=staff, now=now, with_gap=True),
                partial(register_delegate, delegation, details=make_details(), by=user, now=now),
            )

            assert kinds_of(outcomes) == ["done", "done"]
            assert not Delegate.objects.active().filter(admitted_at=None).exists()


def test_the_last_seat_goes_to_the_one_who_returns_or_to_the_one_who_comes(now):
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


def test_two_people_who_pass_an_address_on_never_break_a_rule(now, settings):
    settings.ADDRESS_CLASHES_PER_DAY = 10 * ROUNDS
    webinar = make_webinar()
    one = make_delegate(make_delegation(webinar, make_organisation("unodc")), None, email="x@example.org")
    other = make_delegate(make_delegation(webinar, make_organisation("iom")), None, email="y@example.org")
    user = make_user()

    def edit(delegate, email):
        stored = Delegate.objects.get(pk=delegate.pk)
        return edit_delegate(
            stored, details=make_details(None, email=email), version=stored.version, by=user, now=now
        ).email

    with two_writers() as race:
        for number in range(ROUNDS):
            moved, taken = race(
                partial(edit, one, f"z{number}@example.org"),
                partial(edit, other, Delegate.objects.get(pk=one.pk).email),
            )

            assert moved == f"z{number}@example.org"
            assert isinstance(taken, str) or taken is AddressTakenElsewhere


@decision
def lock_both(first, second, *, meet):
    """A decision that breaks the order of locks, as a hand-written statement elsewhere might."""
    Delegation.objects.select_for_update(no_key=True).get(pk=first.pk)
    meet()
    Delegation.objects.select_for_update(no_key=True).get(pk=second.pk)
    return "done"


def test_a_deadlock_is_tried_again_once_and_both_writers_finish(now):
    honduras = make_delegation()
    panama = make_delegation(honduras.webinar, make_country("PA"))
    attempts = []

    def linger(seconds):
        """Long enough for the other to take its first lock; not equally long, so that one of the two is the victim."""
        attempts.append(1)
        if len(attempts) <= 2:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(%s)", [seconds])

    with two_writers() as race:
        outcomes = race(
            partial(lock_both, honduras, panama, meet=partial(linger, 0.2)),
            partial(lock_both, panama, honduras, meet=partial(linger, 0.7)),
        )

    assert outcomes == ("done", "done")
    assert len(attempts) == 3
