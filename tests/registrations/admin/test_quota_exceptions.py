"""Admin pages that make, show and end a quota exception for one country."""

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from time_machine import TimeMachineFixture

from registrations.models import Delegation, ParticipatingBody, Quota, QuotaException, User
from registrations.services.quotas import make_exception
from tests.factories import (
    NOW,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_organisation,
    make_quotas,
    make_webinar,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def belize() -> Delegation:
    webinar = make_webinar()
    make_quotas(webinar)
    make_delegation(webinar, make_organisation())
    make_delegation(webinar, make_country("PA", name_en="Panama"))
    return make_delegation(webinar, make_country("BZ", name_en="Belize", name_es="Belice"))


@pytest.fixture
def quota(belize: Delegation) -> Quota:
    return Quota.objects.get(profile__code="prosecutors")


@pytest.fixture(autouse=True)
def on_the_day(time_machine: TimeMachineFixture) -> None:
    time_machine.move_to(NOW, tick=True)


def flash_messages(response: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def form_data(chosen: Delegation, **fields: str) -> dict[str, str]:
    numbers = {"delegation": chosen.slug, "minimum": "1", "maximum": "", "reason": "One unit", "seen": ""}
    return {**numbers, **fields}


def page_of(quota: Quota, delegation: Delegation | None = None) -> str:
    url = reverse("admin:except-quota", args=[quota.pk])
    return f"{url}?country={delegation.slug}" if delegation else url


def make(delegation: Delegation, quota: Quota, staff: User, **fields: object) -> QuotaException:
    asked = {"minimum": 1, "maximum": None, "reason": "One unit", **fields}
    make_exception(delegation, quota=quota, **asked, by=staff, now=NOW)
    return QuotaException.objects.get(quota=quota, body=delegation.body)


def test_an_exception_is_made_from_the_page_of_the_quota_and_shown_there(
    secretariat: Client, staff: User, quota: Quota, belize: Delegation
) -> None:
    offered = secretariat.get(page_of(quota))
    saved = secretariat.post(page_of(quota), form_data(belize))
    shown = secretariat.get(reverse("admin:registrations_quota_change", args=[quota.pk])).text

    assert [str(label) for _value, label in offered.context["form"].fields["delegation"].choices][1:] == [
        "Belize", "Panama"
    ]  # fmt: skip
    assert offered.context["form"]["minimum"].value() == 2
    assert saved.url == reverse("admin:registrations_quota_change", args=[quota.pk])
    assert flash_messages(saved) == ["Of Belize is now asked: at least 1."]
    exception = QuotaException.objects.get()
    assert (exception.minimum, exception.maximum, exception.made_by) == (1, None, staff)
    assert "Belize: at least 1 · “One unit”" in shown


def test_the_page_of_the_delegation_links_to_the_exception_which_leads_back(
    secretariat: Client, staff: User, quota: Quota, belize: Delegation
) -> None:
    make(belize, quota, staff, minimum=1, maximum=4)
    url = reverse("admin:registrations_delegation_change", args=[belize.pk])

    page = secretariat.get(url).text
    form = secretariat.get(page_of(quota, belize)).context["form"]
    seen = form["seen"].value()
    saved = secretariat.post(page_of(quota, belize), form_data(belize, maximum="3", seen=seen))

    assert f'href="{page_of(quota, belize)}"' in page
    assert "of Belize <strong>at least 1, at most 4</strong>; of every country at least 2 · “One unit”" in page
    assert {field.name: field.value() for field in form} == form_data(belize, seen=seen) | {"minimum": 1, "maximum": 4}
    assert saved.url == url
    assert QuotaException.objects.get().maximum == 3


def test_a_higher_minimum_first_shows_the_gap_that_it_opens(
    secretariat: Client, quota: Quota, belize: Delegation
) -> None:
    make_delegate(belize)
    make_delegate(belize)

    preview = secretariat.post(page_of(quota), form_data(belize, minimum="3"))
    unsaved = QuotaException.objects.exists()
    secretariat.post(page_of(quota), {field.name: field.value() for field in preview.context["form"]})

    assert [one.body.name_en for one in preview.context["preview"].opened] == ["Belize"]
    assert "This makes 1 delegation incomplete" in preview.text
    assert not unsaved
    assert QuotaException.objects.get().minimum == 3


def test_an_existing_exception_is_shown_before_it_is_overwritten(
    secretariat: Client, staff: User, quota: Quota, belize: Delegation
) -> None:
    make(belize, quota, staff, minimum=1, maximum=4)

    preview = secretariat.post(page_of(quota), form_data(belize, minimum="0", reason="None at all"))
    kept = QuotaException.objects.get().reason
    saved = secretariat.post(page_of(quota), {field.name: field.value() for field in preview.context["form"]})

    assert "This country has an exception already" in preview.text
    assert "the exception of Belize: at least 1, at most 4 · “One unit” (secretariat@example.org," in preview.text
    assert kept == "One unit"
    assert saved.status_code == 302
    assert QuotaException.objects.values_list("minimum", "maximum", "reason").get() == (0, None, "None at all")


def test_numbers_changed_after_the_preview_are_shown_again(
    secretariat: Client, quota: Quota, belize: Delegation
) -> None:
    make_delegate(belize)
    make_delegate(belize)
    preview = secretariat.post(page_of(quota), form_data(belize, minimum="3"))
    seen = preview.context["form"]["seen"].value()

    again = secretariat.post(page_of(quota), form_data(belize, minimum="9", seen=seen))

    assert [one.body.name_en for one in again.context["preview"].opened] == ["Belize"]
    assert not QuotaException.objects.exists()


def test_an_exception_is_ended_with_a_reason_after_a_preview_of_the_gap(
    secretariat: Client, staff: User, quota: Quota, belize: Delegation
) -> None:
    make_delegate(belize)
    url = reverse("admin:end-exception", args=[make(belize, quota, staff).pk])

    opened = secretariat.get(url)
    without = secretariat.post(url, {"reason": "", "seen": ""})
    preview = secretariat.post(url, {"reason": "A second unit", "seen": ""})
    unended = QuotaException.objects.exists()
    ended = secretariat.post(url, {field.name: field.value() for field in preview.context["form"]})

    assert without.context["form"].errors == {"reason": ["This field is required."]}
    assert "One unit" in opened.text
    assert unended
    assert flash_messages(ended) == ["Of Belize is now asked what every country is asked."]
    assert not QuotaException.objects.exists()
    assert secretariat.get(url).status_code == 404


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        (
            {"minimum": "2", "maximum": "1"},
            {"maximum": ["The maximum cannot be below the minimum. Enter a higher one, or none."]},
        ),
        ({"minimum": "-1"}, {"minimum": ["Ensure this value is greater than or equal to 0."]}),
        ({"reason": " "}, {"reason": ["This field is required."]}),
        (
            {"minimum": "0", "maximum": "1"},
            {
                "maximum": [
                    "Belize has already named 2 people of this profile. Enter at least as many, or have people "
                    "withdrawn first."
                ]
            },
        ),
        (
            {"delegation": "flows-unodc"},
            {"delegation": ["Select a valid choice. That choice is not one of the available choices."]},
        ),
    ],
)
def test_invalid_input_is_refused_and_shown_again_as_typed(
    secretariat: Client, quota: Quota, belize: Delegation, fields: dict[str, str], errors: dict[str, list[str]]
) -> None:
    make_delegate(belize)
    make_delegate(belize)

    response = secretariat.post(page_of(quota), form_data(belize, **fields))

    assert response.context["form"].errors == errors
    assert response.context["form"]["minimum"].value() == fields.get("minimum", "1")
    assert not QuotaException.objects.exists()


