"""Many steps of one focal point at once, on PostgreSQL with real locks: the limits of a day hold exactly."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from django.db import connection

from registrations.exceptions import AddressTakenElsewhere, RuleBroken, TooManyClashes
from registrations.models import Delegate, HistoryEvent, HistoryKind
from registrations.services.nominations import register_delegate, register_delegates
from tests.factories import (
    make_country,
    make_delegate,
    make_delegation,
    make_details,
    make_focal_point,
    make_organisation,
    make_profiles,
    make_quotas,
    make_webinar,
)

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

WRITERS = 10


def at_once(writes):
    """What each of `writes` returned, or the type of the rule that it met; all begin at the same moment."""
    barrier = Barrier(len(writes), timeout=30)

    def run(write):
        barrier.wait()
        try:
            return write()
        except RuleBroken as broken:
            return type(broken)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=len(writes)) as pool:
        return [done.result() for done in [pool.submit(run, write) for write in writes]]


@pytest.mark.parametrize("kind", ["one delegation", "delegations of webinars without quotas"])
def test_mail_to_new_addresses_above_the_daily_limit_is_held_under_concurrency(now, settings, kind):
    settings.NEW_ADDRESSES_PER_DAY = 25
    country = make_country()
    user = make_focal_point(country).user
    make_profiles()
    if kind == "one delegation":
        places = [make_delegation(body=country)] * WRITERS
    else:
        body = make_organisation()
        places = [make_delegation(make_webinar(f"w{number}"), body) for number in range(WRITERS)]
    profile = "prosecutors" if kind == "one delegation" else None

    at_once(
        [
            partial(
                register_delegates,
                place,
                people=[make_details(profile, email=f"a{number}-{one}@example.org") for one in range(3)],
                by=user,
                now=now,
            )
            for number, place in enumerate(places)
        ]
    )

    assert Delegate.objects.count() == 3 * WRITERS
    assert Delegate.objects.with_held_mail().count() == 3 * WRITERS - 25


@pytest.mark.parametrize("has_quotas", [True, False])
def test_of_thirty_clashes_at_once_ten_are_recorded_and_twenty_exceed_the_limit(now, settings, has_quotas):
    settings.ADDRESS_CLASHES_PER_DAY = 10
    webinar = make_webinar()
    if has_quotas:
        make_quotas(webinar)
        mine, other, profile = make_delegation(webinar, make_country("HN")), make_country("PA"), "prosecutors"
        theirs = make_delegation(webinar, other)
    else:
        mine, profile = make_delegation(webinar, make_organisation("unodc")), None
        theirs = make_delegation(webinar, make_organisation("iom"))
    user = make_focal_point(mine.body).user
    holders = [make_delegate(theirs, profile) for _ in range(30)]
    details = [make_details(profile, email=holder.email) for holder in holders]

    outcomes = at_once([partial(register_delegate, mine, details=one, by=user, now=now) for one in details])

    assert outcomes.count(AddressTakenElsewhere) == 10
    assert outcomes.count(TooManyClashes) == 20
    assert HistoryEvent.objects.filter(kind=HistoryKind.ADDRESS_CLASH).count() == 10


def test_clashes_of_lists_in_several_webinars_at_once_do_not_exceed_the_limit(now, settings):
    settings.ADDRESS_CLASHES_PER_DAY = 10
    body, other = make_organisation("unodc"), make_organisation("iom")
    user = make_focal_point(body).user
    places = []
    for number in range(WRITERS):
        webinar = make_webinar(f"w{number}")
        theirs = make_delegation(webinar, other)
        places.append((make_delegation(webinar, body), [make_delegate(theirs, None).email for _ in range(3)]))

    at_once(
        [
            partial(
                register_delegates, mine, people=[make_details(None, email=email) for email in emails], by=user, now=now
            )
            for mine, emails in places
        ]
    )

    assert HistoryEvent.objects.filter(kind=HistoryKind.ADDRESS_CLASH).count() == 10
