"""Two imports at the same moment, on PostgreSQL with real locks."""

import time
from datetime import timedelta
from functools import partial

import pytest

from registrations.models import Delegate, HistoryEvent, HistoryKind, Quota
from registrations.services.imports.limits import limit_imports
from registrations.services.imports.saving import import_delegates
from registrations.services.nominations import register_delegate
from tests.factories import (
    make_country,
    make_delegation,
    make_details,
    make_organisation,
    make_user,
    make_webinar,
)
from tests.races import kinds_of, two_writers
from tests.registrations.services.imports.stories import people_in, row
from tests.sizes import IS_DRILL

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

ROUNDS = 40 if IS_DRILL else 15
PEOPLE = 10


def rows(number, **cells):
    return [row(one, email=f"r{number}-{one}@example.org", **cells) for one in range(PEOPLE)]


def count_of(outcomes):
    return sorted(len(outcome.delegates) for outcome in outcomes)


def test_one_table_sent_twice_at_once_names_each_person_once(now):
    delegation, user = make_delegation(), make_user()

    with two_writers() as race:
        for number in range(ROUNDS):
            save = partial(import_delegates, delegation, people=people_in(delegation, rows(number)), by=user, now=now)

            assert count_of(race(save, save)) == [0, PEOPLE]

    assert Delegate.objects.count() == ROUNDS * PEOPLE


def test_the_same_people_of_two_organisations_are_registered_once_where_no_quota_makes_them_wait(now, settings):
    settings.ADDRESS_CLASHES_PER_DAY = 100 * ROUNDS * PEOPLE
    webinar = make_webinar()
    one, other = (make_delegation(webinar, make_organisation(slug)) for slug in ("unodc", "iom"))
    user, colleague = make_user(), make_user()
    cells = {"profile": "", "timezone": "America/Panama"}

    with two_writers() as race:
        for number in range(ROUNDS):
            backwards = rows(number, **cells)[::-1]
            outcomes = race(
                partial(import_delegates, one, people=people_in(one, rows(number, **cells)), by=user, now=now),
                partial(import_delegates, other, people=people_in(other, backwards), by=colleague, now=now),
            )

            assert sum(count_of(outcomes)) == PEOPLE

    assert Delegate.objects.active().count() == ROUNDS * PEOPLE
    assert HistoryEvent.objects.filter(kind=HistoryKind.REGISTERED).count() == ROUNDS * PEOPLE
    assert HistoryEvent.objects.filter(kind=HistoryKind.ADDRESS_CLASH).count() == ROUNDS * PEOPLE


def test_a_maximum_holds_while_an_import_and_a_form_are_saved_at_once(now):
    delegation, user = make_delegation(), make_user()
    country = make_delegation(delegation.webinar, make_country("GT"))
    Quota.objects.update(maximum=3)

    with two_writers() as race:
        for number in range(ROUNDS):
            Delegate.objects.filter(delegation=country).update(status="withdrawn", withdrawn_at=now)
            race(
                partial(import_delegates, country, people=people_in(country, rows(number)), by=user, now=now),
                partial(register_delegate, country, details=make_details(), by=user, now=now),
            )

            assert Delegate.objects.active().filter(delegation=country).count() == 3


def test_of_many_imports_of_one_account_at_once_one_runs(now):
    user = make_user()
    running, most = [], []

    def step(at):
        with limit_imports(user, now=at):
            running.append(1)
            most.append(len(running))
            time.sleep(0.01)
            running.pop()

    with two_writers() as race:
        for number in range(ROUNDS):
            at = now + timedelta(minutes=number)

            assert kinds_of(race(partial(step, at), partial(step, at)))[-1] == "done"

    assert set(most) == {1}
