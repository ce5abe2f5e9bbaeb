"""Each step is taken once, whoever else writes at the same moment, on PostgreSQL with real locks."""

from dataclasses import replace
from functools import partial

import pytest
from django.db import connection

from registrations.exceptions import NotPossibleNow
from registrations.models import Delegate, Delegation, DelegationStatus, HistoryEvent, HistoryKind
from registrations.services.delegate_details import details_of
from registrations.services.delegations import accept_delegation, submit_delegation
from registrations.services.nominations import edit_delegate, register_delegate, replace_delegate, withdraw_delegate
from registrations.services.transactions import atomic_with_retry
from tests.factories import (
    make_country,
    make_delegate,
    make_delegation,
    make_details,
    make_profiles,
    make_staff,
    make_user,
)
from tests.races import ROUNDS, kinds_of, two_writers

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


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
                assert (delegate.status, delegate.replaced_by, withdrawn.pk) == ("withdrawn", None, delegate.pk)
            else:
                assert (delegate.status, delegate.replaced_by) == ("replaced", replaced)
                assert withdrawn is NotPossibleNow


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

            assert kinds_of(outcomes) == ["EditConflict", "done"]


def test_of_two_people_marked_as_head_at_once_one_is(now):
    delegation, user = make_delegation(), make_user()
    people = [make_delegate(delegation), make_delegate(delegation)]

    with two_writers() as race:
        for _ in range(ROUNDS // 4):
            Delegate.objects.update(is_head_of_delegation=False, version=1)

            outcomes = race(
                *(
                    partial(
                        edit_delegate,
                        person,
                        details=replace(details_of(person), is_head_of_delegation=True),
                        version=1,
                        by=user,
                        now=now,
                    )
                    for person in people
                )
            )

            assert kinds_of(outcomes) == ["HeadTaken", "done"]


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


@atomic_with_retry
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
