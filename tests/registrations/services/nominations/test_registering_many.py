"""Registering several people at once: each is judged as if alone, and a refusal does not affect the others."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registrations.exceptions import NotPossibleNow, WebinarOver
from registrations.models import Delegate, Delegation, HistoryEvent, HistoryKind, Quota
from registrations.services.nominations import register_delegate, register_delegates
from tests.factories import make_country, make_delegate, make_delegation, make_details, make_organisation, make_profiles
from tests.registrations.services.delegations.stories import AFTER_THE_WEBINAR

AFTER_THE_CLOSING = timedelta(days=12)
STORED = [field.attname for field in Delegate._meta.fields if field.name not in ("id", "email")]


def names_or_refusals(outcomes) -> list[str]:
    """The name of each registered person, or the name of the exception."""
    return [one.delegate.name if one.delegate else type(one.refusal).__name__ for one in outcomes]


def test_people_registered_together_are_stored_like_those_registered_alone(delegation, focal_point, now):
    Delegation.objects.update(status="accepted")
    typed = make_details("border-control", name=" María de los Ángeles ", needs="Interpretation", phone="+504 1")

    alone = register_delegate(delegation, details=replace(typed, email="alone@example.org"), by=focal_point, now=now)
    (together,) = register_delegates(delegation, people=[typed], by=focal_point, now=now)

    stored = Delegate.objects.get(pk=together.delegate.pk)
    assert [getattr(stored, name) for name in STORED] == [getattr(alone, name) for name in STORED]
    assert [(one.kind, one.actor, one.delegate) for one in HistoryEvent.objects.order_by("pk")] == [
        ("registered", focal_point, alone),
        ("registered", focal_point, stored),
    ]


def test_a_refused_person_does_not_affect_the_others(delegation, focal_point, now):
    Quota.objects.filter(profile__code="prosecutors").update(minimum=1, maximum=2)
    make_delegate(delegation, "border-control", email="here@example.org")
    ana, again = make_details(name="Ana"), make_details(name="Ana again")

    outcomes = register_delegates(
        delegation,
        people=[
            ana,
            make_details(name="Garbled", email="no address"),
            replace(again, email=ana.email.upper()),
            make_details(name="Here", email="HERE@example.org"),
            make_details(name="Luis"),
            make_details(name="One too many"),
            make_details("border-control", name="Rosa"),
            make_details(None, name="Without a profile"),
        ],
        by=focal_point,
        now=now,
    )

    assert names_or_refusals(outcomes) == [
        "Ana",
        "InvalidInput",
        "AddressTakenHere",
        "AddressTakenHere",
        "Luis",
        "QuotaFull",
        "Rosa",
        "InvalidInput",
    ]
    assert set(Delegate.objects.filter(name__in=["Ana", "Luis", "Rosa"]).values_list("delegation", flat=True)) == {
        delegation.pk
    }
    assert Delegate.objects.count() == 4


def test_clashes_alert_the_secretariat_and_count_and_reveal_nothing(delegation, focal_point, now, settings):
    settings.ADDRESS_CLASHES_PER_DAY = 2
    other = make_delegation(delegation.webinar, make_country("GT"))
    taken = [make_delegate(other, name=f"Somebody {number}") for number in range(3)]

    outcomes = register_delegates(
        delegation,
        people=[
            make_details(name="Free"),
            *(make_details(email=one.email) for one in taken),
            make_details(name="Late"),
        ],
        by=focal_point,
        now=now,
    )

    assert names_or_refusals(outcomes) == [
        "Free",
        "AddressTakenElsewhere",
        "AddressTakenElsewhere",
        "TooManyClashes",
        "TooManyClashes",
    ]
    assert all("Somebody" not in str(one.refusal.message) for one in outcomes if one.refusal)
    clashes = HistoryEvent.objects.filter(kind=HistoryKind.ADDRESS_CLASH).order_by("pk")
    assert [(clash.actor, clash.delegate, clash.delegation) for clash in clashes] == [
        (focal_point, taken[0], delegation),
        (focal_point, taken[1], delegation),
    ]


def test_staff_see_who_has_the_address(delegation, staff, now):
    other = make_delegation(delegation.webinar, make_country("GT"))
    make_delegate(other, name="Somebody", email="taken@example.org")

    (outcome,) = register_delegates(delegation, people=[make_details(email="taken@example.org")], by=staff, now=now)

    assert str(outcome.refusal.message) == "Somebody is registered with this address for Country GT."
    assert not HistoryEvent.objects.exists()


def test_after_the_closing_only_open_seats_are_filled(delegation, focal_point, now):
    make_delegate(delegation, "prosecutors")

    outcomes = register_delegates(
        delegation,
        people=[make_details(name="Fills the floor"), make_details(name="Above it")],
        by=focal_point,
        now=now + AFTER_THE_CLOSING,
    )

    assert names_or_refusals(outcomes) == ["Fills the floor", "RegistrationClosed"]


def test_a_rule_that_forbids_the_whole_list_is_raised(delegation, focal_point, now):
    with pytest.raises(WebinarOver):
        register_delegates(delegation, people=[make_details()], by=focal_point, now=now + AFTER_THE_WEBINAR)
    Delegation.objects.update(status="not_attending")
    with pytest.raises(NotPossibleNow):
        register_delegates(delegation, people=[make_details()], by=focal_point, now=now)


def test_people_of_organisations_are_named_together_too(delegation, staff, now):
    unodc = make_delegation(delegation.webinar, make_organisation())

    outcomes = register_delegates(unodc, people=[make_details(None), make_details("prosecutors")], by=staff, now=now)

    assert [outcome.refusal is None for outcome in outcomes] == [True, False]


def test_registering_an_empty_list_changes_nothing(delegation, focal_point, now):
    assert register_delegates(delegation, people=[], by=focal_point, now=now) == []


def test_many_cost_as_many_queries_as_a_few(delegation, focal_point, now):
    make_profiles()

    def queries(count: int) -> int:
        people = [make_details() for _ in range(count)]
        with CaptureQueriesContext(connection) as captured:
            register_delegates(delegation, people=people, by=focal_point, now=now)
        return len(captured)

    assert queries(30) == queries(2) <= 19
