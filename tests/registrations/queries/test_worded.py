import pytest
from django.db.models import Model

from registrations.models import Delegate, Delegation, Quota
from registrations.queries.seats import named_counts, quotas_of, seats_of, waived_seats
from registrations.services.delegations import waive_seats
from tests.factories import NOW, make_country, make_delegate, make_delegation, make_profiles, make_staff

pytestmark = pytest.mark.django_db


def test_the_seats_of_one_delegation_are_those_that_the_querysets_of_many_count() -> None:
    honduras = make_delegation()
    belize = make_delegation(honduras.webinar, make_country("BZ"))
    for delegation, profiles in (
        (honduras, ["prosecutors", "prosecutors", "border-control"]),
        (belize, ["prosecutors"]),
    ):
        for profile in profiles:
            make_delegate(delegation, profile)
    waive_seats(honduras, profile=make_profiles()["border-control"], seats=1, reason="Ill", by=make_staff(), now=NOW)

    seats = seats_of(honduras)

    named = named_counts(Delegate.objects.filter(delegation=honduras))
    waived = waived_seats(Delegation.objects.filter(pk=honduras.pk))
    assert {(honduras.pk, seat.profile.pk): seat.named for seat in seats if seat.named} == {
        key: count.named for key, count in named.items()
    }
    assert {(honduras.pk, seat.profile.pk): seat.waived for seat in seats if seat.waived} == waived
    assert (len(named), len(waived)) == (2, 1)


def test_quotas_are_whole_with_their_profiles(django_assert_num_queries) -> None:
    webinar = make_delegation().webinar
    stored = list(Quota.objects.filter(webinar=webinar).select_related("profile"))

    with django_assert_num_queries(1):
        read = quotas_of(webinar.pk)
        columns = [(columns_of(one), columns_of(one.profile)) for one in read]

    assert columns == [(columns_of(one), columns_of(one.profile)) for one in stored]


def columns_of(row: Model) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
