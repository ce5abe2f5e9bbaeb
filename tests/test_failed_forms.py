"""Every page with a failed form leads to its errors in the same way: public pages, the sign-in, and the admin with
Django's own pages."""

from typing import NamedTuple

import pytest
from django.test import Client
from django.urls import reverse
from time_machine import TimeMachineFixture

from registrations.models import Delegation, Quota, User
from registrations.tokens import Scope, make_token
from sessions_app.models import AgendaItem, Session
from sessions_app.releases import release_webinar
from tests.factories import (
    NOW,
    make_announcement,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_mail_for_a_person,
    make_staff,
    make_user,
)
from tests.failed_page import complaints_about_failure
from tests.filled_form import filled_form
from tests.registrations.participants import make_participant

pytestmark = pytest.mark.django_db
STAFF, FOCAL_POINT, NOBODY = "secretariat@example.org", "focal@example.org", ""


class Failure(NamedTuple):
    """A form that fails for `who` when `typed` replaces the values of its page."""

    who: str
    url: str
    typed: dict[str, object]


@pytest.fixture
def delegation(time_machine: TimeMachineFixture) -> Delegation:
    time_machine.move_to(NOW)
    delegation = make_delegation(status="submitted")
    make_delegate(delegation)
    make_focal_point(delegation.body, make_user(FOCAL_POINT))
    staff = make_staff(STAFF)
    release_webinar(delegation.webinar, by=staff, now=NOW)
    make_announcement(delegation.webinar, by=staff)
    return delegation


def public_failures(delegation: Delegation) -> list[Failure]:
    token = make_token(make_participant(delegation), Scope.PAGE)
    person = delegation.delegates.all()[0].pk
    page = reverse("registrations:delegation", args=[delegation.slug])
    return [
        Failure(NOBODY, reverse("registrations:lost-link"), {"email": "nobody"}),
        Failure(NOBODY, reverse("registrations:cannot-come", args=[token]), {"reason": "a" * 2_000}),
        Failure(NOBODY, reverse("registrations:preferences", args=[token]), {"timezone": "Mars/Olympus"}),
        Failure(FOCAL_POINT, f"{page}delegates/new/", {"name": "", "email": "nobody"}),
        Failure(FOCAL_POINT, f"{page}delegates/{person}/edit/", {"email": "nobody"}),
        Failure(FOCAL_POINT, f"{page}delegates/{person}/replace/", {"name": "", "email": "nobody"}),
        Failure(FOCAL_POINT, f"{page}delegates/{person}/withdraw/", {"reason": "a" * 2_000}),
        Failure(FOCAL_POINT, f"{page}not-attending/", {"reason": ""}),
        Failure(FOCAL_POINT, f"{page}import/", {"table": ""}),
        Failure(FOCAL_POINT, f"{page}letter/", {}),
    ]


def sign_in_failures(delegation: Delegation) -> list[Failure]:
    return [
        Failure(NOBODY, "/accounts/login/", {"login": FOCAL_POINT, "password": "wrong-wrong-wrong"}),
        Failure(NOBODY, "/accounts/login/", {"login": "", "password": ""}),
        Failure(NOBODY, "/accounts/login/code/", {"email": "nobody"}),
        Failure(NOBODY, "/accounts/password/reset/", {"email": "nobody"}),
    ]


def admin_failures(delegation: Delegation) -> list[Failure]:
    webinar, flows = delegation.webinar, delegation.webinar.slug
    person = delegation.delegates.all()[0].pk
    session = webinar.sessions.get(number=1)
    quota = Quota.objects.filter(webinar=webinar)[0].pk
    pages = {
        ("quota-board", flows): {"state": "unknown"},
        ("export-delegates",): {"columns": "unknown"},
        ("accept-delegation", delegation.pk): {"comment": "a" * 9_000},
        ("return-delegation", delegation.pk): {"comment": ""},
        ("registrations_delegate_change", person): {"email": "nobody"},
        ("replace-delegate", person): {"name": "", "email": "nobody"},
        ("withdraw-delegate", person): {"reason": ""},
        ("except-quota", quota): {"minimum": "-1"},
        ("registrations_quota_change", quota): {"minimum": "many"},
        ("registrations_mailforaperson_change", make_mail_for_a_person().pk): {"text": "", "look_again_on": "soon"},
        ("personal-data",): {"email": "nobody"},
        ("switch-room", flows, 1): {"room": "second", "second_address": "the other one"},
        ("import-attendance", flows, 1): {},
        ("cancel-session", session.pk): {"reason": ""},
        ("new-webinar",): {
            **{f"{rows}-{name}_FORMS": "1" for rows in ("sessions", "quotas") for name in ("TOTAL", "INITIAL")},
            "slug": "no slug",
            "sessions-0-day": "tomorrow",
        },
        ("webinar-registration", flows): {"dates": "", "closes_at": "never", "purge_on": ""},
        ("webinar-focal-points", flows): {
            **{f"rows-{name}_FORMS": number for name, number in (("TOTAL", "1"), ("INITIAL", "0"))},
            "rows-0-country": "Atlantis",
            "rows-0-language": "Klingon",
        },
        ("webinar-agenda", flows): {"session-day": "0001-01-01", "session-begins": "soon"},
        ("agenda-table", flows, 1): {"last_minutes": "many"},
        ("edit-announcement", webinar.announcements.get().pk): {"subject_en": "", "text_en": "", "bodies": "9999"},
    }
    make_country("GT")
    registration = reverse("admin:webinar-registration", args=[flows])
    table = {"quotas": "", "quota-new-0-name_es": "Análisis", "quota-new-0-minimum": "many", "reason": "a" * 2_000}
    return [
        *(Failure(STAFF, reverse(f"admin:{name}", args=args), typed) for (name, *args), typed in pages.items()),
        Failure(STAFF, registration, table),
        Failure(STAFF, registration, {"countries": ""}),
        Failure(STAFF, reverse("admin:webinar-focal-points", args=[flows]), {"text": ""}),
    ]


