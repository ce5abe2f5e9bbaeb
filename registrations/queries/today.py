"""What the secretariat should look at today. The number of queries does not grow with the number of webinars."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, Q

from registrations.models import (
    BodyKind,
    DelegateStatus,
    Delegation,
    DelegationStatus,
    Delivery,
    DeliveryState,
    FocalPoint,
    ParticipatingBody,
)
from registrations.queries.delegation_page import policy_of
from registrations.queries.letters import lacking_letter
from registrations.queries.lists import seats_of_delegations
from registrations.queries.review_queue import review_queue_rows
from registrations.queries.rooms import ROOM_STAYS_OPEN
from registrations.queries.seats import SeatCount, gaps_in
from registrations.queries.upcoming import UpcomingEvent, upcoming_events
from sessions_app.models import Webinar

MAX_LISTED = 12
MAX_UPCOMING = 8


@dataclass(frozen=True)
class IncompleteDelegation:
    """A country that has gaps or lacks a required letter; `days_left` is None if registration is not open."""

    delegation: Delegation
    gaps: tuple[SeatCount, ...]
    lacks_letter: bool
    days_left: int | None

    @property
    def missing(self) -> int:
        """The number of missing people."""
        return sum(seat.missing for seat in self.gaps)


@dataclass(frozen=True)
class BodyWithoutActiveFocalPoint:
    """A country without a focal point, or with focal points who never signed in (`never_seen`).

    `has_others` says that other focal points of the country have signed in.
    """

    body: ParticipatingBody
    never_seen: tuple[FocalPoint, ...]
    has_others: bool

    @property
    def has_nobody(self) -> bool:
        """Whether the country has no focal point at all."""
        return not self.never_seen


@dataclass(frozen=True)
class Today:
    """The contents of the admin's start page. Lists are cut to MAX_LISTED; the counts are complete.

    `webinars` are those with a session ahead or under way, the next one first. `country_count` is the number of
    attending countries. `awaiting` holds delegations with `is_complete`, `held` delegations with `held_count`.
    """

    webinars: Sequence[Webinar]
    country_count: int
    awaiting: list[Any]
    awaiting_count: int
    incomplete: list[IncompleteDelegation]
    incomplete_count: int
    without_focal_point: list[BodyWithoutActiveFocalPoint]
    without_focal_point_count: int
    held: list[Any]
    failed: list[Delivery]
    failed_count: int
    upcoming: list[UpcomingEvent]


def today(*, now: datetime) -> Today:
    """Return the contents of the admin's start page. Costs 14 queries, or 17 if a delegation waits for a decision."""
    ahead = Webinar.objects.annotate(
        first=Min("sessions__starts_at"),
        last=Max("sessions__starts_at"),
        ends_at=Max("sessions__released__ends_at"),
        body_count=Count("delegations", distinct=True),
        accepted_count=Count("delegations", filter=Q(delegations__status=DelegationStatus.ACCEPTED), distinct=True),
    ).filter(Q(last__gte=now) | Q(ends_at__gt=now - ROOM_STAYS_OPEN) | Q(last__isnull=True), cancelled_at__isnull=True)
    awaiting = review_queue_rows(now=now)
    failed = Delivery.objects.filter(state=DeliveryState.FAILED)
    webinars = list(ahead.select_related("policy").order_by("first", "slug"))
    countries = _countries(webinars)
    incomplete = _incomplete(countries, now=now)
    without_focal_point = _without_focal_point(countries)
    return Today(
        webinars=webinars,
        country_count=len(countries),
        awaiting=awaiting[:MAX_LISTED],
        awaiting_count=len(awaiting),
        incomplete=incomplete[:MAX_LISTED],
        incomplete_count=len(incomplete),
        without_focal_point=without_focal_point[:MAX_LISTED],
        without_focal_point_count=len(without_focal_point),
        held=list(
            Delegation.objects.attending()
            .filter(webinar__in=[webinar.pk for webinar in webinars])
            .annotate(
                held_count=Count(
                    "delegates",
                    filter=Q(delegates__status=DelegateStatus.ACTIVE, delegates__mail_held_at__isnull=False),
                )
            )
            .filter(held_count__gt=0)
            .select_related("webinar", "body")
            .order_by("pk")
        ),
        failed=list(failed.select_related("session")[:MAX_LISTED]),
        failed_count=failed.count(),
        upcoming=upcoming_events(webinars, now=now)[:MAX_UPCOMING],
    )


def _countries(webinars: Sequence[Webinar]) -> list[Any]:
    """Return the attending delegations of countries at `webinars`, with `lacks_letter`. Costs one query."""
    by_pk = {webinar.pk: webinar for webinar in webinars}
    countries = Delegation.objects.attending().filter(webinar__in=by_pk, body__kind=BodyKind.COUNTRY)
    rows: list[Any] = list(countries.select_related("body").annotate(lacks_letter=lacking_letter()).order_by())
    for row in rows:
        row.webinar = by_pk[row.webinar_id]
    return rows


def _incomplete(countries: Sequence[Any], *, now: datetime) -> list[IncompleteDelegation]:
    """Return the incomplete delegations by closing date, then by the number of missing people. Three queries."""
    seats = seats_of_delegations(countries)
    found = []
    for delegation in countries:
        gaps = gaps_in(seats[delegation.pk])
        if gaps or delegation.lacks_letter:
            policy = policy_of(delegation.webinar)
            days_left = policy.days_left_at(now) if policy and policy.is_open_at(now) else None
            found.append(IncompleteDelegation(delegation, gaps, bool(delegation.lacks_letter), days_left))
    return sorted(
        found,
        key=lambda incomplete: (
            incomplete.days_left is None,
            incomplete.days_left,
            incomplete.delegation.webinar_id,
            -incomplete.missing,
            str(incomplete.delegation.body),
        ),
    )


def _without_focal_point(countries: Sequence[Any]) -> list[BodyWithoutActiveFocalPoint]:
    """Return countries without a focal point, then those whose focal points never signed in. Costs one query."""
    bodies: dict[int, ParticipatingBody] = {row.body_id: row.body for row in countries}
    focal_points: dict[int, list[FocalPoint]] = defaultdict(list)
    for focal_point in FocalPoint.objects.with_access().filter(body__in=bodies).select_related("user"):
        focal_points[focal_point.body_id].append(focal_point)
    found = []
    for pk, body in bodies.items():
        never_seen = tuple(focal_point for focal_point in focal_points[pk] if focal_point.user.last_login is None)
        if never_seen or not focal_points[pk]:
            found.append(
                BodyWithoutActiveFocalPoint(body, never_seen, has_others=len(never_seen) < len(focal_points[pk]))
            )
    return sorted(found, key=lambda row: (not row.has_nobody, row.has_others, str(row.body)))
