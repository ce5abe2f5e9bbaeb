"""Fields that a submitted form does not contain keep their stored values, in every form that changes a row."""

from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from time_machine import TimeMachineFixture

from registrations.models import Announcement, Attendance, Delegate, Quota, QuotaException, RegistrationPolicy, User
from registrations.services.quotas import make_exception
from registrations.tokens import Scope, make_token
from sessions_app.models import Speaker
from tests.factories import (
    NOW,
    make_announcement,
    make_attendance,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
)
from tests.filled_form import filled_form

pytestmark = pytest.mark.django_db
OPTIONAL = ("position", "phone", "needs", "is_working_group_member")


@pytest.fixture(autouse=True)
def it_is_now(time_machine: TimeMachineFixture) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def person() -> Delegate:
    delegation = make_delegation()
    Quota.objects.update(minimum=1, maximum=5)
    return make_delegate(
        delegation, position="Prosecutor", phone="+504 1234", needs="Captions", is_working_group_member=True,
        language="en", admitted_at=NOW,
    )  # fmt: skip


@pytest.fixture(params=["focal point", "secretariat"])
def edit_page(request: pytest.FixtureRequest, person: Delegate, secretariat: Client) -> tuple[Client, str]:
    """The client that edits the delegate, and the address of the form."""
    if request.param == "secretariat":
        return secretariat, reverse("admin:registrations_delegate_change", args=[person.pk])
    focal_point = Client()
    focal_point.force_login(make_focal_point(person.delegation.body).user)
    return focal_point, reverse("registrations:edit-delegate", args=[person.delegation.slug, person.pk])


def post_without(client: Client, url: str, *, without: tuple[str, ...] = (), **changed: str) -> Mapping[str, str]:
    """Return the page's form data as a browser would submit them, with `changed` values and without some fields."""
    fields = filled_form(client.get(url).content.decode()) | changed
    return {name: value for name, value in fields.items() if name not in without}


def stored(person: Delegate) -> dict[str, Any]:
    return Delegate.objects.values(*OPTIONAL, "name", "email", "role", "profile__code").get(pk=person.pk)


@pytest.mark.parametrize("left_out", [*((name,) for name in OPTIONAL), (*OPTIONAL, "role", "profile", "email")])
def test_absent_fields_of_a_delegate_keep_their_values(
    edit_page: tuple[Client, str], person: Delegate, left_out: tuple[str, ...]
) -> None:
    client, url = edit_page
    before = stored(person)

    response = client.post(url, post_without(client, url, without=left_out, name="Ana Corregida"))

    assert response.status_code == 302
    assert stored(person) == before | {"name": "Ana Corregida"}


def test_blank_fields_and_unticked_checkboxes_are_emptied(edit_page: tuple[Client, str], person: Delegate) -> None:
    client, url = edit_page
    emptied = dict.fromkeys(("position", "phone", "needs"), "")

    # For an unticked checkbox a browser sends only the hidden input before it.
    client.post(url, post_without(client, url, **emptied, is_working_group_member="false"))

    assert stored(person) == stored(person) | emptied | {"is_working_group_member": False}


def test_a_checkbox_is_rendered_with_a_hidden_input_for_its_unticked_state(
    edit_page: tuple[Client, str], person: Delegate
) -> None:
    client, url = edit_page
    ticked = filled_form(client.get(url).content.decode())["is_working_group_member"]
    Delegate.objects.update(is_working_group_member=False)
    unticked = filled_form(client.get(url).content.decode())["is_working_group_member"]

    assert (ticked, unticked) == ("on", "false")


def test_an_invalid_form_is_shown_again_with_the_stored_values_of_absent_fields(
    edit_page: tuple[Client, str], person: Delegate
) -> None:
    client, url = edit_page
    typed = post_without(client, url, without=OPTIONAL, name="Ana Corregida")
    Delegate.objects.update(version=7, institution="Another institution")

    refused = client.post(url, typed)

    shown = filled_form(refused.content.decode())
    assert {name: shown[name] for name in OPTIONAL} == {
        "position": "Prosecutor", "phone": "+504 1234", "needs": "Captions", "is_working_group_member": "on"
    }  # fmt: skip
    assert client.post(url, post_without(client, url, without=OPTIONAL)).status_code == 302


def test_a_quota_keeps_an_absent_maximum(secretariat: Client, person: Delegate) -> None:
    quota = Quota.objects.get(profile=person.profile)
    url = reverse("admin:registrations_quota_change", args=[quota.pk])

    secretariat.post(url, {"minimum": "0", "reason": "Fewer"})
    quota.refresh_from_db()
    assert (quota.minimum, quota.maximum) == (0, 5)
    secretariat.post(url, {"minimum": "0", "maximum": "", "reason": "No end"})

    assert Quota.objects.get(pk=quota.pk).maximum is None


