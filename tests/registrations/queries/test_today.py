from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registrations.models import FocalPoint, RegistrationPolicy, User
from registrations.queries.today import MAX_UPCOMING, today
from registrations.queries.upcoming import UpcomingKind
from sessions_app.models import Session, Webinar
from sessions_app.releases import release_webinar
from tests.factories import (
    FIRST_START,
    NOW,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_gap_notice_rule,
    make_organisation,
    make_quotas,
    make_reminder_rule,
    make_user,
    make_webinar,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
pytestmark = pytest.mark.django_db


def a_webinar(slug="flows", *, minimum=2, **fields):
    webinar = make_webinar(slug, **fields)
    make_quotas(webinar, minimum=minimum)
    return webinar


def test_incomplete_countries_are_sorted_by_days_left_and_missing_people():
    soon, late, closed, over = (a_webinar(slug) for slug in ("soon", "late", "closed", "over"))
    honduras, panama = make_country("HN"), make_country("PA")
    RegistrationPolicy.objects.filter(webinar=soon).update(closes_at=NOW + HOUR)
    RegistrationPolicy.objects.filter(webinar=closed).update(closes_at=NOW - HOUR, requires_letter=True)
    Session.objects.filter(webinar=over).update(starts_at=NOW - DAY)
    of_soon = make_delegation(soon, honduras)
    two_of_late = make_delegation(late, honduras), make_delegation(late, panama)
    make_delegate(two_of_late[0])
    of_closed = make_delegation(closed, panama)
    for code in ("prosecutors", "immigration-control", "border-control", "investigation-units"):
        make_delegate(of_closed, code)
        make_delegate(of_closed, code)
    make_delegation(late, make_country("BZ"), status="not_attending")
    make_delegation(late, make_organisation())
    make_delegation(over, honduras)

    found = today(now=NOW)

    assert [(one.delegation, one.missing, one.lacks_letter, one.days_left) for one in found.incomplete] == [
        (of_soon, 8, False, 0),
        (two_of_late[1], 8, False, 11),
        (two_of_late[0], 7, False, 11),
        (of_closed, 0, True, None),
    ]
    assert found.incomplete_count == 4


def test_countries_without_an_active_focal_point_are_listed():
    webinar = a_webinar()
    nobody, unseen, some, seen, removed = (make_country(code) for code in ("HN", "PA", "GT", "MX", "CR"))
    for body in (nobody, unseen, some, seen, removed):
        make_delegation(webinar, body)
    arrived = {"last_login": NOW - DAY}
    never = make_focal_point(unseen)
    make_focal_point(some, make_user(**arrived))
    other = make_focal_point(some)
    make_focal_point(seen, make_user(**arrived))
    make_focal_point(removed, make_user(**arrived), removed_at=NOW)
    make_focal_point(make_country("BZ"))

    found = today(now=NOW).without_focal_point

    assert [(one.body, one.never_seen, one.has_others) for one in found] == [
        (removed, (), False),
        (nobody, (), False),
        (unseen, (never,), False),
        (some, (other,), True),
    ]


def test_upcoming_events_are_in_the_order_of_time():
    webinar = a_webinar()
    notice = make_gap_notice_rule(webinar, 5)
    reminder = make_reminder_rule(webinar, 1, "days", scope="first")
    release_webinar(webinar, by=None, now=NOW)
    unreleased = a_webinar("unreleased", sessions=1)
    Session.objects.filter(webinar=unreleased).update(starts_at=NOW + HOUR)
    RegistrationPolicy.objects.filter(webinar=unreleased).update(opens_at=NOW + 2 * HOUR, closes_at=NOW + 3 * HOUR)
    cancelled = a_webinar("cancelled", cancelled_at=NOW)
    make_gap_notice_rule(cancelled, 6)

    found = today(now=NOW).upcoming

    assert [(one.at - NOW, one.kind, one.webinar) for one in found] == [
        (HOUR, UpcomingKind.UNRELEASED_SESSION, unreleased),
        (2 * HOUR, UpcomingKind.OPENING, unreleased),
        (3 * HOUR, UpcomingKind.CLOSING, unreleased),
        (6 * DAY, UpcomingKind.GAP_NOTICE, webinar),
        (11 * DAY, UpcomingKind.CLOSING, webinar),
        (FIRST_START - DAY - NOW, UpcomingKind.REMINDER, webinar),
        (FIRST_START - NOW, UpcomingKind.SESSION, webinar),
        (FIRST_START + DAY - NOW, UpcomingKind.SESSION, webinar),
    ]
    assert [one.subject for one in found if one.kind in (UpcomingKind.GAP_NOTICE, UpcomingKind.REMINDER)] == [
        notice,
        reminder,
    ]


def test_a_rule_created_after_its_hour_is_not_listed():
    webinar = a_webinar()
    make_gap_notice_rule(webinar, 5, created_at=NOW + 7 * DAY)
    make_reminder_rule(webinar, 1, "hours", created_at=FIRST_START + 2 * DAY)
    release_webinar(webinar, by=None, now=NOW)

    kinds = {one.kind for one in today(now=NOW).upcoming}

    assert kinds == {UpcomingKind.CLOSING, UpcomingKind.SESSION}


def test_the_queries_of_today_do_not_grow_with_webinars():
    def add(number):
        webinar = a_webinar(f"webinar-{number}")
        make_gap_notice_rule(webinar)
        make_reminder_rule(webinar)
        if number % 2 == 0:
            release_webinar(webinar, by=None, now=NOW)
        body = make_country(f"{chr(65 + number // 26)}{chr(65 + number % 26)}")
        make_delegate(make_delegation(webinar, body))
        make_focal_point(body)

    def asked():
        with CaptureQueriesContext(connection) as queries:
            found = today(now=NOW)
        return len(queries), found

    add(0)
    few, _found = asked()
    for number in range(1, 30):
        add(number)
    many, found = asked()

    assert few == many == 14
    assert (found.incomplete_count, found.without_focal_point_count, len(found.upcoming)) == (30, 30, MAX_UPCOMING)
    assert (FocalPoint.objects.count(), Webinar.objects.count(), User.objects.count()) == (30, 30, 30)
