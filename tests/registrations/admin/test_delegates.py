"""Admin of delegates: register, edit, replace, withdraw and restore for any delegation."""

import re

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from registrations.models import (
    CalendarEntry,
    Delegate,
    Delegation,
    HistoryEvent,
    HistoryKind,
    ParticipantProfile,
    Quota,
    RegistrationPolicy,
    User,
)
from registrations.services.quotas import make_exception
from sessions_app.admin.base import change_url
from sessions_app.models import Release, Session
from tests.factories import (
    NOW,
    make_country,
    make_delegate,
    make_delegation,
    make_organisation,
    make_profiles,
    make_quotas,
    make_webinar,
)

LIST = "/admin/registrations/delegate/"


@pytest.fixture
def delegation(db: None) -> Delegation:
    """A draft of Honduras at a future webinar whose registration has closed."""
    webinar = make_webinar()
    Session.objects.update(starts_at=timezone.now() + timezone.timedelta(days=3))
    RegistrationPolicy.objects.update(
        opens_at=timezone.now() - timezone.timedelta(days=9), closes_at=timezone.now() - timezone.timedelta(days=1)
    )
    make_quotas(webinar, minimum=1, maximum=2)
    return make_delegation(webinar, make_country("HN", name_en="Honduras"))


def form_data(profile: str | None = "prosecutors", **fields: object) -> dict[str, object]:
    """Return the data of the form, filled in."""
    person = {
        "name": "Ana Paz",
        "email": "ana.paz@example.org",
        "institution": "Public Ministry",
        "position": "",
        "role": "delegate",
        "language": "es",
        "timezone": "America/Tegucigalpa",
        "phone": "",
        "needs": "",
        "reason": "",
        **fields,
    }
    if profile is not None:
        person["profile"] = make_profiles()[profile].pk
    return person


def register(browser: Client, delegation: Delegation, person: dict[str, object]) -> HttpResponse:
    return browser.post(reverse("admin:register-delegate", args=[delegation.pk]), person)


