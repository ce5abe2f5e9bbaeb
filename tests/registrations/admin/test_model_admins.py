"""Admin of quotas, focal points, accounts, bodies, policies and rules, and the dashboard."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from time_machine import TimeMachineFixture

from registrations.models import (
    Delegation,
    DelegationStatus,
    Delivery,
    DeliveryState,
    FocalPoint,
    GapNoticeRule,
    HistoryEvent,
    ParticipantProfile,
    ParticipatingBody,
    Quota,
    RegistrationPolicy,
    ReminderRule,
    User,
    UserRole,
)
from sessions_app.admin.base import change_url
from sessions_app.models import Session, Webinar
from sessions_app.releases import release_webinar
from tests.factories import (
    NOW,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_gap_notice_rule,
    make_message,
    make_quotas,
    make_registration_invitation,
    make_reminder_rule,
    make_staff,
    make_user,
    make_webinar,
)


@pytest.fixture
def webinar(db: None) -> Webinar:
    """A webinar in the future of the real clock."""
    webinar = make_webinar()
    Session.objects.update(starts_at=timezone.now() + timedelta(days=30))
    return webinar


@pytest.fixture
def quota(webinar: Webinar) -> Quota:
    """A quota of two, which Honduras meets exactly."""
    quota = make_quotas(webinar)["prosecutors"]
    honduras = make_delegation(webinar, make_country("HN", name_en="Honduras"))
    make_delegate(honduras)
    make_delegate(honduras)
    return quota


@pytest.fixture
def administration(db: None, client: Client) -> Client:
    client.force_login(make_staff("administrator@example.org"))
    return client


def flash_messages(response: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def make_delivery(state: DeliveryState, number: int = 1, **fields: object) -> Delivery:
    return make_message(f"notice:{number}", email=f"person{number}@example.org", state=state, **fields)


def errors_of(response: HttpResponse) -> dict[str, list[str]]:
    return response.context["adminform"].form.errors


# The same values as in `make_reminder_rule`.
RULE = {"amount": "1", "unit": "hours", "moment": "before", "recipients": "all", "scope": "each"}
AGREED = {"seen": "", "reason": "Agreed"}


# Quotas -----------------------------------------------------------------------------------------


def test_raising_a_minimum_first_shows_the_delegations_that_it_makes_incomplete(
    secretariat: Client, staff: User, quota: Quota
) -> None:
    url = reverse("admin:registrations_quota_change", args=[quota.pk])

    preview = secretariat.post(url, {"minimum": "3", "maximum": "", **AGREED})
    quota.refresh_from_db()
    unsaved = quota.minimum
    shown = {field.name: field.value() for field in preview.context["form"]}
    saved = secretariat.post(url, shown)
    quota.refresh_from_db()

    assert shown["minimum"] == "3"
    assert [delegation.body.name_en for delegation in preview.context["preview"].opened] == ["Honduras"]
    assert (preview.status_code, unsaved) == (200, 2)
    assert (saved.status_code, quota.minimum) == (302, 3)
    kept = [(event.kind, event.actor, event.reason) for event in HistoryEvent.objects.all()]
    assert kept == [("quota_changed", staff, "Agreed")]


def test_a_quota_is_not_saved_before_every_affected_country_was_shown(secretariat: Client, quota: Quota) -> None:
    url = reverse("admin:registrations_quota_change", args=[quota.pk])
    preview = secretariat.post(url, {"minimum": "3", "maximum": "", **AGREED})
    panama = make_delegation(quota.webinar, make_country("PA", name_en="Panama"))
    make_delegate(panama)
    make_delegate(panama)

    again = secretariat.post(
        url, {"minimum": "3", "maximum": "", **AGREED, "seen": preview.context["form"]["seen"].value()}
    )
    quota.refresh_from_db()

    assert [delegation.body.name_en for delegation in again.context["preview"].opened] == ["Honduras", "Panama"]
    assert quota.minimum == 2


def test_a_number_changed_after_the_preview_is_shown_before_the_quota_is_saved(
    secretariat: Client, quota: Quota
) -> None:
    url = reverse("admin:registrations_quota_change", args=[quota.pk])
    preview = secretariat.post(url, {"minimum": "3", "maximum": "", **AGREED})
    seen = preview.context["form"]["seen"].value()

    again = secretariat.post(url, {"minimum": "9", "maximum": "", **AGREED, "seen": seen})
    quota.refresh_from_db()

    assert (again.status_code, quota.minimum) == (200, 2)
    assert [delegation.body.name_en for delegation in again.context["preview"].opened] == ["Honduras"]


def test_a_change_that_opens_no_gap_is_saved_at_once(secretariat: Client, quota: Quota) -> None:
    response = secretariat.post(
        reverse("admin:registrations_quota_change", args=[quota.pk]),
        {"minimum": "1", "maximum": "4", **AGREED},
    )
    quota.refresh_from_db()

    assert flash_messages(response) == ["The quota of Prosecutors is saved."]
    assert (quota.minimum, quota.maximum) == (1, 4)


@pytest.mark.parametrize(
    ("typed", "errors"),
    [
        (
            {"minimum": "2", "maximum": "1", **AGREED},
            {"maximum": ["The maximum cannot be below the minimum. Enter a higher one, or none."]},
        ),
        (
            {"minimum": "-1", "maximum": "", **AGREED},
            {"minimum": ["Ensure this value is greater than or equal to 0."]},
        ),
        ({"minimum": "many", "maximum": "", **AGREED}, {"minimum": ["Enter a whole number."]}),
        (
            {"minimum": "1", "maximum": "1", **AGREED},
            {
                "maximum": [
                    "Honduras has already named 2 people of this profile. Enter at least as many, or have people "
                    "withdrawn first."
                ]
            },
        ),
    ],
)
def test_an_invalid_quota_is_refused(
    secretariat: Client, quota: Quota, typed: dict[str, str], errors: dict[str, list[str]]
) -> None:
    response = secretariat.post(reverse("admin:registrations_quota_change", args=[quota.pk]), typed)
    quota.refresh_from_db()

    assert response.context["form"].errors == errors
    assert (quota.minimum, quota.maximum) == (2, None)


def test_quotas_are_neither_added_nor_deleted_by_hand(secretariat: Client, quota: Quota) -> None:
    added = secretariat.post("/admin/registrations/quota/add/", {"minimum": "9"})
    deleted = secretariat.post(f"/admin/registrations/quota/{quota.pk}/delete/", {"post": "yes"})

    assert (added.status_code, deleted.status_code, Quota.objects.count()) == (403, 403, 4)


# Focal points and accounts ----------------------------------------------------------------------


def appoint(browser: Client, body: ParticipatingBody, **typed: str) -> HttpResponse:
    person = {"body": str(body.pk), "email": "Ana.Paz@example.org", "name": "Ana Paz", "language": "es", **typed}
    return browser.post("/admin/registrations/focalpoint/add/", person)


def test_appointing_a_focal_point_creates_a_missing_account(secretariat: Client, db: None) -> None:
    honduras = make_country("HN", name_en="Honduras")

    response = appoint(secretariat, honduras, is_primary="on")

    focal_point = FocalPoint.objects.select_related("user").get()
    assert flash_messages(response) == ["Ana Paz may now register for Honduras."]
    assert (focal_point.user.email, focal_point.user.is_staff, focal_point.user.has_usable_password()) == (
        "ana.paz@example.org",
        False,
        False,
    )
    assert (focal_point.body, focal_point.is_primary) == (honduras, True)


def test_appointing_the_same_person_twice_is_refused(secretariat: Client, db: None) -> None:
    honduras = make_country("HN", name_en="Honduras")
    appoint(secretariat, honduras)

    response = appoint(secretariat, honduras)

    assert response.context["form"].errors == {"email": ["Ana Paz is a focal point of Honduras already."]}
    assert FocalPoint.objects.count() == 1


def test_a_focal_point_whose_access_is_removed_stays_in_the_list(secretariat: Client, db: None) -> None:
    focal_point = make_focal_point(make_country("HN", name_en="Honduras"), make_user(name="Ana Paz"), is_primary=True)

    response = secretariat.post(
        "/admin/registrations/focalpoint/", {"action": "remove_access", "_selected_action": [focal_point.pk]}
    )
    focal_point.refresh_from_db()

    assert flash_messages(response) == ["Ana Paz can no longer register for Honduras."]
    assert (focal_point.removed_at is not None, focal_point.is_primary) == (True, False)


def test_making_a_focal_point_primary_makes_the_former_one_alternate(secretariat: Client, db: None) -> None:
    honduras = make_country("HN", name_en="Honduras")
    first = make_focal_point(honduras, is_primary=True)
    second = make_focal_point(honduras)

    secretariat.post(
        "/admin/registrations/focalpoint/", {"action": "appoint_as_primary", "_selected_action": [second.pk]}
    )

    assert dict(FocalPoint.objects.values_list("pk", "is_primary")) == {first.pk: False, second.pk: True}


def test_the_list_shows_the_state_of_the_invitation(secretariat: Client, db: None, time_machine) -> None:
    time_machine.move_to(NOW, tick=False)
    delegation = make_delegation(body=make_country("HN", name_en="Honduras"))
    words = {}
    for state, why in (("sent", ""), ("failed", "The mail server refused the address."), ("due", ""), (None, "")):
        focal_point = make_focal_point(make_country(f"X{len(words)}"), make_user(f"{state}@example.org"))
        if state is not None:
            make_registration_invitation(
                focal_point, make_delegation(delegation.webinar, focal_point.body), state=state, last_error=why
            )
        html = secretariat.get("/admin/registrations/focalpoint/", {"q": f"{state}@"}).content.decode()
        words[state] = re.search(r'field-invitation">([^<]*)<', html)[1]

    assert words == {
        "sent": "sent Mon 26 Oct 2026, 15:00",
        "failed": "not delivered: The mail server refused the address.",
        "due": "Waiting",
        None: "none yet",
    }


def test_the_invitation_is_sent_again_from_the_list(secretariat: Client, db: None, time_machine) -> None:
    delegation = make_delegation(body=make_country("HN", name_en="Honduras"))
    release_webinar(delegation.webinar, by=None, now=NOW)
    focal_point = make_focal_point(delegation.body)
    others = make_focal_point(delegation.body)
    choose = {"action": "invite_again", "_selected_action": [focal_point.pk]}
    told_then = {}
    for minutes in (1, 5, 6):
        time_machine.move_to(NOW + timedelta(minutes=minutes), tick=False)
        told_then[minutes] = flash_messages(secretariat.post("/admin/registrations/focalpoint/", choose))[-1]

    nothing = (
        "Nothing was sent again: registration has not begun, or the invitation is on its way or went out only just now."
    )
    assert told_then == {1: nothing, 5: "1 invitation is sent again now.", 6: nothing}
    assert dict(Delivery.objects.values_list("user", "state")) == {focal_point.user_id: "due", others.user_id: "sent"}
    assert HistoryEvent.objects.get(kind="mail_sent_again").delegation == delegation


def test_an_account_is_created_without_a_password(administration: Client) -> None:
    response = administration.post(
        "/admin/registrations/user/add/",
        {"email": "New@example.org", "name": "Eva Sol", "language": "es", "timezone": "", "role": "secretariat"},
    )

    account = User.objects.get(email="new@example.org")
    assert response.status_code == 302
    assert (account.name, account.is_staff, account.has_usable_password()) == ("Eva Sol", True, False)


def test_a_second_account_of_one_address_is_refused(administration: Client) -> None:
    make_user("taken@example.org")

    response = administration.post(
        "/admin/registrations/user/add/",
        {"email": "TAKEN@example.org", "language": "es", "timezone": "", "role": "none"},
    )

    assert response.context["adminform"].form.errors == {
        "email": ["Someone with this address has an account already. Change that account, or enter another address."]
    }


def test_an_account_can_be_changed_and_never_deleted(administration: Client) -> None:
    account = make_user("eva@example.org")
    url = reverse("admin:registrations_user_change", args=[account.pk])

    administration.post(
        url,
        {
            "email": "eva@example.org",
            "name": "Eva Sol",
            "language": "en",
            "timezone": "America/Panama",
            "role": "observer",
        },
    )
    deleted = administration.post(f"/admin/registrations/user/{account.pk}/delete/", {"post": "yes"})
    account.refresh_from_db()

    assert (account.name, account.timezone, account.is_active) == ("Eva Sol", "America/Panama", False)
    assert account.role == UserRole.OBSERVER
    assert deleted.status_code == 403


@pytest.mark.parametrize("role", UserRole)
def test_an_administrator_changes_roles(administration: Client, role: UserRole) -> None:
    account = make_user("eva@example.org")
    for flags in ({"is_observer": True}, {"is_observer": False, "is_staff": True, "is_superuser": True}):
        User.objects.filter(pk=account.pk).update(**flags)

        url = reverse("admin:registrations_user_change", args=[account.pk])
        administration.post(
            url, {"email": account.email, "language": "en", "timezone": "", "is_active": "on", "role": role}
        )

        account.refresh_from_db()
        assert account.role == role
        User.objects.filter(pk=account.pk).update(is_observer=False, is_staff=False, is_superuser=False)


@pytest.mark.parametrize("typed", [{"role": "secretariat", "is_active": "on"}, {"role": "administrator"}])
def test_the_last_administrator_cannot_be_demoted_or_closed(administration: Client, typed: dict[str, str]) -> None:
    administrator = User.objects.get(is_superuser=True)
    url = reverse("admin:registrations_user_change", args=[administrator.pk])

    response = administration.post(url, {"email": administrator.email, "language": "en", "timezone": "", **typed})

    assert errors_of(response) == {"__all__": ["This is the last administrator. Appoint another one first."]}
    administrator.refresh_from_db()
    assert (administrator.role, administrator.is_active) == (UserRole.ADMINISTRATOR, True)


# Bodies, policies, reminders --------------------------------------------------------------------


def test_the_time_zones_of_a_body_are_entered_one_per_line(secretariat: Client, db: None) -> None:
    typed = {"kind": "country", "iso_code": "mx", "slug": "mexico", "name_en": "Mexico", "default_language": "es"}

    bad = secretariat.post(
        "/admin/registrations/participatingbody/add/", {**typed, "timezones": "America/Mexico_City\nMars/Olympus"}
    )
    good = secretariat.post(
        "/admin/registrations/participatingbody/add/",
        {**typed, "timezones": "America/Mexico_City\r\nAmerica/Tijuana\r\n"},
    )

    assert bad.context["adminform"].form.errors == {
        "timezones": ["“Mars/Olympus” is not a time zone. Choose one such as America/Costa_Rica."]
    }
    body = ParticipatingBody.objects.get()
    assert good.status_code == 302
    assert (body.iso_code, body.timezones) == ("MX", ["America/Mexico_City", "America/Tijuana"])


def test_a_country_needs_its_code_and_an_organisation_does_not(secretariat: Client, db: None) -> None:
    typed = {"slug": "iom", "name_en": "IOM", "default_language": "es", "timezones": "", "iso_code": ""}
    url = "/admin/registrations/participatingbody/add/"

    country = secretariat.post(url, {**typed, "kind": "country"})
    organisation = secretariat.post(url, {**typed, "kind": "organisation"})

    assert list(country.context["adminform"].form.errors) == ["iso_code"]
    assert (organisation.status_code, ParticipatingBody.objects.get().timezones) == (302, [])


def test_a_body_in_use_is_not_deleted_and_the_page_lists_what_uses_it(secretariat: Client, quota: Quota) -> None:
    body = ParticipatingBody.objects.get()

    page = secretariat.post(f"/admin/registrations/participatingbody/{body.pk}/delete/", {"post": "yes"})

    assert ParticipatingBody.objects.get() == body
    assert "Honduras, Mass intra-regional flows" in page.content.decode()


def test_the_kind_of_a_body_with_people_cannot_change_and_the_error_says_why(secretariat: Client, quota: Quota) -> None:
    taking_part = ParticipatingBody.objects.get()
    watched, unused = make_country("PA", name_en="Panama"), make_country("MX", name_en="Mexico")
    make_focal_point(watched)

    answers = [
        secretariat.post(
            reverse("admin:registrations_participatingbody_change", args=[body.pk]),
            {
                "kind": "organisation", "iso_code": body.iso_code, "slug": body.slug, "name_en": body.name_en,
                "default_language": "es", "timezones": "",
            },
        )
        for body in (taking_part, watched, unused)
    ]  # fmt: skip

    refused = "The kind cannot change any more: there are delegations or focal points of this body, whose seats and "
    refused += "exceptions rest on it. Add another body instead."
    assert [errors_of(one) for one in answers[:2]] == [{"kind": [refused]}] * 2
    assert answers[2].status_code == 302
    kinds = {body.name_en: body.kind for body in ParticipatingBody.objects.all()}
    assert kinds == {"Honduras": "country", "Mexico": "organisation", "Panama": "country"}


def test_a_profile_in_use_is_not_deleted_and_the_page_lists_what_uses_it(secretariat: Client, quota: Quota) -> None:
    make_delegate(Delegation.objects.get(), name="Ana Muestra")
    url = f"/admin/registrations/participantprofile/{quota.profile_id}/delete/"

    asked = secretariat.get(url)
    secretariat.post(url, {"post": "yes"})

    assert ParticipantProfile.objects.filter(pk=quota.profile_id).exists()
    for used_by in ("Prosecutors: 2", "Ana Muestra"):
        assert used_by in asked.text


def test_registration_cannot_open_without_a_quota(secretariat: Client, webinar: Webinar) -> None:
    typed = {
        "opens_at_0": "2026-10-12", "opens_at_1": "10:00", "closes_at_0": "2026-10-13", "closes_at_1": "10:00",
        "purge_on": "2027-11-17",
    }  # fmt: skip

    response = secretariat.post(f"/admin/registrations/registrationpolicy/{webinar.pk}/change/", typed)

    assert response.context["adminform"].form.errors == {
        "opens_at": ["Registration cannot open while this webinar asks for nobody: it has no quota."]
    }


def test_registration_cannot_close_before_it_opens(secretariat: Client, webinar: Webinar) -> None:
    make_quotas(webinar)
    typed = {
        "opens_at_0": "2026-10-12", "opens_at_1": "10:00", "closes_at_0": "2026-10-11", "closes_at_1": "10:00",
        "purge_on": "2027-11-17",
    }  # fmt: skip

    response = secretariat.post(f"/admin/registrations/registrationpolicy/{webinar.pk}/change/", typed)

    assert response.context["adminform"].form.errors == {
        "closes_at": ["Registration must close after it opens. Choose a later date and time."]
    }
    assert RegistrationPolicy.objects.get().closes_at == NOW + timedelta(days=11)


def test_the_minimum_stay_is_changed_and_a_page_from_before_it_keeps_it(secretariat: Client, webinar: Webinar) -> None:
    url = f"/admin/registrations/registrationpolicy/{webinar.pk}/change/"
    typed = {"closes_at_0": "2026-10-13", "closes_at_1": "10:00", "purge_on": "2027-11-17"}

    refused = secretariat.post(url, {**typed, "minimum_stay_minutes": "601"})
    saved = secretariat.post(url, {**typed, "minimum_stay_minutes": "20"})
    again = secretariat.post(url, typed)

    assert list(refused.context["adminform"].form.errors) == ["minimum_stay_minutes"]
    assert (saved.status_code, again.status_code) == (302, 302)
    assert RegistrationPolicy.objects.get().minimum_stay_minutes == 20


@pytest.mark.parametrize(
    ("room", "typed", "changed"),
    [
        ("reminderrule", {**RULE, "amount": "7", "unit": "days"}, {"amount": "2"}),
        ("gapnoticerule", {"days_before": "5"}, {"days_before": "2"}),
    ],
)
def test_a_changed_rule_counts_as_created_at_its_change(
    secretariat: Client, webinar: Webinar, room: str, typed: dict[str, str], changed: dict[str, str]
) -> None:
    model = {"reminderrule": ReminderRule, "gapnoticerule": GapNoticeRule}[room]
    typed = {"webinar": str(webinar.pk), **typed}
    secretariat.post(f"/admin/registrations/{room}/add/", typed)
    url = f"/admin/registrations/{room}/{model.objects.get().pk}/change/"
    before = timezone.now()
    model.objects.update(created_at=NOW)

    secretariat.post(url, typed)
    unchanged = model.objects.get().created_at
    secretariat.post(url, typed | changed)

    assert unchanged == NOW
    assert model.objects.get().created_at >= before


@pytest.mark.parametrize(
    ("amount", "unit"), [("0", "days"), ("3650", "days"), ("4", "minutes"), ("1441", "hours"), ("99999999999", "hours")]
)
def test_a_reminder_of_zero_or_of_ten_years_is_refused(
    secretariat: Client, webinar: Webinar, amount: str, unit: str
) -> None:
    typed = {"webinar": webinar.pk, **RULE, "amount": amount, "unit": unit}

    response = secretariat.post("/admin/registrations/reminderrule/add/", typed)

    assert "Choose from 5 minutes to 60 days before or after the session." in errors_of(response)["amount"]
    assert not ReminderRule.objects.exists()


@pytest.mark.parametrize("days", ["0", "61", "-1", "soon", ""])
def test_a_gap_notice_lies_1_to_60_days_before_closing(secretariat: Client, webinar: Webinar, days: str) -> None:
    response = secretariat.post("/admin/registrations/gapnoticerule/add/", {"webinar": webinar.pk, "days_before": days})

    assert set(errors_of(response)) == {"days_before"}
    assert not GapNoticeRule.objects.exists()


def test_a_duplicate_rule_is_refused(secretariat: Client, webinar: Webinar) -> None:
    make_reminder_rule(webinar)
    make_gap_notice_rule(webinar, 5)

    again = {"webinar": webinar.pk, **RULE}
    reminder = secretariat.post("/admin/registrations/reminderrule/add/", again)
    gap_notice = secretariat.post("/admin/registrations/gapnoticerule/add/", {"webinar": webinar.pk, "days_before": 5})

    assert errors_of(reminder) == errors_of(gap_notice) == {"__all__": ["This rule stands already."]}


def test_the_lists_of_rules_read_like_sentences(secretariat: Client, webinar: Webinar) -> None:
    make_reminder_rule(webinar, 2, "days", recipients="unanswered")
    make_gap_notice_rule(webinar, 5)

    reminders = secretariat.get("/admin/registrations/reminderrule/").content.decode()
    gap_notices = secretariat.get("/admin/registrations/gapnoticerule/").content.decode()

    assert "2 days before each session, to those who have not answered</a>" in reminders
    assert "5 days before registration closes</a>" in gap_notices


# The front page ---------------------------------------------------------------------------------

GROUPS_OF_TODAY = (
    "To decide (",
    "Failed (",
    "Came back (",
    "Answers to confirm (",
    "For a person (",
    "Nobody registers yet, and registration closes soon (",
    "Gaps where registration closes within 14 days",
)


def test_the_dashboard_shows_what_needs_attention_today(secretariat: Client, quota: Quota) -> None:
    Delegation.objects.update(status=DelegationStatus.SUBMITTED, submitted_at=timezone.now() - timedelta(days=2))
    failed = make_delivery(DeliveryState.FAILED, last_error="550 no such mailbox")
    over = make_webinar("over")
    Session.objects.filter(webinar=over).update(starts_at=timezone.now() - timedelta(days=30))

    response = secretariat.get("/admin/")

    today, html = response.context["today"], response.content.decode()
    assert [webinar.slug for webinar in today.webinars] == ["flows"]
    assert ([row.body.name_en for row in today.awaiting], today.awaiting_count) == (["Honduras"], 1)
    assert (list(today.failed.rows), today.failed.count) == ([failed], 1)
    for url in (
        "/admin/quota-board/flows/",
        reverse("admin:registrations_delegation_change", args=[today.awaiting[0].pk]),
        "/admin/registrations/delivery/?state__exact=failed",
        f"/admin/registrations/delegation/waiting/#delegation-{today.awaiting[0].pk}",
        "/admin/webinars/new/",
        "/admin/webinars/flows/",
        "/admin/registrations/announcement/add/",
    ):
        assert f'href="{url}"' in html
    assert "Decide 1 delegation" in html
    # The lists of all records are not a part of it.
    assert "/admin/registrations/historyevent/" not in html


def test_the_dashboard_says_when_nothing_needs_attention(secretariat: Client, db: None) -> None:
    html = secretariat.get("/admin/").content.decode()

    assert "Nothing waits for you." in html
    assert "No webinar lies ahead." in html
    for heading in GROUPS_OF_TODAY:
        assert heading not in html


def test_a_group_of_the_dashboard_is_shown_only_if_something_is_in_it(
    secretariat: Client, quota: Quota, time_machine: TimeMachineFixture
) -> None:
    time_machine.move_to(NOW)
    delegation = Delegation.objects.get()

    with_gap = secretariat.get("/admin/").content.decode()
    Quota.objects.update(minimum=0)
    complete = secretariat.get("/admin/").content.decode()
    Delegation.objects.filter(pk=delegation.pk).update(status="submitted", submitted_at=NOW)
    make_delivery(DeliveryState.FAILED)
    submitted = secretariat.get("/admin/").content.decode()

    shown = [[heading for heading in GROUPS_OF_TODAY if heading in html] for html in (with_gap, complete, submitted)]
    assert shown == [list(GROUPS_OF_TODAY[5:]), [], list(GROUPS_OF_TODAY[:2])]


@pytest.mark.parametrize(
    ("at", "is_under_way"),
    [
        (timedelta(minutes=-16), False),
        (timedelta(minutes=-15), True),
        (timedelta(minutes=59), True),
        (timedelta(hours=2, minutes=29), True),
    ],
)
def test_while_a_room_is_open_the_dashboard_links_to_the_arrivals(
    client: Client, staff: User, webinar: Webinar, time_machine: TimeMachineFixture, at: timedelta, is_under_way: bool
) -> None:
    release_webinar(webinar, by=None, now=NOW)
    time_machine.move_to(webinar.sessions.get(number=2).starts_at + at)
    client.force_login(staff)

    front = client.get("/admin/")

    assert [one.slug for one in front.context["today"].webinars] == [webinar.slug]
    assert (reverse("admin:arrivals", args=[webinar.slug, 2]) in front.content.decode()) == is_under_way


@pytest.mark.parametrize("language", ["en", "es"])
def test_each_upcoming_event_of_the_dashboard_links_to_its_page(
    secretariat: Client, quota: Quota, time_machine: TimeMachineFixture, language: str
) -> None:
    time_machine.move_to(NOW)
    webinar = quota.webinar
    rules = [make_gap_notice_rule(webinar), make_reminder_rule(webinar)]
    panama = make_country("PA")
    make_focal_point(panama)
    lacking = make_delegation(webinar, panama)
    release_webinar(webinar, by=None, now=NOW)

    html = secretariat.get("/admin/", headers={"Accept-Language": language}).content.decode()

    main = html[html.index('id="content-main"') : html.index("</main>")]
    links = [unescape(link) for link in re.findall(r'href="([^"]+)"', main)]
    honduras = Delegation.objects.exclude(pk=lacking.pk).get()
    assert {
        change_url(lacking),
        f"/admin/registrations/focalpoint/add/?body={honduras.body_id}",
        f"/admin/registrations/focalpoint/?access=now&body__id__exact={panama.pk}",
        reverse("admin:write-gap-reminder", args=[webinar.pk]),
        change_url(webinar),
        change_url(webinar.policy),
        *map(change_url, rules),
    } <= set(links)
    assert {secretariat.get(link).status_code for link in links} == {200}
    # Each hour is in the zone of its webinar, which is named.
    assert "6 Nov, 09:00 (Costa Rica)" in main or "6 nov, 09:00 (Costa Rica)" in main
