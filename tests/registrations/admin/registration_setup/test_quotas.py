"""The table of quotas on the registration page: it is saved whole, and names the delegations that it affects first."""

import pytest
from django.test import Client

from registrations.models import Delegation, HistoryEvent, ParticipantProfile, Quota
from sessions_app.models import Webinar
from tests.factories import make_delegate
from tests.registrations.admin.registration_setup.pages import (
    URL,
    asked,
    field,
    fill,
    flash_messages,
    send,
    shown,
    text_of,
)


def test_quotas_are_changed_added_and_removed_in_one_table(secretariat: Client, webinar: Webinar) -> None:
    known = ParticipantProfile.objects.create(code="observers", name_en="Observers", position=9)
    page = shown(secretariat.get(URL))
    del page[field("border-control", "is_asked")]
    changes = {
        field("prosecutors", "minimum"): "3",
        field("prosecutors", "maximum"): "6",
        f"quota-{known.pk}-is_asked": "on",
        f"quota-{known.pk}-minimum": "0",
        "quota-new-0-name_en": "Financial analysts",
        "quota-new-0-name_es": "Análisis financiero",
        "quota-new-0-minimum": "1",
        "reason": "As agreed",
        "quotas": "",
    }

    response = secretariat.post(URL, page | changes)

    assert asked(webinar) == {
        "prosecutors": (3, 6),
        "immigration-control": (2, None),
        "investigation-units": (2, None),
        "observers": (0, None),
        "financial-analysts": (1, None),
    }
    assert (response.status_code, flash_messages(response)) == (302, ["The quotas are saved."])
    assert HistoryEvent.objects.count() == 4


def test_a_table_that_is_sent_twice_is_saved_once(secretariat: Client, webinar: Webinar) -> None:
    page = shown(secretariat.get(URL))
    page |= {field("prosecutors", "minimum"): "3", "reason": "As agreed", "quotas": ""}
    page |= {"quota-new-0-name_en": "Analysts", "quota-new-0-minimum": "1"}
    secretariat.post(URL, page)

    again = secretariat.post(URL, page)

    assert (again.status_code, HistoryEvent.objects.count(), len(asked(webinar))) == (302, 2, 5)


WRONG_TABLES: list[tuple[dict[str, str], str]] = [
    ({"maximum": "1"}, "The maximum cannot be below the minimum. Enter a higher one, or none."),
    ({"minimum": ""}, "Give a number."),
    ({"minimum": "9" * 30}, "Ensure this value is less than or equal to 1000."),
    ({"minimum": "-1"}, "Ensure this value is greater than or equal to 0."),
]


@pytest.mark.parametrize(("typed", "message"), WRONG_TABLES)
def test_a_wrong_number_is_told_beside_its_row_and_nothing_is_saved(
    secretariat: Client, webinar: Webinar, typed: dict[str, str], message: str
) -> None:
    before = asked(webinar)
    wrong = {field("prosecutors", name): value for name, value in typed.items()}

    response = send(secretariat, "quotas", **wrong, **{field("border-control", "minimum"): "4", "reason": "Agreed"})

    (row,) = [row for row in response.context["quotas"].rows if row.errors]
    assert (row.shown_profile.code, [text for texts in row.errors.values() for text in texts]) == (
        "prosecutors",
        [message],
    )
    assert asked(webinar) == before
    assert shown(response)[field("border-control", "minimum")] == "4"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Prosecutors", "This profile stands here twice."),
        ("…", "This profile exists already, or its name has no letters. Tick the one above, or change the name."),
    ],
)
def test_a_new_profile_needs_a_name_of_its_own(secretariat: Client, webinar: Webinar, name: str, message: str) -> None:
    response = send(secretariat, "quotas", **{"quota-new-0-name_en": name, "quota-new-0-minimum": "1"})

    assert message in text_of(response)
    assert response.context["quotas"].has_error_below
    assert len(asked(webinar)) == ParticipantProfile.objects.count() == 4


def test_a_profile_of_people_is_not_removed_and_the_row_says_why(
    secretariat: Client, webinar: Webinar, honduras: Delegation
) -> None:
    make_delegate(honduras)
    page = shown(secretariat.get(URL))
    del page[field("prosecutors", "is_asked")]

    response = secretariat.post(URL, page | {"reason": "As agreed", "quotas": ""})

    assert "People are or were registered with this profile: 1." in text_of(response)
    assert "prosecutors" in asked(webinar)


def test_a_changed_quota_needs_a_reason(secretariat: Client, webinar: Webinar) -> None:
    response = send(secretariat, "quotas", **{field("prosecutors", "minimum"): "3", "reason": " "})

    assert response.context["quotas"].errors == {"reason": ["Please give a reason."]}
    assert asked(webinar)["prosecutors"] == (2, None)


def test_whom_the_table_makes_incomplete_is_shown_before_it_is_saved(
    secretariat: Client, webinar: Webinar, honduras: Delegation
) -> None:
    fill(honduras, status="accepted")

    first = send(secretariat, "quotas", **{field("prosecutors", "minimum"): "3", "reason": "As agreed"})
    unsaved = asked(webinar)["prosecutors"]
    second = secretariat.post(URL, shown(first) | {"quotas": ""})

    assert "This makes 1 delegation incomplete Honduras , Accepted" in text_of(first)
    assert (unsaved, asked(webinar)["prosecutors"]) == ((2, None), (3, None))
    assert second.status_code == 302


def test_a_confirmation_is_refused_if_it_would_do_more_by_now(
    secretariat: Client, webinar: Webinar, honduras: Delegation
) -> None:
    fill(honduras)
    first = send(secretariat, "quotas", **{field("prosecutors", "minimum"): "3", "reason": "As agreed"})
    fill(webinar.delegations.get(body__iso_code="PA"))

    second = secretariat.post(URL, shown(first) | {"quotas": ""})

    assert "This makes 2 delegations incomplete" in text_of(second)
    assert asked(webinar)["prosecutors"] == (2, None)


def test_a_quota_that_another_officer_changed_meanwhile_is_shown_and_can_then_be_changed(
    secretariat: Client, webinar: Webinar
) -> None:
    page = shown(secretariat.get(URL)) | {field("prosecutors", "minimum"): "3", "reason": "As agreed", "quotas": ""}
    Quota.objects.filter(profile__code="prosecutors").update(minimum=4)
    Quota.objects.filter(profile__code="border-control").update(minimum=5)

    first = secretariat.post(URL, page)
    unsaved = asked(webinar)["prosecutors"]
    secretariat.post(URL, shown(first) | {"quotas": ""})

    assert "Someone else has changed this meanwhile. Asked for now: at least 4." in text_of(first)
    assert unsaved == (4, None)
    # What this officer did not touch stays as the other one left it.
    assert (asked(webinar)["prosecutors"], asked(webinar)["border-control"]) == ((3, None), (5, None))
