"""Admin of delegations: the list with its filters, the page of one, and the actions on it."""

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from registrations.models import (
    Delegate,
    Delegation,
    DelegationStatus,
    HistoryEvent,
    HistoryKind,
    ParticipantProfile,
    User,
    Waiver,
)
from registrations.services.delegations import submit_delegation
from sessions_app.models import Session
from tests.factories import (
    make_country,
    make_delegate,
    make_delegation,
    make_organisation,
    make_profiles,
    make_quotas,
    make_user,
    make_webinar,
)

LIST = "/admin/registrations/delegation/"
PROFILES = ("prosecutors", "immigration-control", "border-control", "investigation-units")


@pytest.fixture
def delegation(db: None) -> Delegation:
    """A complete draft of a webinar in the future of the real clock."""
    webinar = make_webinar()
    Session.objects.update(starts_at=timezone.now() + timezone.timedelta(days=30))
    make_quotas(webinar, minimum=1)
    delegation = make_delegation(webinar, make_country("HN", name_en="Honduras"))
    for profile in PROFILES:
        make_delegate(delegation, profile)
    return delegation


def set_status(delegation: Delegation, status: DelegationStatus, **fields: object) -> None:
    Delegation.objects.filter(pk=delegation.pk).update(status=status, **fields)
    delegation.refresh_from_db()


def post_action(browser: Client, delegation: Delegation, step: str, **typed: object) -> HttpResponse:
    return browser.post(reverse(f"admin:{step}-delegation", args=[delegation.pk]), typed)


