"""Many steps of one focal point at once, on PostgreSQL with real locks: the limits of a day hold exactly."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from django.db import connection

from registrations.exceptions import RuleBroken
from registrations.models import Delegate
from registrations.services.nominations import register_delegates
from tests.factories import (
    make_country,
    make_delegation,
    make_details,
    make_focal_point,
    make_organisation,
    make_profiles,
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
def test_new_addresses_above_the_day_s_limit_wait_however_many_steps_are_taken_at_once(now, settings, kind):
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
                many=[make_details(profile, email=f"a{number}-{one}@example.org") for one in range(3)],
                by=user,
                now=now,
            )
            for number, place in enumerate(places)
        ]
    )

    assert Delegate.objects.count() == 3 * WRITERS
    assert Delegate.objects.with_held_mail().count() == 3 * WRITERS - 25
