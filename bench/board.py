"""Compares pages among 200 webinars with 100,000 delegates with those of a database that holds one webinar alone.

Both are schemas of one PostgreSQL database, and are queried by turns. It empties the database, so it runs last.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any

from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bench.timing import Ratio, compare
from registrations.models import (
    CalendarEntry,
    Delegate,
    Delegation,
    Delivery,
    DeliveryKind,
    DeliveryState,
    HistoryEvent,
    HistoryKind,
    ParticipantProfile,
    ParticipatingBody,
    RegistrationPolicy,
)
from registrations.permissions import SECOND_FACTOR_SESSION_KEY
from sessions_app.models import Session, Webinar
from sessions_app.releases import release_webinar
from tests.factories import make_country, make_profiles, make_quotas, make_staff, make_webinar

PEOPLE = 100_000
WEBINARS = 200
AHEAD = 20
COUNTRIES = 11
ROUNDS = 60
ALL, ALONE = "public", "alone"


def measure() -> Sequence[Ratio]:
    now = timezone.now()
    staff = make_staff()
    bodies = [make_country(f"{chr(65 + number)}X") for number in range(COUNTRIES)]
    profiles = list(make_profiles().values())
    one = _fill("webinar-0", bodies, profiles, in_days=20, now=now)
    _copy_to_alone()
    for number in range(1, WEBINARS):
        # Some lie ahead, as in a busy year; the others are past.
        in_days = 20 + number if number < AHEAD else -number
        _fill(f"webinar-{number}", bodies, profiles, in_days=in_days, now=now)
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
    schemas = cycle((ALL, ALONE))

    def among_many(what: str, address: str, check: Callable[[Any], object] = lambda response: None) -> Ratio:
        return compare(
            f"{what} among {WEBINARS} webinars, {PEOPLE:,} delegates",
            _opens(client, address, check),
            f"the same with {PEOPLE // WEBINARS} delegates alone",
            _opens(client, address, check),
            rounds=ROUNDS,
            before_each=lambda: _run(f"SET search_path TO {next(schemas)}"),
        )

    people = reverse("admin:registrations_delegate_changelist")
    deliveries = reverse("admin:registrations_delivery_changelist")
    try:
        return [
            among_many("Board", reverse("admin:quota-board", args=[one.slug]), _has_the_people_of_one_webinar),
            among_many("Today", reverse("admin:index")),
            among_many("Home of one webinar", reverse("admin:webinar-home", args=[one.slug])),
            among_many("List of webinars", reverse("admin:webinars")),
            among_many("List of people", people),
            among_many("People of one webinar", f"{people}?webinar={one.slug}"),
            among_many("List of deliveries", deliveries),
            among_many("Deliveries of one webinar", f"{deliveries}?webinar={one.slug}"),
            among_many("Search for an address", f"{deliveries}?q=delegate7@{one.slug}.example.org"),
            among_many("Front page", reverse("sessions_app:home")),
        ]
    finally:
        _run("RESET search_path", f"DROP SCHEMA {ALONE} CASCADE")


def _opens(client: Client, address: str, check: Callable[[Any], object]) -> Callable[[], None]:
    def open_page() -> None:
        response = client.get(address)
        assert response.status_code == 200
        check(response)

    return open_page


def _has_the_people_of_one_webinar(response: Any) -> None:
    assert response.context["board"].named_total == PEOPLE // WEBINARS


def _fill(
    slug: str,
    bodies: Sequence[ParticipatingBody],
    profiles: Sequence[ParticipantProfile],
    *,
    in_days: int,
    now: datetime,
) -> Webinar:
    """Create a released webinar whose share of the people was registered in the last three weeks and is invited."""
    webinar = make_webinar(slug)
    Session.objects.filter(webinar=webinar).update(starts_at=now + timedelta(days=in_days))
    RegistrationPolicy.objects.filter(webinar=webinar).update(
        opens_at=now - timedelta(days=14), closes_at=now + timedelta(days=max(in_days - 7, -13))
    )
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
            email=f"delegate{number}@{slug}.example.org",
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
    entries = CalendarEntry.objects.bulk_create(
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
    Delivery.objects.bulk_create(
        Delivery(
            key=f"{slug}-{entry.pk}",
            kind=DeliveryKind.INVITATION,
            state=DeliveryState.SENT,
            email=entry.address,
            webinar=webinar,
            delegate=entry.delegate,
            session=entry.session,
            entry=entry,
            release=release,
            ical_method="REQUEST",
            ical_sequence=0,
            ical_stamp=now,
            created_at=entry.delegate.registered_at,
            due_at=now,
            sent_at=now,
            may_have_arrived=True,
        )
        for entry in entries
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