def stock_failures(delegation: Delegation) -> list[Failure]:
    session: Session = delegation.webinar.sessions.get(number=1)
    item: AgendaItem = session.items.all()[0]
    wrong_moment = {"starts_at_0": "never", "starts_at_1": "99:99"}
    of_models = {
        "registrations_participatingbody_add": {"slug": "no slug", "name_en": ""},
        "registrations_user_add": {"email": "nobody"},
        "registrations_focalpoint_add": {"email": "nobody", "body": ""},
        "registrations_reminderrule_add": {"amount": "many"},
        "sessions_app_speaker_add": {"name_en": ""},
    }
    account = User.objects.get(email=STAFF).pk
    return [
        Failure(STAFF, reverse("admin:password_change"), {"old_password": "wrong"}),
        Failure(STAFF, reverse("admin:auth_user_password_change", args=[account]), {"password1": "a"}),
        *(Failure(STAFF, reverse(f"admin:{name}"), typed) for name, typed in of_models.items()),
        Failure(
            STAFF,
            reverse("admin:sessions_app_session_change", args=[session.pk]),
            {"title_en": "", **wrong_moment, "items-0-minutes": "many", "items-1-title_en": "a" * 2_000},
        ),
        Failure(STAFF, reverse("admin:sessions_app_session_change", args=[session.pk]), {"items-0-minutes": "many"}),
        Failure(STAFF, reverse("admin:sessions_app_agendaitem_change", args=[item.pk]), {"minutes": ""}),
        Failure(
            STAFF,
            f"{reverse('admin:webinar-agenda', args=[delegation.webinar.slug])}?item={item.pk}",
            {"item-minutes": "many", "speaker-new1-name_en": "a" * 300, "speaker-new2-person": "nobody"},
        ),
        Failure(
            STAFF,
            reverse("admin:sessions_app_webinar_change", args=[delegation.webinar.pk]),
            {"title_en": "", "sessions-0-starts_at_0": "never", "sessions-0-starts_at_1": "99:99"},
        ),
        Failure(
            STAFF,
            reverse("admin:registrations_registrationpolicy_change", args=[delegation.webinar.policy.pk]),
            {"closes_at_0": "never", "closes_at_1": "", "purge_on": "one day"},
        ),
    ]


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(
    "failures", [public_failures, sign_in_failures, admin_failures, stock_failures], ids=lambda each: each.__name__
)
def test_every_page_of_a_failed_form_leads_to_its_errors(
    client: Client, delegation: Delegation, failures, language: str
) -> None:
    complaints = {}
    for failure in failures(delegation):
        client.logout()
        if failure.who:
            client.force_login(User.objects.get(email=failure.who))
        client.cookies["django_language"] = language
        url = failure.url.replace("/en/", f"/{language}/", 1)
        if "quota-board" in url:
            answer = client.get(url, failure.typed)
        else:
            opened = client.get(url, follow=True)
            typed = filled_form(opened.content.decode()) if opened.status_code == 200 else {}
            answer = client.post(url, {name: value for name, value in typed.items() if name} | failure.typed)
        html = answer.content.decode()
        complaints[f"{url} {sorted(failure.typed)}"] = (
            complaints_about_failure(html) if answer.status_code in (200, 422) else [f"answered {answer.status_code}"]
        )

    assert {url: each for url, each in complaints.items() if each} == {}
