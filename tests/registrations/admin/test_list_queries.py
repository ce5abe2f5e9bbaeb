"""Every list takes the same number of queries with one row as with many (design §9)."""

import pytest
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from registrations.models import (
    Attendance,
    CalendarEntry,
    Delegate,
    Delegation,
    Delivery,
    HistoryEvent,
    User,
)
from sessions_app.models import Speaker, Webinar
from sessions_app.releases import release_webinar
from tests.factories import (
    NOW,
    make_announcement,
    make_attendance,
    make_bounce,
    make_calendar_answer,
    make_country,
    make_delegation,
    make_focal_point,
    make_gap_notice_rule,
    make_gap_reminder,
    make_mail_for_a_person,
    make_quotas,
    make_reminder_rule,
    make_session,
    make_staff,
    make_webinar,
)
from tests.registered_models import registered_models
from tests.registrations.queries.mailboxes import invite

MANY = 30
MODELS = registered_models()


def add_rows(number: int, staff: User) -> None:
    """Add one row of every model that the admin lists."""
    webinar = make_webinar(f"webinar-{number}")
    make_quotas(webinar)
    make_session(webinar, number=3)
    release_webinar(webinar, by=staff, now=NOW)
    body = make_country(f"{chr(65 + number // 26)}{chr(65 + number % 26)}", slug=f"body-{number}")
    delegation = make_delegation(webinar, body, decided_by=staff)
    make_focal_point(body)
    invite(delegation, 2)
    HistoryEvent.objects.create(
        webinar=webinar,
        delegation=delegation,
        delegate=delegation.delegates.first(),
        kind="edited",
        actor=staff,
        at=NOW,
    )
    make_attendance(webinar.sessions.get(number=1), delegation.delegates.first(), by=staff)
    make_reminder_rule(webinar)
    make_gap_notice_rule(webinar)
    make_announcement(webinar, by=staff)
    make_gap_reminder(webinar, by=staff)
    entry = CalendarEntry.objects.filter(delegate__delegation=delegation)[0]
    make_bounce(entry.deliveries.all()[0])
    make_calendar_answer(entry)
    make_mail_for_a_person(delegate=entry.delegate)
    Speaker.objects.create(webinar=webinar, code="speaker", name_en="Speaker")


def count_queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


@pytest.fixture
def administrator(db: None, client: Client) -> User:
    staff = make_staff()
    client.force_login(staff)
    return staff


def test_every_list_of_the_admin_takes_the_same_queries_with_one_row_as_with_many(
    client: Client, administrator: User
) -> None:
    paths = [reverse(f"admin:{room._meta.app_label}_{room._meta.model_name}_changelist") for room in MODELS]
    paths += [
        reverse("admin:index"),
        reverse("admin:webinars"),
        reverse("admin:quota-boards"),
        reverse("admin:attendance-of-webinars"),
        "/en/delegations/",
        "/en/",
    ]
    add_rows(0, administrator)
    with_one = {path: count_queries(client, path) for path in paths}

    for number in range(1, MANY):
        add_rows(number, administrator)
    with_many = {path: count_queries(client, path) for path in paths}

    assert with_many == with_one
    listed: tuple[type[models.Model], ...] = (Webinar, Delegation, Delegate, CalendarEntry, Delivery, Attendance)
    assert [model._base_manager.count() >= MANY for model in listed] == [True] * 6
