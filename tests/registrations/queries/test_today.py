from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registrations.models import Delegation, FocalPoint, RegistrationPolicy, User
from registrations.queries.today import MAX_GAPS, MAX_LISTED, MAX_UPCOMING, today
from registrations.queries.upcoming import UpcomingKind, upcoming_events
from registrations.queries.webinar_list import WebinarFigures
from sessions_app.models import Session, Webinar
from sessions_app.releases import release_webinar
from sessions_app.webinar_names import name_of
from tests.factories import (
    FIRST_START,
    NOW,
    PROFILES,
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


def test_gaps_are_listed_where_registration_closes_soon_and_counted_elsewhere():
    last_day, within, beyond, closed, not_open, over = (
        a_webinar(slug) for slug in ("last-day", "within", "beyond", "closed", "not-open", "over")
    )
    honduras, panama = make_country("HN"), make_country("PA")
    for webinar, fields in (
        (last_day, {"closes_at": NOW + HOUR}),
        (within, {"closes_at": NOW + 14 * DAY}),
        (beyond, {"closes_at": NOW + 15 * DAY}),
        (closed, {"closes_at": NOW - HOUR, "requires_letter": True}),
        (not_open, {"opens_at": NOW + HOUR}),
    ):
        RegistrationPolicy.objects.filter(webinar=webinar).update(**fields)
    Session.objects.filter(webinar=over).update(starts_at=NOW - DAY)
    of_last_day = make_delegation(last_day, honduras)
    two_of_within = make_delegation(within, honduras), make_delegation(within, panama)
    make_delegate(two_of_within[0])
    of_closed = make_delegation(closed, panama)
    for code in (*PROFILES, *PROFILES):
        make_delegate(of_closed, code)
    make_delegation(within, make_country("BZ"), status="not_attending")
    make_delegation(within, make_organisation())
    for webinar in (beyond, not_open, over):
        make_delegation(webinar, honduras)

    found = today(now=NOW)

    assert [(one.delegation, one.missing, one.lacks_letter, one.days_left) for one in found.incomplete] == [
        (of_last_day, 8, False, 0),
        (two_of_within[1], 8, False, 14),
        (two_of_within[0], 7, False, 14),
    ]
    # Only the letter is missing at the one that has closed.
    assert (found.incomplete_count, found.incomplete_elsewhere) == (3, 2)


def test_countries_that_nobody_registers_are_listed_where_people_are_missing_soon():
    webinar, later = a_webinar(), a_webinar("later")
    RegistrationPolicy.objects.filter(webinar=later).update(closes_at=NOW + 15 * DAY)
    nobody, unseen, some, removed, complete, elsewhere = (
        make_country(code) for code in ("HN", "PA", "GT", "CR", "MX", "BZ")
    )
    for body in (nobody, unseen, some, removed, complete):
        make_delegation(webinar, body)
    make_delegation(later, elsewhere)
    for code in (*PROFILES, *PROFILES):
        make_delegate(Delegation.objects.get(body=complete), code)
    arrived = {"last_login": NOW - DAY}
    never = make_focal_point(unseen, is_primary=False)
    primary = make_focal_point(unseen, is_primary=True)
    make_focal_point(some, make_user(**arrived))
    make_focal_point(some)
    make_focal_point(removed, make_user(**arrived), removed_at=NOW)
    make_focal_point(complete)
    make_focal_point(elsewhere)

    found = today(now=NOW)

    assert [(one.incomplete.delegation.body, one.focal_points) for one in found.unregistered] == [
        (removed, ()),
        (nobody, ()),
        (unseen, (primary, never)),
    ]
    assert found.unregistered_count == 3
    assert {one.invitation_sent_at for one in found.unregistered[-1].focal_points} == {NOW}


def test_webinars_ahead_have_their_names_and_figures():
    flows, not_open, undated = a_webinar(), a_webinar("not-open"), a_webinar("undated", sessions=0, with_policy=False)
    RegistrationPolicy.objects.filter(webinar=not_open).update(opens_at=NOW + HOUR)
    a_webinar("cancelled", cancelled_at=NOW)
    honduras, panama = make_country("HN"), make_country("PA")
    make_delegation(flows, honduras, status="accepted")
    make_delegate(make_delegation(flows, panama))
    make_delegation(not_open, panama)

    found = today(now=NOW)

    assert [str(name_of(webinar)) for webinar in found.webinars] == [
        "16–17 Nov 2026 · Mass intra-regional flows · registration open",
        "16–17 Nov 2026 · Mass intra-regional flows · draft",
        "no date yet · Mass intra-regional flows · draft",
    ]
    assert found.figures == {
        flows.pk: WebinarFigures(countries=2, accepted=1, missing=15),
        not_open.pk: WebinarFigures(countries=1, accepted=0, missing=None),
        undated.pk: WebinarFigures(countries=0, accepted=0, missing=0),
    }


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

    found = upcoming_events(today(now=NOW).webinars, now=NOW)

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
        make_delegate(make_delegation(webinar, body, status="submitted", submitted_at=NOW), mail_held_at=NOW)
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

    assert few == many == 20
    assert (found.incomplete_count, found.unregistered_count, found.awaiting_count) == (30, 30, 30)
    assert [len(each) for each in (found.incomplete, found.unregistered, found.awaiting, found.upcoming)] == [
        MAX_GAPS,
        MAX_LISTED,
        MAX_LISTED,
        MAX_UPCOMING,
    ]
    assert (FocalPoint.objects.count(), Webinar.objects.count(), User.objects.count()) == (30, 30, 30)