def test_an_exception_keeps_an_absent_maximum_of_the_same_country_only(
    secretariat: Client, staff: User, person: Delegate
) -> None:
    quota, honduras = Quota.objects.get(profile=person.profile), person.delegation
    panama = make_delegation(person.webinar, make_country("PA"))
    make_exception(honduras, quota=quota, minimum=1, maximum=4, reason="Small", by=staff, now=NOW)
    url = f"{reverse('admin:except-quota', args=[quota.pk])}?country={honduras.slug}"
    seen = filled_form(secretariat.get(url).content.decode())["seen"]

    for country in (honduras, panama):
        typed = {"delegation": country.slug, "minimum": "0", "reason": "One unit"}
        secretariat.post(url, typed | ({"seen": seen} if country == honduras else {}))

    found = QuotaException.objects.values_list("body__iso_code", "minimum", "maximum")
    assert set(found) == {("HN", 0, 4), ("PA", 0, None)}


CHECKBOXES = ("accepts_complete_at_once", "requires_letter")


@pytest.mark.parametrize("left_out", [*((name,) for name in CHECKBOXES), CHECKBOXES])
def test_a_policy_keeps_absent_checkboxes(secretariat: Client, person: Delegate, left_out: tuple[str, ...]) -> None:
    RegistrationPolicy.objects.update(accepts_complete_at_once=True, requires_letter=True)
    url = reverse("admin:registrations_registrationpolicy_change", args=[person.webinar.policy.pk])

    response = secretariat.post(url, post_without(secretariat, url, without=left_out, purge_on="2028-01-01"))

    assert response.status_code == 302
    policy = RegistrationPolicy.objects.get()
    assert (policy.accepts_complete_at_once, policy.requires_letter) == (True, True)
    assert policy.purge_on.year == 2028


def test_a_policy_clears_unticked_checkboxes(secretariat: Client, person: Delegate) -> None:
    RegistrationPolicy.objects.update(accepts_complete_at_once=True, requires_letter=True)
    url = reverse("admin:registrations_registrationpolicy_change", args=[person.webinar.policy.pk])
    typed = post_without(secretariat, url)

    secretariat.post(url, typed | dict.fromkeys(CHECKBOXES, "false"))

    unticked = post_without(secretariat, url)
    assert RegistrationPolicy.objects.filter(accepts_complete_at_once=False, requires_letter=False).exists()
    assert [(typed[name], unticked[name]) for name in CHECKBOXES] == [("on", "false")] * 2


def test_a_draft_keeps_an_absent_text_and_session(secretariat: Client, staff: User, person: Delegate) -> None:
    draft = make_announcement(person.webinar, by=staff)
    url = reverse("admin:edit-announcement", args=[draft.pk])
    secretariat.post(url, post_without(secretariat, url, readers="delegates", session="1", answer="ACCEPTED"))
    before = Announcement.objects.get()

    response = secretariat.post(
        url, post_without(secretariat, url, without=("text_es", "session", "answer"), subject_en="Corrected")
    )

    after = Announcement.objects.get()
    assert response.status_code == 302
    assert (after.subject_en, after.text_es, after.audience) == ("Corrected", before.text_es, before.audience)
    assert before.audience["session"] == 1


def test_an_absent_speaker_keeps_its_value(secretariat: Client, person: Delegate) -> None:
    speaker = Speaker.objects.create(webinar=person.webinar, code="ana", name_en="Ana")
    Delegate.objects.update(speaker=speaker)

    secretariat.post(reverse("admin:speaker-of-delegate", args=[person.pk]), {"version": "1"})

    assert Delegate.objects.get().speaker == speaker


def test_an_absent_match_keeps_its_value(secretariat: Client, staff: User, person: Delegate) -> None:
    row = make_attendance(person.webinar.sessions.get(number=1), person, by=staff)

    secretariat.post(
        reverse("admin:session-attendance", args=[person.webinar.slug, 1]), {f"was-{row.pk}": str(person.pk)}
    )

    assert Attendance.objects.get().delegate == person


@pytest.mark.parametrize("typed", [{"language": "es"}, {"timezone": "America/Panama"}, {}])
def test_a_participant_who_sends_only_one_preference_changes_neither_and_sees_an_error(
    client: Client, person: Delegate, typed: dict[str, str]
) -> None:
    before = (person.language, person.timezone)

    answer = client.post(reverse("registrations:preferences", args=[make_token(person, Scope.PAGE)]), typed)

    assert answer.status_code == 422
    assert Delegate.objects.values_list("language", "timezone").get() == before
