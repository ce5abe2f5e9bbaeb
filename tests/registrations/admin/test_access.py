import re

import pytest
from django.contrib.messages import get_messages
from django.db import IntegrityError, connection, models, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse
from pytest_django import DjangoAssertNumQueries, Settings

from registrations.models import Attendance, Delegate, Delegation, FocalPoint, User
from sessions_app.models import Speaker
from sessions_app.releases import release_webinar
from tests.factories import (
    NOW,
    make_attendance,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_letter,
    make_observer,
    make_staff,
    make_user,
)
from tests.registered_models import registered_models

MODELS = [model for model in registered_models() if model._meta.app_label == "registrations"]


def list_url(model: type[models.Model]) -> str:
    return reverse(f"admin:registrations_{model._meta.model_name}_changelist")


@pytest.fixture
def delegation(db: None) -> Delegation:
    delegation = make_delegation()
    make_delegate(delegation)
    make_focal_point(delegation.body)
    return delegation


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_list_opens_for_the_secretariat_and_survives_any_filter(
    model: type[models.Model], secretariat: Client, delegation: Delegation
) -> None:
    url = list_url(model)

    opened = secretariat.get(url)
    garbage = [
        secretariat.get(url, query, follow=True).status_code
        for query in (
            {"e": "1"},
            {"webinar": "nothing"},
            {"lacks": "'"},
            {"complete": "maybe"},
            {"profile": "\x00"},
            {"p": "-5"},
            {"o": "99.x"},
            {"q": "\x00"},
            {"state__exact": "unknown", "nothing__here": "1"},
        )
    ]

    assert (opened.status_code, garbage) == (200, [200] * 9)


@pytest.mark.parametrize("url", ["/admin/", "/admin/quota-board/", "/admin/quota-board/flows/"])
def test_an_anonymous_visitor_is_sent_to_the_sign_in(client: Client, delegation: Delegation, url: str) -> None:
    response = client.get(url, follow=True)

    assert response.redirect_chain[-1][0].startswith(reverse("account_login"))


@pytest.mark.parametrize("url", ["/admin/", "/admin/quota-board/flows/", "/admin/registrations/delegate/"])
def test_a_focal_point_sees_nothing_of_the_admin(client: Client, delegation: Delegation, url: str) -> None:
    client.force_login(FocalPoint.objects.get().user)

    response = client.get(url, follow=True)

    assert response.status_code == 403


def test_the_board_of_an_unknown_webinar_is_not_found(secretariat: Client) -> None:
    assert secretariat.get("/admin/quota-board/nothing/").status_code == 404


@pytest.mark.parametrize("pk", ["0", "999999", "99999999999999999999999", "abc", "1' or 1"])
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_an_unknown_row_is_no_error(
    model: type[models.Model], pk: str, secretariat: Client, delegation: Delegation
) -> None:
    response = secretariat.get(f"{list_url(model)}{pk}/change/")

    assert response.status_code in (302, 404)


@pytest.mark.parametrize(
    "route",
    [
        *(f"delegation/{pk}/{step}/" for pk in ("999999", "99999999999999999999999") for step in ("accept", "waive")),
        "delegation/waivers/999999/revoke/",
        "delegation/999999/history/",
        *(f"delegate/999999/{step}/" for step in ("replace", "withdraw", "restore", "history")),
        "delegate/register/999999/",
    ],
)
def test_an_action_on_an_unknown_row_is_not_found(route: str, secretariat: Client) -> None:
    assert secretariat.get(f"/admin/registrations/{route}").status_code == 404


def test_staff_without_a_second_factor_are_sent_to_set_one_up(db: None, client: Client, settings: Settings) -> None:
    settings.STAFF_NEED_SECOND_FACTOR = True
    client.force_login(make_staff(has_second_factor=False))

    response = client.get("/admin/", follow=True)

    assert response.redirect_chain[-1][0] == reverse("mfa_index")
    assert [str(message) for message in get_messages(response.wsgi_request)] == [
        "The secretariat's pages need a second factor. Please set one up, then open them again."
    ]


def test_staff_with_a_second_factor_enter(db: None, client: Client, settings: Settings) -> None:
    settings.STAFF_NEED_SECOND_FACTOR = True
    client.force_login(make_staff())

    assert client.get("/admin/").status_code == 200


def test_where_none_is_demanded_staff_enter_without_a_second_factor(
    db: None, client: Client, settings: Settings
) -> None:
    settings.STAFF_NEED_SECOND_FACTOR = False
    client.force_login(make_staff(has_second_factor=False))

    assert client.get("/admin/").status_code == 200