def flash_messages(response: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def history_kinds() -> list[tuple[str, User | None, str]]:
    return [
        (event.kind, event.actor, event.reason) for event in HistoryEvent.objects.select_related("actor").order_by("pk")
    ]


# Steps ------------------------------------------------------------------------------------------


def test_staff_name_someone_for_a_country_after_the_closing_under_their_own_name(
    secretariat: Client, staff: User, delegation: Delegation
) -> None:
    response = register(secretariat, delegation, form_data(is_working_group_member="on"))

    person = Delegate.objects.get()
    assert flash_messages(response) == ["Ana Paz is named for Honduras."]
    assert (person.delegation, person.profile.code, person.email, person.is_working_group_member) == (
        delegation,
        "prosecutors",
        "ana.paz@example.org",
        True,
    )
    assert history_kinds() == [(HistoryKind.REGISTERED, staff, "")]


def test_people_of_an_organisation_have_a_role_and_no_profile(secretariat: Client, delegation: Delegation) -> None:
    jbig = make_delegation(delegation.webinar, make_organisation("jbig"))

    form = secretariat.get(reverse("admin:register-delegate", args=[jbig.pk])).context["form"]
    register(secretariat, jbig, form_data(None, role="panelist"))

    person = Delegate.objects.get()
    assert "profile" not in form.fields
    assert (person.profile, person.role) == (None, "panelist")


def test_the_head_of_a_delegation_is_marked_on_the_page_and_a_second_one_is_refused_at_the_field(
    secretariat: Client, delegation: Delegation
) -> None:
    register(secretariat, delegation, form_data(is_head_of_delegation="on"))
    page = secretariat.get(reverse("admin:registrations_delegation_change", args=[delegation.pk]))

    refused = register(
        secretariat, delegation, form_data(name="Luz Vega", email="luz@example.org", is_head_of_delegation="on")
    )

    assert "Head of delegation" in page.text
    assert refused.context["form"].errors == {
        "is_head_of_delegation": ["Ana Paz is marked as the head of this delegation. Remove that mark first."]
    }
    assert Delegate.objects.get().is_head_of_delegation


def test_an_organisation_has_no_head_of_delegation(secretariat: Client, delegation: Delegation) -> None:
    unodc = make_delegation(delegation.webinar, make_organisation())

    form = secretariat.get(reverse("admin:register-delegate", args=[unodc.pk])).context["form"]
    register(secretariat, unodc, form_data(None, is_head_of_delegation="on"))

    assert "is_head_of_delegation" not in form.fields
    assert not Delegate.objects.get().is_head_of_delegation


def test_the_profile_in_the_address_is_preselected(secretariat: Client, delegation: Delegation) -> None:
    url = reverse("admin:register-delegate", args=[delegation.pk])
    border_control = ParticipantProfile.objects.get(code="border-control")

    assert secretariat.get(url, {"profile": "border-control"}).context["form"].initial["profile"] == border_control.pk
    assert secretariat.get(url, {"profile": "' or 1"}).context["form"].initial["profile"] is None


def test_save_and_name_another_opens_the_page_again_with_its_profile_and_says_what_is_missing(
    secretariat: Client, delegation: Delegation
) -> None:
    make_delegate(delegation, "prosecutors")
    url = reverse("admin:register-delegate", args=[delegation.pk])

    response = register(secretariat, delegation, form_data("border-control", another="Save and name another"))
    page = secretariat.get(response.headers["Location"])

    assert response.headers["Location"] == f"{url}?profile=border-control"
    assert flash_messages(response) == [
        "Ana Paz is named. Still missing: Immigration control (0 of 1), Investigation units (0 of 1)."
    ]
    form = page.context["form"]
    border_control = ParticipantProfile.objects.get(code="border-control")
    assert (form["profile"].value(), form["name"].value()) == (border_control.pk, None)
    assert re.findall(r'<input[^>]*name="(\w+)"[^>]*\bautofocus\b', page.text) == ["name"]


def test_another_person_of_an_organisation_is_named_without_a_profile(
    secretariat: Client, delegation: Delegation
) -> None:
    unodc = make_delegation(delegation.webinar, make_organisation())

    response = register(secretariat, unodc, form_data(None, another="Save and name another"))

    assert response.headers["Location"] == reverse("admin:register-delegate", args=[unodc.pk])
    assert flash_messages(response) == ["Ana Paz is named."]


def test_a_refused_person_stays_in_the_form_whichever_button_was_pressed(
    secretariat: Client, delegation: Delegation
) -> None:
    response = register(secretariat, delegation, form_data(name="", another="Save and name another"))

    assert list(response.context["form"].errors) == ["name"]
    assert response.context["form"]["email"].value() == "ana.paz@example.org"
    assert not Delegate.objects.exists()


def test_a_maximum_holds_for_staff_too_who_read_which_one_it_is_with_the_page_that_changes_it(
    secretariat: Client, delegation: Delegation, staff: User
) -> None:
    make_delegate(delegation, "prosecutors")
    quota = Quota.objects.get(profile__code="prosecutors")
    Quota.objects.update(minimum=1, maximum=1)

    by_quota = register(secretariat, delegation, form_data())
    make_exception(delegation, quota=quota, minimum=0, maximum=1, reason="Small", by=staff, now=timezone.now())
    by_exception = register(secretariat, delegation, form_data())

    assert by_quota.context["form"].errors == {
        "profile": [
            "All seats of “Prosecutors” are taken: the quota allows 1 at most, for every country. "
            f'<a href="{change_url(quota)}">Change the quota</a>'
        ]
    }
    url = f"{reverse('admin:except-quota', args=[quota.pk])}?country={delegation.slug}"
    assert by_exception.context["form"].errors == {
        "profile": [
            "All seats of “Prosecutors” are taken: an exception allows Honduras 1 at most. "
            f'<a href="{url}">Change the exception</a>'
        ]
    }
    assert f'<a href="{url}">Change the exception</a>' in by_exception.text
    assert secretariat.get(url).status_code == secretariat.get(change_url(quota)).status_code == 200


def test_a_name_in_the_message_of_a_maximum_is_escaped(secretariat: Client, delegation: Delegation) -> None:
    make_delegate(delegation, "prosecutors")
    Quota.objects.update(minimum=1, maximum=1)
    ParticipantProfile.objects.update(name_en="<b>Prosecutors</b>")

    page = register(secretariat, delegation, form_data())

    assert "“&lt;b&gt;Prosecutors&lt;/b&gt;” are taken" in page.text


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        (
            {"email": "TAKEN@example.org"},
            "email",
            "Eva Sol is already named in this delegation with this address. Enter another one, or edit that person.",
        ),
        ({"email": "there@example.org"}, "email", "Leo Mar is registered with this address for Guatemala."),
        ({"name": "x" * 300}, "name", "Ensure this value has at most 200 characters (it has 300)."),
        ({"name": "Ana\x01Paz"}, "name", "Line breaks and control characters cannot be used here."),
        ({"email": "ana@example.org\nBcc: other@example.org"}, "email", "Enter a valid email address."),
        ({"timezone": "Mars/Olympus"}, "timezone", None),
        ({"profile": 99999}, "profile", None),
        ({"role": "president"}, "role", None),
    ],
)
def test_invalid_input_is_shown_at_its_field_and_nothing_is_saved(
    secretariat: Client, delegation: Delegation, fields: dict[str, object], field: str, message: str | None
) -> None:
    make_delegate(delegation, "border-control", name="Eva Sol", email="taken@example.org")
    elsewhere = make_delegation(delegation.webinar, make_country("GT", name_en="Guatemala"))
    make_delegate(elsewhere, name="Leo Mar", email="there@example.org")

    response = register(secretariat, delegation, form_data() | fields)

    errors = response.context["form"].errors
    assert (response.status_code, list(errors), Delegate.objects.count()) == (200, [field], 2)
    assert message is None or errors[field] == [message]
    assert "Public Ministry" in response.content.decode()


