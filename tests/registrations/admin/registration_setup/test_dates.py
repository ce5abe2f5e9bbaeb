"""The dates on the registration page: the form is saved whole, and names the delegations that it affects first."""

from datetime import UTC, date, datetime

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from registrations.models import Delegation, Quota, RegistrationPolicy
from sessions_app.models import Webinar
from tests.registrations.admin.registration_setup.pages import URL, fill, flash_messages, send, shown, text_of


def test_the_dates_are_typed_and_kept_in_the_zone_of_the_webinar(secretariat: Client, webinar: Webinar) -> None:
    page = shown(secretariat.get(URL))

    response = send(
        secretariat,
        "dates",
        closes_at="2026-11-10T17:00",
        purge_on="2027-01-31",
        minimum_stay_minutes="20",
        requires_letter="on",
        waits_for_decision="on",
    )

    assert (page["opens_at"], page["closes_at"]) == ("2026-10-12T09:00", "2026-11-06T09:00")
    policy = RegistrationPolicy.objects.get()
    assert (policy.opens_at, policy.closes_at) == (
        datetime(2026, 10, 12, 15, tzinfo=UTC),
        datetime(2026, 11, 10, 23, tzinfo=UTC),
    )
    assert (policy.purge_on, policy.minimum_stay_minutes) == (date(2027, 1, 31), 20)
    assert (policy.requires_letter, policy.accepts_complete_at_once) == (True, False)
    assert (response.status_code, flash_messages(response)) == (302, ["The dates are saved."])
    assert "Registration closes" in LogEntry.objects.get().get_change_message()


@pytest.mark.parametrize(
    ("name", "typed", "message"),
    [
        ("closes_at", "2026-10-12T08:00", "Registration must close after it opens. Choose a later date and time."),
        ("closes_at", "2026-11-17T23:00", "Registration must close before the last session is over."),
        ("closes_at", "", "This field is required."),
        ("opens_at", "tomorrow", "Enter a valid date/time."),
        ("opens_at", "9999-01-01T00:00", "Please give a year from 2000 to 2199."),
        ("minimum_stay_minutes", "-1", "Ensure this value is greater than or equal to 0."),
        ("minimum_stay_minutes", "9" * 30, "Ensure this value is less than or equal to 600."),
        ("purge_on", "2026-11-17", "Personal data are needed until the last session is over. Choose a later day."),
    ],
)
def test_a_wrong_date_is_told_beside_its_field_and_all_that_was_typed_stays(
    secretariat: Client, webinar: Webinar, name: str, typed: str, message: str
) -> None:
    response = send(secretariat, "dates", **{"requires_letter": "on", name: typed})

    assert response.context["dates"].errors[name] == [message]
    again = shown(response)
    assert (again[name], again["requires_letter"]) == (typed, "on")
    assert not RegistrationPolicy.objects.get().requires_letter


def test_registration_does_not_get_an_opening_date_while_nobody_is_asked_for(
    secretariat: Client, webinar: Webinar
) -> None:
    RegistrationPolicy.objects.update(opens_at=None)
    Quota.objects.all().delete()

    response = send(secretariat, "dates", opens_at="2026-10-12T09:00")

    assert response.context["dates"].errors["opens_at"] == [
        "Registration cannot open while this webinar asks for nobody: it has no quota."
    ]
    assert RegistrationPolicy.objects.get().opens_at is None


def test_two_people_who_change_different_dates_keep_both(secretariat: Client, webinar: Webinar) -> None:
    page = shown(secretariat.get(URL))
    RegistrationPolicy.objects.update(requires_letter=True, purge_on=date(2027, 5, 1))

    secretariat.post(URL, page | {"closes_at": "2026-11-10T17:00", "dates": ""})

    policy = RegistrationPolicy.objects.get()
    assert (policy.closes_at.day, policy.requires_letter, policy.purge_on) == (10, True, date(2027, 5, 1))


def test_whom_new_conditions_accept_is_shown_before_they_are_saved(
    secretariat: Client, webinar: Webinar, honduras: Delegation
) -> None:
    RegistrationPolicy.objects.update(accepts_complete_at_once=False)
    fill(honduras, status="submitted")

    first = send(secretariat, "dates", waits_for_decision="false")
    unsaved = Delegation.objects.get(pk=honduras.pk).status
    seen = first.context["dates"]["seen"].value()
    second = secretariat.post(URL, shown(first) | {"seen": seen, "dates": ""})

    assert "This accepts 1 delegation Honduras 8 people who are not invited yet are then invited." in text_of(first)
    assert unsaved == "submitted"
    assert flash_messages(second)[-1].startswith("The dates are saved. Now complete and accepted: Honduras; 8 people")
    assert Delegation.objects.get(pk=honduras.pk).status == "accepted"


def test_whom_a_required_letter_makes_incomplete_is_shown_before_it_is_saved(
    secretariat: Client, webinar: Webinar, honduras: Delegation
) -> None:
    fill(honduras, status="accepted")

    first = send(secretariat, "dates", requires_letter="on")
    is_saved = RegistrationPolicy.objects.get().requires_letter
    secretariat.post(URL, shown(first) | {"seen": first.context["dates"]["seen"].value(), "dates": ""})

    assert "This makes 1 delegation incomplete Honduras , Accepted" in text_of(first)
    assert (is_saved, RegistrationPolicy.objects.get().requires_letter) == (False, True)
