from datetime import UTC, timedelta

import pytest
from django.db.models import Model

from registrations.models import Delegate, Delegation, Quota, RegistrationPolicy
from registrations.queries.seats import named_counts, quotas_of, seats_of, waived_seats
from registrations.queries.worded import DAY, INSTANT, NUMBER, TEXT, Worded, instant
from registrations.services.delegations import waive_seats
from tests.factories import NOW, make_country, make_delegate, make_delegation, make_profiles, make_staff

pytestmark = pytest.mark.django_db

LATER_OF_AN_ADDRESS = Worded(
    lambda: Delegate.objects.filter(webinar=NUMBER, email=TEXT, registered_at__gt=INSTANT).values_list("pk")
)


def asked(person: Delegate, **changes: object) -> list[tuple[int]]:
    values = {"webinar": person.webinar_id, "email": person.email, "since": NOW - timedelta(days=1)} | changes
    return LATER_OF_AN_ADDRESS.ask({NUMBER: values["webinar"], TEXT: values["email"], INSTANT: values["since"]})


def test_a_question_is_answered_for_the_values_of_each_asking() -> None:
    delegation = make_delegation()
    ana, ben = (make_delegate(delegation, registered_at=NOW) for _ in range(2))

    assert [asked(ana), asked(ben)] == [[(ana.pk,)], [(ben.pk,)]]
    assert asked(ana, since=NOW + timedelta(days=1)) == []
    assert asked(ana, webinar=0) == []
    assert asked(ana, email="o'brien%s@example.org") == []


def test_instants_are_read_in_utc_whatever_the_driver_gives() -> None:
    person = make_delegate(make_delegation(), registered_at=NOW)
    of_a_person = Worded(lambda: Delegate.objects.filter(pk=NUMBER).values_list("registered_at"))

    ((stored,),) = of_a_person.ask({NUMBER: person.pk})

    assert (instant(stored), instant(stored).tzinfo) == (NOW, UTC)


def test_a_question_may_hold_a_day() -> None:
    webinar = make_delegation().webinar
    kept_on = Worded(lambda: RegistrationPolicy.objects.filter(purge_on__gt=DAY).values_list("webinar_id"))
    purge_on = webinar.policy.purge_on

    assert kept_on.ask({DAY: purge_on - timedelta(days=1)}) == [(webinar.pk,)]
    assert kept_on.ask({DAY: purge_on}) == []


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
