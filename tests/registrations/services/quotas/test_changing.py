from datetime import timedelta

import pytest

from registrations.exceptions import InvalidInput, MaximumTooLow, WebinarOver
from registrations.models import Delegation, HistoryEvent, Quota, QuotaLimits
from registrations.queries import seats_of
from registrations.services.delegations import waive_seats
from registrations.services.quotas import change_quota, quota_change_preview
from tests.factories import make_country, make_delegate, make_delegation, make_organisation


@pytest.fixture
def quota(delegation) -> Quota:
    """Two prosecutors of each country."""
    return Quota.objects.get(profile__code="prosecutors")


def test_a_higher_minimum_opens_gaps_and_revokes_nothing(delegation, quota, profiles, staff, now):
    Delegation.objects.update(status="accepted")
    make_delegate(delegation, admitted_at=now)
    make_delegate(delegation, admitted_at=now)
    waive_seats(delegation, profile=profiles["prosecutors"], seats=1, reason="small unit", by=staff, now=now)

    change_quota(quota, minimum=4, maximum=None, reason="Agreed", by=staff, now=now)

    quota.refresh_from_db()
    seat = seats_of(delegation)[0]
    assert (quota.minimum, seat.minimum, seat.waived, seat.effective_minimum, seat.missing) == (4, 4, 1, 3, 1)
    assert Delegation.objects.get().status == "accepted"
    assert delegation.delegates.admitted().count() == 2


def test_a_quota_change_is_recorded_with_author_time_and_values(quota, staff, now):
    change_quota(quota, minimum=2, maximum=6, reason="Agreed", by=staff, now=now)

    event = HistoryEvent.objects.get()
    assert (event.kind, event.actor, event.at, event.delegation) == ("quota_changed", staff, now, None)
    assert event.changes == {"profile": ["prosecutors", "prosecutors"], "maximum": [None, 6]}


def test_the_same_numbers_again_change_nothing(quota, staff, now):
    change_quota(quota, minimum=2, maximum=None, reason="Agreed", by=staff, now=now)

    assert not HistoryEvent.objects.exists()


def test_a_maximum_below_the_present_count_is_refused_and_names_the_country(delegation, quota, staff, now):
    make_delegation(delegation.webinar, make_country("PA"))
    for _ in range(3):
        make_delegate(delegation)

    with pytest.raises(MaximumTooLow) as refused:
        change_quota(quota, minimum=1, maximum=2, reason="Agreed", by=staff, now=now)

    assert (
        str(refused.value.message)
        == "Country HN has already named 3 people of this profile. Enter at least as many, or have people "
        "withdrawn first."
    )
    assert refused.value.field == "maximum"
    quota.refresh_from_db()
    assert (quota.minimum, quota.maximum) == (2, None)
    change_quota(quota, minimum=1, maximum=3, reason="Agreed", by=staff, now=now)
    assert Quota.objects.get(pk=quota.pk).maximum == 3


def test_a_maximum_is_each_country_s_own(delegation, quota, staff, now):
    for body in (delegation, make_delegation(delegation.webinar, make_country("PA"))):
        make_delegate(body)
        make_delegate(body)

    change_quota(quota, minimum=2, maximum=2, reason="Agreed", by=staff, now=now)

    assert Quota.objects.get(pk=quota.pk).maximum == 2


@pytest.mark.parametrize(
    ("minimum", "maximum", "messages"),
    [
        (-1, None, {"minimum": ["Please give a number from 0 to 1000."]}),
        (40_000, None, {"minimum": ["Please give a number from 0 to 1000."]}),
        (2, 2**40, {"maximum": ["Please give a number from 0 to 1000."]}),
        (2, 1, {"maximum": ["The maximum cannot be below the minimum. Enter a higher one, or none."]}),
    ],
)
def test_numbers_that_make_no_sense_are_refused(quota, staff, now, minimum, maximum, messages):
    with pytest.raises(InvalidInput) as refused:
        change_quota(quota, minimum=minimum, maximum=maximum, reason="Agreed", by=staff, now=now)

    assert refused.value.messages == messages


def test_quotas_freeze_with_the_webinar(quota, staff, now):
    with pytest.raises(WebinarOver):
        change_quota(quota, minimum=3, maximum=None, reason="Agreed", by=staff, now=now + timedelta(days=60))


def test_the_preview_lists_delegations_that_a_higher_minimum_leaves_with_a_gap(delegation, quota, profiles, staff, now):
    webinar = delegation.webinar
    short_already = make_delegation(webinar, make_country("PA"))
    waived = make_delegation(webinar, make_country("CR"))
    absent = make_delegation(webinar, make_country("MX"), status="not_attending")
    plenty = make_delegation(webinar, make_country("GT"))
    make_delegation(webinar, make_organisation())
    waive_seats(waived, profile=profiles["prosecutors"], seats=1, reason="small unit", by=staff, now=now)
    for one, named in ((delegation, 2), (short_already, 1), (waived, 2), (absent, 2), (plenty, 3)):
        for _ in range(named):
            make_delegate(one)

    assert quota_change_preview(quota, QuotaLimits(3, None)).opened == (delegation,)
    assert quota_change_preview(quota, QuotaLimits(2, None)).confirmations == frozenset()


def test_the_queries_of_the_preview_do_not_grow_with_delegations(delegation, quota, django_assert_num_queries):
    quota = Quota.objects.select_related("webinar").get(pk=quota.pk)
    with django_assert_num_queries(4):
        quota_change_preview(quota, QuotaLimits(3, None))
    for first in "ABC":
        for second in "ABCDEFGHIJ":
            make_delegate(make_delegation(delegation.webinar, make_country(f"{first}{second}")))

    with django_assert_num_queries(4):
        quota_change_preview(quota, QuotaLimits(3, None))