def test_the_secretariat_reads_accounts_and_only_administrators_change_them(
    secretariat: Client, client: Client
) -> None:
    account = make_user()
    url = reverse("admin:registrations_user_change", args=[account.pk])

    read = secretariat.get(url)
    changed = secretariat.post(url, {"email": account.email, "role": "administrator"})
    added = secretariat.get(reverse("admin:registrations_user_add"))
    account.refresh_from_db()

    assert (read.status_code, changed.status_code, added.status_code) == (200, 403, 403)
    assert (account.is_staff, account.is_superuser) == (False, False)


def test_a_closed_staff_account_has_no_permissions(db: None) -> None:
    staff = make_staff(is_superuser=False)
    closed = make_staff(is_superuser=False, is_active=False)

    assert (staff.has_perm("registrations.change_delegation"), closed.has_perm("registrations.change_delegation")) == (
        True,
        False,
    )
    assert (staff.has_perm("registrations.change_user"), staff.has_perm("auth.change_group")) == (False, False)


def test_administrators_may_do_everything_and_others_nothing(db: None) -> None:
    administrator, focal_point = make_staff(), make_user()

    assert administrator.has_perm("registrations.change_user")
    assert not focal_point.has_perm("registrations.view_delegation")


@pytest.mark.parametrize("model", [Delegate, Delegation], ids=lambda model: model.__name__)
def test_no_raw_form_changes_people_or_delegations(
    model: type[models.Model], secretariat: Client, delegation: Delegation
) -> None:
    before = list(model.objects.values())
    row = model.objects.get()

    secretariat.post(
        reverse(f"admin:registrations_{model._meta.model_name}_change", args=[row.pk]),
        {"status": "accepted", "email": "other@example.org", "admitted_at_0": "2026-01-01"},
    )
    deleted = secretariat.post(f"{list_url(model)}{row.pk}/delete/", {"post": "yes"})

    assert list(model.objects.values()) == before
    assert deleted.status_code == 403


def test_the_admin_shows_times_in_the_time_zone_of_the_account_and_names_it(
    secretariat: Client, staff: User, delegation: Delegation
) -> None:
    staff.timezone = "America/Tegucigalpa"
    staff.save()

    page = secretariat.get(reverse("admin:registrations_registrationpolicy_changelist")).content.decode()

    # 6 November 2026, 15:00 UTC
    assert "Fri 6 Nov 2026, 09:00" in page
    assert "Hours in America/Tegucigalpa" in page