def test_the_details_of_a_delegate_can_be_changed(secretariat: Client, staff: User, delegation: Delegation) -> None:
    person = make_delegate(delegation, name="Ana Pas", email="ana.paz@example.org")
    url = reverse("admin:registrations_delegate_change", args=[person.pk])

    response = secretariat.post(url, form_data(version=person.version))
    person.refresh_from_db()

    assert flash_messages(response) == ["What is said about Ana Paz is saved."]
    assert (person.name, person.version) == ("Ana Paz", 2)
    assert history_kinds() == [(HistoryKind.EDITED, staff, "")]
    assert ("full name", "Ana Pas", "Ana Paz") in secretariat.get(url).context["history"][0].changes


def test_the_history_shows_a_profile_by_its_name(secretariat: Client, delegation: Delegation) -> None:
    person = make_delegate(delegation)
    url = reverse("admin:registrations_delegate_change", args=[person.pk])
    secretariat.post(url, form_data("border-control", version=person.version, reason="Moved to the border"))

    pages = (url, reverse("admin:registrations_delegation_change", args=[delegation.pk]))
    for page in pages:
        shown = secretariat.get(page).context["history"][0].changes
        assert "Border control" in [new for _label, _old, new in shown]


def test_a_stale_form_shows_both_versions_and_can_then_be_sent_again(
    secretariat: Client, delegation: Delegation
) -> None:
    person = make_delegate(delegation, name="Ana Paz", email="ana.paz@example.org", institution="Old")
    Delegate.objects.filter(pk=person.pk).update(institution="Of someone else", version=5)
    url = reverse("admin:registrations_delegate_change", args=[person.pk])

    stale = secretariat.post(url, form_data(version=1))
    again = secretariat.post(url, form_data(version=stale.context["form"]["version"].value()))
    person.refresh_from_db()

    assert stale.context["stale"] == [("Institution", "Of someone else", "Public Ministry")]
    assert "Of someone else" in stale.content.decode()
    assert (stale.status_code, again.status_code, person.institution) == (200, 302, "Public Ministry")


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 40])
def test_a_form_with_a_broken_version_is_refused_without_an_error(
    secretariat: Client, delegation: Delegation, version: str
) -> None:
    person = make_delegate(delegation)

    for url in (
        reverse("admin:registrations_delegate_change", args=[person.pk]),
        reverse("admin:replace-delegate", args=[person.pk]),
        reverse("admin:withdraw-delegate", args=[person.pk]),
    ):
        assert secretariat.post(url, form_data(version=version, reason="x")).status_code == 200
    assert Delegate.objects.get().is_active