def flash_messages(response: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def history_kinds(delegation: Delegation) -> list[tuple[str, User | None, str]]:
    events = HistoryEvent.objects.filter(delegation=delegation).select_related("actor").order_by("pk")
    return [(event.kind, event.actor, event.reason) for event in events]


# Steps ------------------------------------------------------------------------------------------


def test_accepting_admits_the_people_and_records_who_decided(
    secretariat: Client, staff: User, delegation: Delegation
) -> None:
    set_status(delegation, DelegationStatus.SUBMITTED)

    response = post_action(secretariat, delegation, "accept", comment="Gracias")
    delegation.refresh_from_db()

    assert (response.status_code, flash_messages(response)) == (302, ["Honduras is accepted; its people are invited."])
    assert (delegation.status, delegation.decided_by, delegation.decision_comment) == ("accepted", staff, "Gracias")
    assert history_kinds(delegation) == [(HistoryKind.ACCEPTED, staff, "Gracias")]
    assert not Delegate.objects.filter(admitted_at=None).exists()


def test_a_delegation_with_a_gap_is_accepted_only_with_the_checkbox(
    secretariat: Client, delegation: Delegation
) -> None:
    set_status(delegation, DelegationStatus.SUBMITTED)
    Delegate.objects.filter(profile__code="border-control").delete()

    refused = post_action(secretariat, delegation, "accept", comment="All the same")
    accepted = post_action(secretariat, delegation, "accept", comment="All the same", with_gap="on")
    delegation.refresh_from_db()

    assert (refused.status_code, refused.context["form"].non_field_errors()) == (
        200,
        ["Some seats are still empty. Accept with the gap open, waive the seats, or return the delegation."],
    )
    assert "All the same</textarea>" in refused.content.decode()
    assert (accepted.status_code, delegation.status) == (302, "accepted")


def test_returning_needs_a_comment(secretariat: Client, staff: User, delegation: Delegation) -> None:
    set_status(delegation, DelegationStatus.SUBMITTED)

    refused = post_action(secretariat, delegation, "return", comment="  ")
    returned = post_action(secretariat, delegation, "return", comment="Falta la carta")
    delegation.refresh_from_db()

    assert refused.context["form"].errors == {"comment": ["This field is required."]}
    assert (returned.status_code, delegation.status, delegation.decision_comment) == (
        302,
        "returned",
        "Falta la carta",
    )
    assert history_kinds(delegation) == [(HistoryKind.RETURNED, staff, "Falta la carta")]


def test_staff_submit_for_a_country_under_their_own_name(
    secretariat: Client, staff: User, delegation: Delegation
) -> None:
    response = post_action(secretariat, delegation, "submit", version=delegation.version, reason="")
    delegation.refresh_from_db()

    assert flash_messages(response) == ["Honduras is submitted, complete, and accepted at once."]
    assert delegation.status == "accepted"
    assert history_kinds(delegation) == [(HistoryKind.SUBMITTED, staff, ""), (HistoryKind.ACCEPTED, None, "")]


def test_submitting_with_gaps_asks_for_a_reason_and_then_waits_for_a_decision(
    secretariat: Client, delegation: Delegation
) -> None:
    Delegate.objects.filter(profile__code="border-control").delete()

    refused = post_action(secretariat, delegation, "submit", version=delegation.version, reason="")
    submitted = post_action(secretariat, delegation, "submit", version=delegation.version, reason="No such service")

    assert refused.context["form"].errors == {
        "reason": ["Some seats are still empty. Name the missing officials, or give the reason and submit."]
    }
    assert flash_messages(submitted) == ["Honduras is submitted and waits for a decision."]


def test_a_stale_submission_is_refused_once_and_accepted_when_sent_again(
    secretariat: Client, delegation: Delegation
) -> None:
    stale = post_action(secretariat, delegation, "submit", version=delegation.version + 7, reason="")
    shown = {field.name: field.value() for field in stale.context["form"]}
    again = post_action(secretariat, delegation, "submit", **shown)

    assert stale.context["form"].non_field_errors() == [
        "Someone else has changed this meanwhile. Please look at it as it is now, and send the form again."
    ]
    assert again.status_code == 302


def test_a_delegation_that_people_left_meanwhile_is_shown_again_before_it_is_accepted(
    secretariat: Client, delegation: Delegation
) -> None:
    set_status(delegation, DelegationStatus.SUBMITTED)
    page = secretariat.get(reverse("admin:accept-delegation", args=[delegation.pk]))
    seen = page.context["form"]["seen"].value()
    Delegate.objects.filter(profile__code="border-control").delete()

    stale = post_action(secretariat, delegation, "accept", seen=seen, with_gap="on")
    delegation.refresh_from_db()
    status_after_the_first = delegation.status
    again = post_action(secretariat, delegation, "accept", seen=stale.context["form"]["seen"].value(), with_gap="on")

    assert (status_after_the_first, again.status_code) == ("submitted", 302)


def test_a_waiver_form_sent_twice_waives_once(secretariat: Client, delegation: Delegation) -> None:
    form = secretariat.get(reverse("admin:waive-delegation", args=[delegation.pk])).context["form"]
    profile = delegation.webinar.quotas.first().profile
    typed = {"seen": form["seen"].value(), "profile": profile.pk, "seats": "1", "reason": "One alone handles these"}

    first, second = (post_action(secretariat, delegation, "waive", **typed) for _ in range(2))

    assert (first.status_code, second.status_code) == (302, 200)
    assert delegation.waivers.count() == 1


def test_reopening_needs_a_reason_and_uninvites_nobody(
    secretariat: Client, staff: User, delegation: Delegation
) -> None:
    set_status(delegation, DelegationStatus.ACCEPTED)
    Delegate.objects.update(admitted_at=timezone.now())

    refused = post_action(secretariat, delegation, "reopen", reason="")
    reopened = post_action(secretariat, delegation, "reopen", reason="A new name")
    delegation.refresh_from_db()

    assert (refused.status_code, reopened.status_code, delegation.status) == (200, 302, "reopened")
    assert not Delegate.objects.filter(admitted_at=None).exists()
    assert history_kinds(delegation) == [(HistoryKind.REOPENED, staff, "A new name")]


def test_a_waiver_carries_reason_name_and_time_and_can_be_revoked(
    secretariat: Client, staff: User, delegation: Delegation
) -> None:
    profile = ParticipantProfile.objects.get(code="prosecutors")

    too_many = post_action(secretariat, delegation, "waive", profile=profile.pk, seats=2, reason="None there")
    blank = post_action(secretariat, delegation, "waive", profile=profile.pk, seats=1, reason=" ")
    post_action(secretariat, delegation, "waive", profile=profile.pk, seats=1, reason="None there")
    waiver = Waiver.objects.get()
    url = reverse("admin:revoke-waiver", args=[waiver.pk])
    not_revoked = secretariat.post(url, {"reason": ""})
    secretariat.post(url, {"reason": "There is one after all"})
    waiver.refresh_from_db()

    assert too_many.context["form"].errors == {
        "seats": ["Of this profile, 1 seats can be waived. Enter no more than that."]
    }
    assert blank.context["form"].errors == {"reason": ["This field is required."]}
    assert not_revoked.status_code == 200
    assert (waiver.profile, waiver.seats, waiver.reason, waiver.granted_by) == (profile, 1, "None there", staff)
    assert waiver.revoked_by == staff
    assert history_kinds(delegation) == [
        (HistoryKind.WAIVED, staff, "None there"),
        (HistoryKind.WAIVER_REVOKED, staff, "There is one after all"),
    ]


def test_a_profile_of_no_quota_cannot_be_waived(secretariat: Client, delegation: Delegation) -> None:
    other = ParticipantProfile.objects.create(code="pilots", name_en="Pilots")

    response = post_action(secretariat, delegation, "waive", profile=other.pk, seats=1, reason="Why not")

    assert list(response.context["form"].errors) == ["profile"]
    assert not Waiver.objects.exists()


def test_a_country_that_does_not_attend_can_attend_again(
    secretariat: Client, staff: User, delegation: Delegation
) -> None:
    post_action(secretariat, delegation, "not-attending", reason="Elections")
    delegation.refresh_from_db()
    away = (delegation.status, delegation.not_attending_reason)
    post_action(secretariat, delegation, "attending-again")
    delegation.refresh_from_db()

    assert (away, delegation.status) == (("not_attending", "Elections"), "draft")
    assert history_kinds(delegation) == [
        (HistoryKind.NOT_ATTENDING, staff, "Elections"),
        (HistoryKind.ATTENDING_AGAIN, staff, ""),
    ]


def test_an_action_that_the_state_forbids_says_so_and_changes_nothing(
    secretariat: Client, delegation: Delegation
) -> None:
    response = post_action(secretariat, delegation, "accept", comment="")
    delegation.refresh_from_db()

    assert response.context["form"].non_field_errors() == [
        "This needs a delegation that is “Submitted”; this one is “Draft”."
    ]
    assert delegation.status == "draft"


@pytest.mark.parametrize("step", ["accept", "return", "submit", "reopen", "waive", "not-attending", "attending-again"])
def test_opening_the_page_of_an_action_changes_nothing(secretariat: Client, delegation: Delegation, step: str) -> None:
    before = Delegation.objects.values().get()

    response = secretariat.get(reverse(f"admin:{step}-delegation", args=[delegation.pk]))

    assert (response.status_code, Delegation.objects.values().get()) == (200, before)


@pytest.mark.parametrize("step", ["accept", "return", "submit", "reopen", "waive", "not-attending", "attending-again"])
def test_a_focal_point_may_not_open_or_send_an_admin_action(client: Client, delegation: Delegation, step: str) -> None:
    set_status(delegation, DelegationStatus.SUBMITTED)
    before = Delegation.objects.values().get()
    client.force_login(make_user())

    post_action(client, delegation, step, comment="x", reason="x", version=delegation.version)

    assert Delegation.objects.values().get() == before


def test_the_bulk_action_accepts_complete_delegations_with_a_message_for_each(
    secretariat: Client, delegation: Delegation, staff: User
) -> None:
    lacking = make_delegation(delegation.webinar, make_country("GT", name_en="Guatemala"))
    make_delegate(lacking)
    set_status(delegation, DelegationStatus.SUBMITTED)
    submit_delegation(lacking, version=lacking.version, by=staff, now=timezone.now(), reason="Nobody")

    response = secretariat.post(LIST, {"action": "accept", "_selected_action": [delegation.pk, lacking.pk]})

    assert sorted(flash_messages(response)) == [
        "Guatemala is not accepted: Some seats are still empty. Accept with the gap open, waive the seats, or "
        "return the delegation.",
        "Honduras is accepted.",
    ]
    assert dict(Delegation.objects.values_list("body__name_en", "status")) == {
        "Guatemala": "submitted",
        "Honduras": "accepted",
    }


# The page ---------------------------------------------------------------------------------------


def test_the_page_offers_the_actions_that_the_state_allows(secretariat: Client, delegation: Delegation) -> None:
    offered = {}
    for status in DelegationStatus:
        set_status(delegation, status)
        page = secretariat.get(reverse("admin:registrations_delegation_change", args=[delegation.pk]))
        offered[str(status)] = [step.slug for step in page.context["actions"]]

    assert offered == {
        "draft": ["submit", "waive", "not-attending"],
        "submitted": ["accept", "return", "waive", "not-attending"],
        "accepted": ["reopen", "waive", "not-attending"],
        "returned": ["submit", "waive", "not-attending"],
        "reopened": ["submit", "waive", "not-attending"],
        "not_attending": ["attending-again"],
    }


def test_the_page_shows_the_history_and_the_history_link_leads_there(
    secretariat: Client, staff: User, delegation: Delegation
) -> None:
    post_action(secretariat, delegation, "not-attending", reason="Elections at home")
    url = reverse("admin:registrations_delegation_change", args=[delegation.pk])

    page = secretariat.get(url)

    assert [one.event.reason for one in page.context["history"]] == ["Elections at home"]
    assert "Elections at home" in page.content.decode()
    assert secretariat.get(f"{LIST}{delegation.pk}/history/").headers["Location"] == f"{url}#history"


def test_the_page_takes_the_same_queries_with_one_person_as_with_a_hundred(
    secretariat: Client, delegation: Delegation, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _number in range(100):
        make_delegate(delegation)

    with django_assert_max_num_queries(18):
        page = secretariat.get(reverse("admin:registrations_delegation_change", args=[delegation.pk]))

    assert len(page.context["people"].active) == 104


def test_an_organisation_has_people_and_no_seats(secretariat: Client, delegation: Delegation) -> None:
    unodc = make_delegation(delegation.webinar, make_organisation())
    make_delegate(unodc, None, name="Ana Paz", role="panelist")

    page = secretariat.get(reverse("admin:registrations_delegation_change", args=[unodc.pk]))

    assert page.context["seats"] == ()
    assert "Ana Paz" in page.content.decode()
    assert "Waivers" not in page.content.decode()


def test_a_delegation_can_be_added_for_a_body_and_stays(secretariat: Client, delegation: Delegation) -> None:
    unodc = make_organisation()

    added = secretariat.post(f"{LIST}add/", {"webinar": delegation.webinar_id, "body": unodc.pk})
    again = secretariat.post(f"{LIST}add/", {"webinar": delegation.webinar_id, "body": unodc.pk})

    new = Delegation.objects.get(body=unodc)
    assert added.headers["Location"] == reverse("admin:registrations_delegation_change", args=[new.pk])
    assert (again.status_code, Delegation.objects.filter(body=unodc).count()) == (200, 1)
    assert secretariat.post(f"{LIST}{new.pk}/delete/", {"post": "yes"}).status_code == 403


# The list ---------------------------------------------------------------------------------------


@pytest.fixture
def several_delegations(delegation: Delegation) -> None:
    """Honduras complete; Guatemala without border control; Belize not attending; UNODC; Honduras at another webinar."""
    webinar = delegation.webinar
    lacking = make_delegation(webinar, make_country("GT", name_en="Guatemala"))
    for profile in PROFILES:
        if profile != "border-control":
            make_delegate(lacking, profile)
    make_delegation(webinar, make_country("BZ", name_en="Belize"), status=DelegationStatus.NOT_ATTENDING)
    make_delegation(webinar, make_organisation())
    other = make_webinar("other")
    make_quotas(other, minimum=1)
    make_delegation(other, delegation.body)


def rows(browser: Client, **filters: str) -> list[str]:
    found = browser.get(LIST, filters).context["cl"].result_list
    return sorted(f"{row.body.name_en}, {row.webinar.slug}" for row in found)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"webinar": "flows", "lacks": "border-control"}, ["Guatemala, flows"]),
        ({"webinar": "flows", "lacks": "prosecutors"}, []),
        ({"lacks": "border-control"}, ["Guatemala, flows", "Honduras, other"]),
        ({"webinar": "flows", "complete": "yes"}, ["Honduras, flows"]),
        ({"webinar": "flows", "complete": "no"}, ["Guatemala, flows"]),
        ({"status__exact": "not_attending"}, ["Belize, flows"]),
        ({"kind": "organisation"}, ["UNODC, flows"]),
        ({"webinar": "other"}, ["Honduras, other"]),
        ({"body": "country-hn"}, ["Honduras, flows", "Honduras, other"]),
        ({"q": "guat"}, ["Guatemala, flows"]),
    ],
)
def test_the_list_filters_by_the_profile_that_countries_lack(
    secretariat: Client, several_delegations: None, filters: dict[str, str], expected: list[str]
) -> None:
    assert rows(secretariat, **filters) == expected


def test_the_list_names_what_is_missing(secretariat: Client, several_delegations: None) -> None:
    html = secretariat.get(LIST, {"webinar": "flows"}).content.decode()

    assert html.count('<td class="field-missing">1 Border control</td>') == 1
    assert html.count('<td class="field-missing">nobody</td>') == 1


def test_the_list_takes_the_same_queries_with_few_as_with_many(
    secretariat: Client, several_delegations: None, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    query = {"lacks": "border-control", "complete": "no"}
    webinar = make_webinar("many")
    make_quotas(webinar)
    make_profiles()
    for first in "QRSTUV":
        for second in "ABCDEFGHIJ":
            make_delegation(webinar, make_country(first + second))

    with django_assert_max_num_queries(22):
        response = secretariat.get(LIST, query)

    assert response.context["cl"].result_count == 62