def test_the_board_shows_the_usual_numbers_and_links_to_the_reason(
    secretariat: Client, staff: User, quota: Quota, belize: Delegation
) -> None:
    make(belize, quota, staff)

    board = secretariat.get("/admin/quota-board/flows/").text

    url = reverse("admin:registrations_delegation_change", args=[belize.pk])
    assert f'<a href="{url}#exceptions">exception, of others at least 2<' in board
    assert board.count("exception, of others") == 1


def test_a_focal_point_sees_the_figure_and_not_the_reason(
    client: Client, staff: User, quota: Quota, belize: Delegation
) -> None:
    make(belize, quota, staff, minimum=4)
    client.force_login(make_focal_point(belize.body).user)

    page = client.get(f"/en/delegations/{belize.slug}/").text

    assert "0 named, 4 asked" in page
    assert "One unit" not in page


def test_an_unknown_quota_exception_or_country_is_handled_without_an_error(secretariat: Client, quota: Quota) -> None:
    assert secretariat.get(reverse("admin:except-quota", args=[999999])).status_code == 404
    assert secretariat.get(reverse("admin:end-exception", args=[999999])).status_code == 404
    assert secretariat.get(f"{page_of(quota)}?country=nowhere").status_code == 200
    assert secretariat.get(f"{page_of(quota)}?country=%00{'x' * 300}").status_code == 200


def test_a_country_and_a_reason_that_a_database_cannot_store_are_refused(
    secretariat: Client, quota: Quota, belize: Delegation
) -> None:
    response = secretariat.post(page_of(quota), form_data(belize, delegation="a\x00b", reason="One\x00unit"))

    assert response.context["form"].errors.keys() == {"delegation", "reason"}


def test_an_exception_of_a_body_without_seats_is_refused_with_a_message(
    secretariat: Client, staff: User, quota: Quota, belize: Delegation
) -> None:
    url = reverse("admin:end-exception", args=[make(belize, quota, staff).pk])
    ParticipatingBody.objects.filter(pk=belize.body_id).update(kind="organisation")

    response = secretariat.post(url, {"reason": "Over", "seen": ""})

    assert response.context["form"].non_field_errors() == [
        "Nobody of this profile is asked of this delegation. Choose another profile."
    ]
