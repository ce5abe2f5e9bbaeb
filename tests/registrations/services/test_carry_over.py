"""From a country's delegations at earlier webinars: who is offered, and what naming them again does."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registrations.exceptions import NotPossibleNow, QuotaFull
from registrations.models import Delegate, Delegation, Quota, RegistrationPolicy
from registrations.queries import seats_of
from registrations.queries.earlier_delegates import EarlierDelegate, earlier_delegates
from registrations.services.carry_over import carry_over
from registrations.services.delegate_details import FIELDS
from sessions_app.models import Session, Webinar
from tests.factories import (
    FIRST_START,
    NOW,
    make_country,
    make_delegate,
    make_delegation,
    make_organisation,
    make_profiles,
    make_webinar,
)


def webinar_before(slug: str, days: int) -> Webinar:
    """A webinar that began so many days before that of the factories."""
    webinar = make_webinar(slug)
    for session in webinar.sessions.all():
        Session.objects.filter(pk=session.pk).update(starts_at=session.starts_at - timedelta(days=days))
    return webinar


@pytest.fixture
def last_year(delegation) -> Delegation:
    return make_delegation(webinar_before("last-year", 365), delegation.body, status="accepted")


def offered(delegation: Delegation) -> tuple[EarlierDelegate, ...]:
    return earlier_delegates(delegation, seats=seats_of(delegation), now=NOW)


def names(delegation: Delegation) -> list[str]:
    return [one.person.name for one in offered(delegation)]


def test_people_of_earlier_webinars_are_offered_the_newest_first_and_each_once(delegation, last_year):
    before = make_delegation(webinar_before("two-years", 730), delegation.body)
    make_delegate(before, name="Ana, two years ago", email="ANA@example.org", institution="Of then")
    make_delegate(before, name="Luis", email="luis@example.org")
    make_delegate(last_year, "border-control", name="Rosa", email="rosa@example.org")
    make_delegate(last_year, name="Ana", email="ana@example.org")

    found = offered(delegation)

    assert [(one.webinar.slug, one.person.name, one.began_at) for one in found] == [
        ("last-year", "Ana", FIRST_START - timedelta(days=365)),
        ("last-year", "Rosa", FIRST_START - timedelta(days=365)),
        ("two-years", "Luis", FIRST_START - timedelta(days=730)),
    ]


def test_of_two_entries_of_one_address_at_one_webinar_the_later_is_offered(delegation, last_year):
    fields = {"email": "ana@example.org", "admitted_at": NOW}
    make_delegate(last_year, name="Ana, first", status="withdrawn", withdrawn_at=NOW, **fields)
    make_delegate(last_year, "border-control", name="Ana, later", registered_at=NOW + timedelta(days=1), **fields)

    assert names(delegation) == ["Ana, later"]


def test_former_delegates_are_offered_only_if_they_were_admitted(delegation, last_year):
    make_delegate(last_year, name="Stayed")
    make_delegate(last_year, name="Fell ill", status="withdrawn", withdrawn_at=NOW, admitted_at=NOW)
    make_delegate(last_year, name="A slip", status="withdrawn", withdrawn_at=NOW)
    make_delegate(last_year, name="Replaced before", status="replaced", withdrawn_at=NOW)

    assert set(names(delegation)) == {"Stayed", "Fell ill"}


def test_people_of_other_countries_and_later_webinars_are_not_offered(delegation, last_year):
    make_delegate(make_delegation(last_year.webinar, make_country("PA")), name="Of Panama")
    later = make_delegation(webinar_before("later", -30), delegation.body)
    make_delegate(later, name="Later")
    make_delegate(delegation, name="Of this one")

    assert names(delegation) == []
    assert names(later) == ["Of this one"]


def test_people_of_a_purged_webinar_are_not_offered(delegation, last_year):
    make_delegate(last_year)
    policies = RegistrationPolicy.objects.filter(webinar=last_year.webinar)

    policies.update(purge_on=NOW.date() + timedelta(days=1))
    before = len(names(delegation))
    policies.update(purge_on=NOW.date())

    assert (before, names(delegation)) == (1, [])


def test_registered_people_are_marked_ignoring_the_case_of_the_address(delegation, last_year):
    make_delegate(last_year, name="Ana", email="ana@example.org")
    make_delegate(last_year, name="Luis", email="luis@example.org")
    make_delegate(delegation, email="ANA@Example.org")
    make_delegate(delegation, email="luis@example.org", status="withdrawn", withdrawn_at=NOW)

    assert [(one.person.name, one.is_already_registered) for one in offered(delegation)] == [
        ("Ana", True),
        ("Luis", False),
    ]


def test_a_profile_without_a_quota_is_marked(delegation, last_year):
    make_delegate(last_year, "border-control", name="Rosa")
    Quota.objects.filter(webinar=delegation.webinar, profile__code="border-control").delete()

    (rosa,) = offered(delegation)

    assert not rosa.is_profile_requested


def test_at_a_webinar_without_sessions_those_of_begun_webinars_are_offered(last_year):
    make_delegate(last_year, name="Ana")
    planned = make_delegation(make_webinar("planned", sessions=0), last_year.body)

    assert names(planned) == ["Ana"]


def test_a_person_is_registered_again_with_the_earlier_details(delegation, last_year, focal_point, now):
    person = make_delegate(
        last_year,
        "border-control",
        name="María de los Ángeles Ejemplo",
        position="Jefa",
        language="en",
        timezone="America/Managua",
        phone="+504 1",
        needs="Interpretation",
        is_working_group_member=True,
    )

    outcomes = carry_over(delegation, chosen={person.pk: person.profile}, by=focal_point, now=now)

    named = Delegate.objects.get(delegation=delegation)
    assert outcomes[person.pk].delegate == named
    assert [getattr(named, name) for name in FIELDS] == [getattr(person, name) for name in FIELDS]
    assert (named.registered_at, named.admitted_at, named.version) == (now, None, 1)
    assert Delegate.objects.get(pk=person.pk).delegation == last_year


def test_an_earlier_head_of_delegation_is_registered_without_the_mark(delegation, last_year, focal_point, now):
    make_delegate(delegation, is_head_of_delegation=True)
    person = make_delegate(last_year, is_head_of_delegation=True)

    outcomes = carry_over(delegation, chosen={person.pk: person.profile}, by=focal_point, now=now)

    named = outcomes[person.pk].delegate
    assert named is not None
    assert not named.is_head_of_delegation


def test_another_profile_may_be_chosen(delegation, last_year, focal_point, now):
    person = make_delegate(last_year, "border-control")
    prosecutors = make_profiles()["prosecutors"]

    carry_over(delegation, chosen={person.pk: prosecutors}, by=focal_point, now=now)

    assert Delegate.objects.get(delegation=delegation).profile == prosecutors


def test_only_staff_carry_a_role_over(delegation, last_year, focal_point, staff, now):
    one, other = make_delegate(last_year, role="panelist"), make_delegate(last_year, role="panelist")

    carry_over(delegation, chosen={one.pk: one.profile}, by=focal_point, now=now)
    carry_over(delegation, chosen={other.pk: other.profile}, by=staff, now=now)

    assert list(delegation.delegates.order_by("pk").values_list("role", flat=True)) == ["delegate", "panelist"]


def test_refused_people_are_reported_and_the_others_are_registered(delegation, last_year, focal_point, now):
    Quota.objects.filter(profile__code="prosecutors").update(minimum=1, maximum=1)
    first, second = make_delegate(last_year, name="First"), make_delegate(last_year, name="Second")
    border = make_delegate(last_year, "border-control")

    outcomes = carry_over(
        delegation, chosen={one.pk: one.profile for one in (first, second, border)}, by=focal_point, now=now
    )

    assert [outcome.delegate is not None for outcome in outcomes.values()] == [True, False, True]
    assert isinstance(outcomes[second.pk].refusal, QuotaFull)
    assert delegation.delegates.count() == 2


def test_nobody_of_another_country_is_carried_over(delegation, last_year, focal_point, now):
    foreign = make_delegate(make_delegation(last_year.webinar, make_country("PA")))
    own = make_delegate(last_year)

    with pytest.raises(NotPossibleNow):
        carry_over(delegation, chosen={own.pk: own.profile, foreign.pk: foreign.profile}, by=focal_point, now=now)

    assert not delegation.delegates.exists()


def test_people_of_organisations_come_again_too(last_year, delegation, staff, now):
    unodc = make_organisation()
    person = make_delegate(make_delegation(last_year.webinar, unodc), None, role="moderator")
    here = make_delegation(delegation.webinar, unodc)

    carry_over(here, chosen={person.pk: None}, by=staff, now=now)

    assert list(here.delegates.values_list("name", "role")) == [(person.name, "moderator")]


def test_many_are_carried_over_in_as_many_queries_as_one(delegation, last_year, focal_point, now):
    make_profiles()

    def queries(count: int) -> int:
        chosen = {one.pk: one.profile for one in (make_delegate(last_year) for _ in range(count))}
        with CaptureQueriesContext(connection) as captured:
            carry_over(delegation, chosen=chosen, by=focal_point, now=now)
        return len(captured)

    assert queries(25) == queries(1)