def test_replacing_is_one_action_and_keeps_the_profile(
    secretariat: Client, staff: User, delegation: Delegation
) -> None:
    person = make_delegate(delegation, "border-control", name="Eva Sol")

    response = secretariat.post(
        reverse("admin:replace-delegate", args=[person.pk]), form_data(None, version=person.version, reason="Fell ill")
    )

    newcomer = Delegate.objects.active().get()
    person.refresh_from_db()
    assert flash_messages(response) == ["Ana Paz takes the seat of Eva Sol."]
    assert (person.status, person.replaced_by, newcomer.profile.code) == ("replaced", newcomer, "border-control")
    assert history_kinds() == [(HistoryKind.REPLACED, staff, "Fell ill"), (HistoryKind.REGISTERED, staff, "")]


def test_withdrawing_below_the_minimum_needs_a_reason(secretariat: Client, staff: User, delegation: Delegation) -> None:
    person = make_delegate(delegation, name="Eva Sol")
    url = reverse("admin:withdraw-delegate", args=[person.pk])

    refused = secretariat.post(url, {"version": person.version, "reason": ""})
    withdrawn = secretariat.post(url, {"version": person.version, "reason": "Not suited"})
    person.refresh_from_db()

    assert refused.context["form"].errors == {"reason": ["Please give a reason: this leaves a gap in the quota."]}
    assert flash_messages(withdrawn) == ["Eva Sol is withdrawn; the invitations are taken back."]
    assert (person.status, person.withdrawn_reason) == ("withdrawn", "Not suited")
    assert history_kinds() == [(HistoryKind.WITHDRAWN, staff, "Not suited")]


def test_a_withdrawn_delegate_is_shown_and_can_be_restored(
    secretariat: Client, staff: User, delegation: Delegation
) -> None:
    person = make_delegate(delegation, name="Eva Sol", status="withdrawn", withdrawn_at=NOW, withdrawn_reason="Ill")
    page_url = reverse("admin:registrations_delegate_change", args=[person.pk])
    url = reverse("admin:restore-delegate", args=[person.pk])

    page = secretariat.get(page_url).content.decode()
    opened = secretariat.get(url)
    restored = secretariat.post(url)
    person.refresh_from_db()

    assert "Eva Sol was withdrawn." in page
    assert 'name="institution"' not in page
    assert opened.status_code == 200
    assert flash_messages(restored) == ["Eva Sol takes part again."]
    assert person.status == "active"
    assert history_kinds() == [(HistoryKind.RESTORED, staff, "")]


def test_once_the_webinar_is_over_nothing_changes(secretariat: Client, delegation: Delegation) -> None:
    Session.objects.update(starts_at=timezone.now() - timezone.timedelta(days=3))

    response = register(secretariat, delegation, form_data())

    assert response.context["form"].non_field_errors() == [
        "The webinar is over; the delegation can no longer be changed."
    ]


