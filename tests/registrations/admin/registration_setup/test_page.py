"""The page also counts the Working Group, lists the rules with their dates, and costs the same for many countries."""

from datetime import UTC, datetime, timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from registrations.models import Delegation, RegistrationPolicy, ReminderRule
from registrations.services.delivering.plan import plan
from sessions_app.models import Webinar
from sessions_app.releases import release_webinar
from tests.factories import (
    FIRST_START,
    NOW,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_gap_notice_rule,
    make_observer,
    make_reminder_rule,
    make_webinar,
)
from tests.registrations.admin.registration_setup.pages import AT_ONCE, URL, send, shown, text_of


def test_the_page_counts_who_carries_the_mark_of_the_working_group(
    secretariat: Client, webinar: Webinar, honduras: Delegation
) -> None:
    make_delegate(honduras, is_working_group_member=True)
    make_delegate(honduras)

    page = secretariat.get(URL)

    assert "1 person carries the mark" in text_of(page)
    people = secretariat.get(page.context["working_group_url"])
    assert people.context["cl"].result_count == 1


def test_each_rule_is_listed_with_its_dates_and_how_many_it_would_go_to_now(
    secretariat: Client, webinar: Webinar, honduras: Delegation
) -> None:
    release_webinar(webinar, by=None, now=NOW)
    Delegation.objects.filter(pk=honduras.pk).update(status="accepted")
    make_focal_point(honduras.body)
    for number in range(3):
        make_delegate(honduras, admitted_at=NOW - timedelta(days=1), email=f"person{number}@example.org")
    plan(now=NOW)
    make_reminder_rule(webinar, 1, "hours")
    make_reminder_rule(webinar, 2, "days", recipients="accepted", scope="first")
    make_reminder_rule(webinar, 1, "days", recipients="focal_points", scope="first")
    make_reminder_rule(webinar, 3, "days", recipients="all", scope="first", created_at=FIRST_START)
    make_gap_notice_rule(webinar, 5)

    rules = secretariat.get(URL).context["rules"]

    assert [(each.is_gap_notice, str(each.rule), each.dates, each.people) for each in rules] == [
        (True, "5 days before registration closes", (datetime(2026, 11, 1, 15, tzinfo=UTC),), 1),
        (False, "3 days before the first session, to everyone who has not declined", (), 0),
        (False, "2 days before the first session, to those who accepted", (FIRST_START - timedelta(days=2),), 0),
        (False, "1 day before the first session, to the focal points", (FIRST_START - timedelta(days=1),), 1),
        (
            False,
            "1 hour before each session, to everyone who has not declined",
            (FIRST_START - timedelta(hours=1), FIRST_START + timedelta(hours=23)),
            3,
        ),
    ]


def test_a_rule_is_added_changed_and_deleted_one_link_away_and_leads_back(
    secretariat: Client, webinar: Webinar
) -> None:
    add = f"{reverse('admin:registrations_reminderrule_add')}?webinar={webinar.pk}"
    rule = {"amount": "3", "unit": "days", "moment": "before", "recipients": "all", "scope": "each"}
    linked = add in secretariat.get(URL).content.decode()

    added = secretariat.post(add, shown(secretariat.get(add)) | rule)
    change = reverse("admin:registrations_reminderrule_change", args=[ReminderRule.objects.get().pk])
    changed = secretariat.post(change, shown(secretariat.get(change)) | {"amount": "4"})
    stored = ReminderRule.objects.values_list("webinar", "amount").get()
    deleted = secretariat.post(change.replace("change", "delete"), {"post": "yes"})

    assert linked
    assert [response.headers["Location"] for response in (added, changed, deleted)] == [URL] * 3
    assert (stored, ReminderRule.objects.exists()) == ((webinar.pk, 4), False)


def test_the_page_says_that_each_part_has_its_own_button(secretariat: Client, webinar: Webinar) -> None:
    assert "Each part is saved by its own button." in text_of(secretariat.get(URL))


def test_observers_see_neither_page(client: Client, webinar: Webinar) -> None:
    client.force_login(make_observer())

    for path in (URL, AT_ONCE):
        assert [client.get(path).status_code, client.post(path, {"remove": "1"}).status_code] == [403, 403]
    assert webinar.delegations.count() == 2


def test_an_unknown_webinar_is_not_found(secretariat: Client, webinar: Webinar) -> None:
    paths = [path.replace("flows", "nowhere") for path in (URL, AT_ONCE)]

    assert [secretariat.get(path).status_code for path in paths] == [404, 404]


def test_a_webinar_without_anything_has_the_page_too(secretariat: Client, db: None) -> None:
    webinar = make_webinar(sessions=0, with_policy=False)

    page = secretariat.get(URL)
    response = send(secretariat, "dates", closes_at="2026-11-10T17:00", purge_on="2027-01-31")

    assert "No country takes part yet." in text_of(page)
    assert (response.status_code, RegistrationPolicy.objects.get().webinar) == (302, webinar)


def test_the_page_is_complete_in_spanish(secretariat: Client, webinar: Webinar) -> None:
    page = secretariat.get(URL, headers={"accept-language": "es"})

    assert "Países y puntos focales" in text_of(page)


def test_the_page_takes_the_same_queries_with_many_countries_profiles_and_rules(
    secretariat: Client, webinar: Webinar
) -> None:
    release_webinar(webinar, by=None, now=NOW)
    make_reminder_rule(webinar, 1)
    make_gap_notice_rule(webinar, 1)
    secretariat.get(URL)
    with CaptureQueriesContext(connection) as few:
        secretariat.get(URL)
    for number in range(9):
        body = make_country(f"A{number}")
        make_delegate(make_delegation(webinar, body))
        make_focal_point(body)
    for number in range(2, 9):
        make_reminder_rule(webinar, number, "days", recipients=("all", "focal_points")[number % 2])
        make_gap_notice_rule(webinar, number)

    with CaptureQueriesContext(connection) as many:
        secretariat.get(URL)

    assert len(many) == len(few) <= 32
