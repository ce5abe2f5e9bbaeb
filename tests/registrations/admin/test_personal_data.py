"""Admin pages of personal data: what a purge will remove, and the export and erasure of one person."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from registrations.models import Delegate, Delegation, RegistrationPolicy
from tests.factories import make_delegate, make_delegation, make_focal_point, make_user

ADDRESS = "ximena@example.org"


@pytest.fixture
def delegation(db: None, settings, tmp_path: Path) -> Delegation:
    settings.MEDIA_ROOT = str(tmp_path)
    return make_delegation()


def page(name: str) -> str:
    return reverse(f"admin:{name}")


def test_the_policy_page_shows_what_the_purge_will_remove_with_counts(
    secretariat: Client, delegation: Delegation
) -> None:
    make_delegate(delegation)
    url = reverse("admin:registrations_registrationpolicy_change", args=[delegation.webinar_id])

    response = secretariat.get(url)

    counts = {str(text).split(":")[0]: count for text, count in response.context["purged_data"]}
    assert counts["People"] == 1
    assert "What ends on 17 Nov 2027" in response.text


def test_searching_for_a_person_shows_the_stored_data_and_changes_nothing(
    secretariat: Client, delegation: Delegation
) -> None:
    make_delegate(delegation, name="Ximena", email=ADDRESS)

    response = secretariat.post(page("personal-data"), {"email": ADDRESS.upper()})

    assert "Ximena" in response.text
    assert "no-store" in response.headers["Cache-Control"]
    assert Delegate.objects.get().name == "Ximena"


@pytest.mark.parametrize(
    ("email", "said"),
    [
        ("nobody@example.org", "Nothing is kept under this address."),
        ("", "This field is required."),
        ("x", "Enter a valid email address."),
    ],
)
def test_a_search_without_a_result_says_so(secretariat: Client, delegation: Delegation, email: str, said: str) -> None:
    response = secretariat.post(page("personal-data"), {"email": email})

    assert (response.status_code, said in response.text) == (200, True)


def test_the_data_of_a_person_are_exported_as_a_file(secretariat: Client, delegation: Delegation) -> None:
    make_delegate(delegation, name="Ximena Núñez", email=ADDRESS)

    response = secretariat.post(page("export-personal-data"), {"email": ADDRESS})

    assert json.loads(response.text)["registrations"][0]["name"] == "Ximena Núñez"
    assert "Núñez" in response.text
    assert response.headers["Content-Disposition"] == 'attachment; filename="personal-data.json"'
    assert "no-store" in response.headers["Cache-Control"]


def test_erasure_needs_a_confirmation(secretariat: Client, delegation: Delegation) -> None:
    make_delegate(delegation, name="Ximena", email=ADDRESS)

    response = secretariat.post(page("erase-personal-data"), {"email": ADDRESS})

    assert "Please confirm: what is erased cannot be brought back." in response.text
    assert Delegate.objects.get().name == "Ximena"


def test_a_confirmed_erasure_removes_the_data(secretariat: Client, delegation: Delegation) -> None:
    make_delegate(delegation, name="Ximena", email=ADDRESS)

    response = secretariat.post(page("erase-personal-data"), {"email": ADDRESS, "is_confirmed": "on"}, follow=True)

    assert "Nothing that is kept says any more who this was." in response.text
    assert Delegate.objects.get().name.startswith("#")


def test_an_account_in_use_is_not_erased_and_the_page_says_why(secretariat: Client, delegation: Delegation) -> None:
    make_focal_point(delegation.body, make_user(ADDRESS))

    response = secretariat.post(page("erase-personal-data"), {"email": ADDRESS, "is_confirmed": "on"})

    assert "This person is a focal point of Country HN. Remove the access first." in response.text


@pytest.mark.parametrize("name", ["export-personal-data", "erase-personal-data"])
def test_a_get_of_an_action_leads_to_the_search_form(secretariat: Client, delegation: Delegation, name: str) -> None:
    response = secretariat.get(page(name), {"email": ADDRESS})

    assert response.headers["Location"] == page("personal-data")


def test_the_history_of_a_policy_shows_the_former_purge_day(secretariat: Client, delegation: Delegation) -> None:
    key = [delegation.webinar_id]
    opens = {"opens_at_0": "2026-10-01", "opens_at_1": "09:00"}
    closes = {"closes_at_0": "2026-11-02", "closes_at_1": "09:00"}
    RegistrationPolicy.objects.update(
        # 09:00 in the zone of the webinar, which is the zone of its pages.
        opens_at=datetime(2026, 10, 1, 15, tzinfo=UTC),
        closes_at=datetime(2026, 11, 2, 15, tzinfo=UTC),
    )

    secretariat.post(
        reverse("admin:registrations_registrationpolicy_change", args=key),
        {**opens, **closes, "accepts_complete_at_once": "on", "purge_on": "2027-12-24"},
    )
    history = secretariat.get(reverse("admin:registrations_registrationpolicy_history", args=key))

    (line,) = history.context["action_list"][0].changes
    assert line.differences == (("personal data end on", "Wed 17 Nov 2027", "Fri 24 Dec 2027"),)