# The list ---------------------------------------------------------------------------------------


def answer(person: Delegate, session: Session, partstat: str) -> None:
    release, _created = Release.objects.get_or_create(
        webinar=person.webinar, number=1, defaults={"released_at": NOW, "agenda": {}}
    )
    CalendarEntry.objects.create(
        session=session,
        address=person.address,
        delegate=person,
        release=release,
        released_sequence=0,
        sequence=0,
        stamp=NOW,
        planned_method="REQUEST",
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        ical_partstat=partstat,
    )


@pytest.fixture
def people(delegation: Delegation) -> None:
    first, second = Session.objects.order_by("number")
    accepted = make_delegate(delegation, name="Accepted", is_working_group_member=True, admitted_at=NOW)
    Delegate.objects.update(is_head_of_delegation=True)
    declined = make_delegate(delegation, "border-control", name="Declined")
    maybe = make_delegate(delegation, "border-control", name="Maybe", email="maybe@example.org")
    silent = make_delegate(delegation, name="Silent")
    make_delegate(delegation, name="Left", status="withdrawn", withdrawn_at=NOW)
    make_delegate(make_delegation(delegation.webinar, make_organisation()), None, name="Panelist", role="panelist")
    for person, answers in {
        accepted: ("ACCEPTED", "DECLINED"),
        declined: ("DECLINED", "DECLINED"),
        maybe: ("TENTATIVE", "NEEDS-ACTION"),
        silent: ("NEEDS-ACTION", "NEEDS-ACTION"),
    }.items():
        answer(person, first, answers[0])
        answer(person, second, answers[1])


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"answer": "accepted"}, ["Accepted"]),
        ({"answer": "declined"}, ["Declined"]),
        ({"answer": "tentative"}, ["Maybe"]),
        ({"answer": "needs-action"}, ["Silent"]),
        ({"status__exact": "withdrawn"}, ["Left"]),
        ({"profile": "border-control"}, ["Declined", "Maybe"]),
        ({"profile": "none"}, ["Panelist"]),
        ({"body": "unodc"}, ["Panelist"]),
        ({"role__exact": "panelist"}, ["Panelist"]),
        ({"is_working_group_member__exact": "1"}, ["Accepted"]),
        ({"is_head_of_delegation__exact": "1"}, ["Accepted"]),
        ({"admitted": "yes"}, ["Accepted"]),
        ({"q": "maybe@example.org"}, ["Maybe"]),
        ({"webinar": "flows", "kind": "organisation"}, ["Panelist"]),
    ],
)
def test_the_list_finds_people_by_name_address_and_every_filter(
    secretariat: Client, people: None, filters: dict[str, str], expected: list[str]
) -> None:
    found = secretariat.get(LIST, filters).context["cl"].result_list

    assert sorted(person.name for person in found) == expected


def test_people_are_listed_newest_first_and_those_of_one_webinar_by_profile(
    secretariat: Client, delegation: Delegation
) -> None:
    make_delegate(delegation, "prosecutors", name="First")
    make_delegate(delegation, "border-control", name="Second")

    everybody, of_one = (secretariat.get(LIST, query).context["cl"].result_list for query in ({}, {"webinar": "flows"}))

    assert [person.name for person in everybody] == ["Second", "First"]
    assert [person.name for person in of_one] == ["First", "Second"]


def test_the_list_shows_each_answer_by_session(secretariat: Client, people: None) -> None:
    html = secretariat.get(LIST, {"q": "Accepted"}).content.decode()

    assert "1: accepted · 2: declined" in html


def test_the_list_takes_the_same_queries_with_six_as_with_a_hundred(
    secretariat: Client, people: None, delegation: Delegation, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _number in range(94):
        make_delegate(delegation)

    with django_assert_max_num_queries(11):
        response = secretariat.get(LIST)

    assert response.context["cl"].result_count == 100
