"""An address is registered once, whoever else writes at the same moment, on PostgreSQL with real locks."""

from functools import partial

import pytest

from registrations.exceptions import AddressTakenElsewhere
from registrations.models import Delegate, HistoryEvent, HistoryKind
from registrations.services.nominations import edit_delegate, register_delegate, register_delegates
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
from tests.races import ROUNDS, kinds_of, two_writers

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_one_address_in_two_delegations_is_registered_once_and_the_clash_is_recorded(now, settings):
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
                register_delegate, delegation, details=make_details(email=f"a{number}@example.org"), by=user, now=now
            )

            outcomes = race(register, register)

            assert kinds_of(outcomes) == ["AddressTakenHere", "done"]
            assert Delegate.objects.count() == number + 1


def test_passing_an_address_on_at_once_never_breaks_a_rule(now, settings):
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


def test_two_concurrent_lists_register_each_person_once(now):
    one = make_delegation()
    other = make_delegation(one.webinar, make_country("PA"))
    user = make_user()
    make_profiles()

    with two_writers() as race:
        for _ in range(ROUNDS // 4):
            people = [make_details() for _ in range(3)]

            outcomes = race(
                partial(register_delegates, one, people=people, by=user, now=now),
                partial(register_delegates, other, people=people[::-1], by=user, now=now),
            )

            named = [outcome.delegate for both in outcomes for outcome in both if outcome.delegate is not None]
            assert sorted(delegate.email for delegate in named) == sorted(person.email for person in people)
            HistoryEvent.objects.filter(kind="address_clash").delete()


def test_two_lists_at_once_at_a_webinar_without_quotas_name_each_person_once(now):
    webinar = make_webinar()
    one, other = (make_delegation(webinar, make_organisation(slug)) for slug in ("unodc", "iom"))
    staff = make_staff()

    with two_writers() as race:
        for _ in range(ROUNDS // 4):
            people = [make_details(None) for _ in range(3)]

            outcomes = race(
                partial(register_delegates, one, people=people, by=staff, now=now),
                partial(register_delegates, other, people=people[::-1], by=staff, now=now),
            )

            named = [outcome.delegate for both in outcomes for outcome in both if outcome.delegate is not None]
            assert sorted(delegate.email for delegate in named) == sorted(person.email for person in people)
