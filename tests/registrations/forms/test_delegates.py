import pytest

from registrations.exceptions import ReasonRequired
from registrations.forms.delegates import DelegateForm, WithdrawForm, zone_choices
from registrations.forms.errors import add_broken_rule
from registrations.models import Delegation
from registrations.queries import profiles_of
from tests.factories import make_country, make_delegation

pytestmark = pytest.mark.django_db


def names(delegation: Delegation, **options: str) -> list[str]:
    return [zone for _label, zones in zone_choices(delegation, **options)[1:] for zone, _city in zones]


def form_for(delegation: Delegation) -> DelegateForm:
    return DelegateForm(delegation=delegation, profiles=profiles_of(delegation))


def test_the_time_zones_of_the_country_are_first_and_each_zone_is_listed_once() -> None:
    zones = ["America/Mexico_City", "America/Tijuana"]
    mexico = make_delegation(body=make_country("MX", timezones=zones, name_en="Mexico"))

    choices = zone_choices(mexico)

    assert choices[1] == ("Mexico", [("America/Mexico_City", "Mexico City"), ("America/Tijuana", "Tijuana")])
    assert len(names(mexico)) == len(set(names(mexico)))


def test_a_time_zone_is_preselected_only_if_the_country_has_one() -> None:
    honduras = make_delegation()
    mexico = make_delegation(honduras.webinar, make_country("MX", timezones=["America/Mexico_City", "America/Tijuana"]))

    assert [form_for(one)["timezone"].value() for one in (honduras, mexico)] == ["America/Tegucigalpa", ""]


def test_a_time_zone_stored_under_an_old_name_stays_a_choice() -> None:
    honduras = make_delegation()

    assert "America/Buenos_Aires" in names(honduras, selected="America/Buenos_Aires")


def test_a_gap_that_only_the_service_finds_adds_the_reason_field() -> None:
    form = WithdrawForm({"version": "1"})
    assert form.is_valid()

    add_broken_rule(form, ReasonRequired())

    said = (
        "The delegation has changed since you opened this page. Please give a reason: this leaves a gap in the quota."
    )
    assert form.errors == {"reason": [said]}
    assert form.fields["reason"].required
