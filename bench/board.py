"""Compares the quota board among 200 webinars with 100,000 delegates with a database that holds one webinar alone.

Both are schemas of one PostgreSQL database, and are queried by turns. It empties the database, so it runs last.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import cycle

from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bench.timing import Ratio, compare
from registrations.models import (
    CalendarEntry,
    Delegate,
    Delegation,
    HistoryEvent,
    HistoryKind,
    ParticipantProfile,
    ParticipatingBody,
)
from registrations.permissions import SECOND_FACTOR_SESSION_KEY
from sessions_app.models import Session, Webinar
from sessions_app.releases import release_webinar
from tests.factories import make_country, make_profiles, make_quotas, make_staff, make_webinar

PEOPLE = 100_000
WEBINARS = 200
COUNTRIES = 11
ROUNDS = 60
ALL, ALONE = "public", "alone"


def measure() -> Sequence[Ratio]:
    now = timezone.now()
    staff = make_staff()
    bodies = [make_country(f"{chr(65 + number)}X") for number in range(COUNTRIES)]
    profiles = list(make_profiles().values())
    one = _fill("webinar-0", bodies, profiles, now=now)
    _copy_to_alone()
    for number in range(1, WEBINARS):
        _fill(f"webinar-{number}", bodies, profiles, now=now)
    _run("VACUUM ANALYZE")
    assert Delegate.objects.count() == PEOPLE
    client = Client()
    client.force_login(staff)
    session = client.session
    session[SECOND_FACTOR_SESSION_KEY] = staff.pk
    session.save()
    # The session of the signed-in user must exist in both schemas.
    _run(f"INSERT INTO {ALONE}.django_session TABLE django_session")
    _run(f"SET search_path TO {ALONE}")
    assert Delegate.objects.count() == PEOPLE // WEBINARS
    address = reverse("admin:quota-board", args=[one.slug])
    schemas = cycle((ALL, ALONE))
    try:
        return [
            compare(
                f"Board among {WEBINARS} webinars, {PEOPLE:,} delegates",
                _opens(client, address),
                f"the same board, {PEOPLE // WEBINARS} delegates alone",
                _opens(client, address),
                rounds=ROUNDS,
                before_each=lambda: _run(f"SET search_path TO {next(schemas)}"),
            )
        ]
    finally:
        _run("RESET search_path", f"DROP SCHEMA {ALONE} CASCADE")


def _opens(client: Client, address: str) -> Callable[[], None]:
    def open_board() -> None:
        response = client.get(address)
        assert response.context["board"].named_total == PEOPLE // WEBINARS

    return open_board


def _fill(
    slug: str, bodies: Sequence[ParticipatingBody], profiles: Sequence[ParticipantProfile], *, now: datetime
) -> Webinar:
    """Create a released webinar whose share of the people was registered in the last three weeks and is invited."""
    webinar = make_webinar(slug)
    make_quotas(webinar)
    release = release_webinar(webinar, by=None, now=now)
    delegations = Delegation.objects.bulk_create(
        Delegation(webinar=webinar, body=body, slug=f"{slug}-{body.slug}", status="accepted") for body in bodies
    )
    people = Delegate.objects.bulk_create(
        Delegate(
            webinar=webinar,
            delegation=delegations[number % len(delegations)],
            profile=profiles[number % len(profiles)],
            name=f"Delegate {number}",
            email=f"delegate{number}@example.org",
            institution="Example institution",
            timezone="America/Tegucigalpa",
            registered_at=now - timedelta(hours=number),
            mail_not_before=now,
            admitted_at=now,
        )
        for number in range(PEOPLE // WEBINARS)
    )
    HistoryEvent.objects.bulk_create(
        HistoryEvent(
            webinar=webinar,
            delegation=person.delegation,
            delegate=person,
            kind=HistoryKind.REGISTERED,
            at=person.registered_at,
        )
        for person in people
    )
    CalendarEntry.objects.bulk_create(
        CalendarEntry(
            session=session,
            address=person.email,
            delegate=person,
            release=release,
            released_sequence=0,
            sequence=0,
            stamp=now,
            planned_method="REQUEST",
            starts_at=session.starts_at,
            ends_at=session.ends_at,
        )
        for session in Session.objects.filter(webinar=webinar)
        for person in people
    )
    return webinar


def _copy_to_alone() -> None:
    """Copy every table with its rows and indexes to the schema `alone`."""
    _run(f"CREATE SCHEMA {ALONE}")
    for table in connection.introspection.table_names():
        _run(
            f"CREATE TABLE {ALONE}.{table} (LIKE {ALL}.{table} INCLUDING ALL)",
            f"INSERT INTO {ALONE}.{table} TABLE {ALL}.{table}",
        )


def _run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