def test_the_dashboard_takes_the_same_queries_with_many_rows_as_with_few(
    secretariat: Client, delegation: Delegation, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _number in range(30):
        make_delegate(delegation)

    with django_assert_max_num_queries(12):
        response = secretariat.get("/admin/")

    assert response.status_code == 200


# Observers --------------------------------------------------------------------------------------


@pytest.fixture
def observer(client: Client, db: None) -> Client:
    client.force_login(make_observer())
    return client


def test_an_observer_without_a_second_factor_is_sent_to_set_one_up(
    db: None, client: Client, settings: Settings
) -> None:
    settings.STAFF_NEED_SECOND_FACTOR = True
    client.force_login(make_observer(has_second_factor=False))

    response = client.get("/admin/quota-board/", follow=True)

    assert response.redirect_chain[-1][0] == reverse("mfa_index")


def test_the_dashboard_of_an_observer_links_to_the_boards(observer: Client, delegation: Delegation) -> None:
    response = observer.get("/admin/", follow=True)

    assert response.redirect_chain == [("/admin/quota-board/", 302)]
    assert "/admin/registrations/delivery/" not in response.text


def test_an_observer_sees_names_and_no_contact_details(observer: Client, delegation: Delegation) -> None:
    person = delegation.delegates.get()

    people = observer.get(list_url(Delegate)).text
    page = observer.get(reverse("admin:registrations_delegation_change", args=[delegation.pk])).text

    assert person.name in people
    assert person.name in page
    assert person.email not in people + page


@pytest.mark.parametrize(
    "query",
    [
        {"q": "example.org"},
        {"email__startswith": "d"},
        {"delegation__delegates__email__startswith": "d"},
        {"o": "5"},
        {"webinar__delegates__email__startswith": "d"},
        {"body__delegations__delegates__phone": ""},
    ],
)
def test_an_observer_cannot_search_or_filter_by_address(
    observer: Client, delegation: Delegation, query: dict[str, str]
) -> None:
    """A search by address finds nobody, and a filter by address shows the whole list."""
    found = observer.get(list_url(Delegate), query, follow=True)

    assert found.context["cl"].result_count == (0 if "q" in query else 1)
    assert "@example.org" not in found.text


@pytest.mark.parametrize("model", ["release", "session", "speaker"])
def test_no_list_of_the_agenda_can_be_filtered_by_people(
    observer: Client, delegation: Delegation, staff: User, model: str
) -> None:
    Speaker.objects.create(webinar=delegation.webinar, code="speaker", name_en="Speaker")
    release_webinar(delegation.webinar, by=staff, now=NOW)
    url = reverse(f"admin:sessions_app_{model}_changelist")

    whole = observer.get(url).context["cl"].result_count
    asked = observer.get(url, {"webinar__delegates__email__startswith": "nobody"}, follow=True)

    assert whole
    assert asked.context["cl"].result_count == whole


def test_an_observer_sees_attendance_and_no_contact_details(
    observer: Client, delegation: Delegation, staff: User
) -> None:
    person, session = delegation.delegates.get(), delegation.webinar.sessions.get(number=1)
    make_attendance(session, person, by=staff, name="Phone of +504 1234", minutes=47)
    make_attendance(session, by=staff, name="guest@example.org")
    make_attendance(session, by=staff, name="50400000000", matched_by="nobody")

    webinars = observer.get("/admin/attendance/")
    table = observer.get(reverse("admin:attendance", args=[delegation.webinar.slug]))
    page = observer.get(reverse("admin:session-attendance", args=[delegation.webinar.slug, 1]))

    assert f"/admin/attendance/{delegation.webinar.slug}/" in webinars.text
    assert "rcm-plot-attended" in table.text
    assert table.context["table"].grand_total.sessions[0].attended == 1
    assert person.name in page.text
    assert "47" in page.text
    assert "1 person in the reports is not known yet." in page.text
    shown = webinars.text + table.text + page.text
    assert not [word for word in (person.email, "+504", "guest@example.org", "50400000000") if word in shown]


def test_an_observer_is_offered_no_attendance_action_and_may_do_none(
    observer: Client, delegation: Delegation, staff: User
) -> None:
    kept = make_attendance(delegation.webinar.sessions.get(number=1), delegation.delegates.get(), by=staff)
    own = {"attendance-of-webinars", "attendance", "session-attendance"}
    slug = delegation.webinar.slug

    pages = [
        observer.get(path).text
        for path in ("/admin/attendance/", f"/admin/attendance/{slug}/", f"/admin/attendance/{slug}/1/")
    ]

    linked = set(re.findall(r'(?:href|action)="(/admin/attendance/[^"]*)"', "".join(pages)))
    assert linked
    assert {resolve(path).url_name for path in linked} <= own
    for step in ("", "import/", "save/", "remove/", "room/"):
        assert observer.post(f"/admin/attendance/{slug}/1/{step}", {"who-1": "nobody"}).status_code == 403
    assert observer.post(f"/admin/attendance/{slug}/export/").status_code == 403
    assert observer.get(f"/admin/attendance/{slug}/1/arrivals/?names=1").status_code == 403
    assert Attendance.objects.get() == kept


def test_the_attendance_page_of_an_observer_takes_the_same_queries_with_one_person_as_with_many(
    observer: Client, delegation: Delegation, staff: User
) -> None:
    session = delegation.webinar.sessions.get(number=1)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert observer.get(f"/admin/attendance/{delegation.webinar.slug}/1/").status_code == 200
        return len(captured)

    make_attendance(session, delegation.delegates.get(), by=staff)
    queries()
    with_one = queries()
    for code in ("PA", "SV", "GT", "MX", "CR"):
        delegate = make_delegate(make_delegation(delegation.webinar, make_country(code)))
        make_attendance(session, delegate, by=staff)

    assert queries() == with_one


def test_an_observer_has_no_more_rights_outside_the_admin_than_an_outsider(
    observer: Client, delegation: Delegation
) -> None:
    letter = make_letter(delegation, by=make_staff())

    assert observer.get(reverse("registrations:delegation", args=[delegation.slug])).status_code == 404
    assert observer.get(reverse("registrations:letter-file", args=[delegation.slug, letter.pk])).status_code == 404


def test_a_closed_observer_account_has_no_permissions(db: None) -> None:
    observer, closed = make_observer(), make_observer(is_active=False)

    assert observer.has_perm("registrations.view_delegate")
    assert not closed.has_perm("registrations.view_delegate")
    assert not [
        perm
        for perm in ("registrations.change_delegate", "registrations.view_user", "registrations.view_delivery")
        if observer.has_perm(perm)
    ]


def test_an_account_cannot_be_staff_and_observer(db: None) -> None:
    for flag in ("is_staff", "is_superuser"):
        with pytest.raises(IntegrityError), transaction.atomic():
            make_observer(**{flag: True})
