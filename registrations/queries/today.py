"""What the secretariat should look at today. The number of queries does not grow with the number of webinars."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db.models import Count, F, Model, Q, QuerySet, Window, prefetch_related_objects

from registrations.models import (
    Bounce,
    CalendarAnswer,
    DelegateStatus,
    Delegation,
    Delivery,
    DeliveryState,
    FocalPoint,
    MailForAPerson,
)
from registrations.queries.delegation_page import policy_of
from registrations.queries.focal_points import with_last_invitation
from registrations.queries.incoming_mail import answers_to_confirm, mail_for_a_person
from registrations.queries.letters import lacking_letter
from registrations.queries.lists import gaps_of_delegations
from registrations.queries.returned_mail import came_back_of
from registrations.queries.review_queue import review_queue_rows
from registrations.queries.rooms import ROOM_STAYS_OPEN
from registrations.queries.seats import SeatCount
from registrations.queries.upcoming import UpcomingEvent, upcoming_events
from registrations.queries.webinar_list import WebinarFigures, attending_countries, figures_of
from sessions_app.models import Webinar
from sessions_app.webinar_names import WebinarState, named_webinar, with_names

RowT = TypeVar("RowT", bound=Model)

# Gaps are listed where registration closes within so many days; the others are counted.
CLOSES_SOON_DAYS = 14
# With all these rows and eleven webinars ahead, the page is one screen.
MAX_LISTED = 5
MAX_GAPS = 8
MAX_UPCOMING = 5


@dataclass(frozen=True)
class IncompleteDelegation:
    """A country that has gaps or lacks a required letter; `days_left` is None if registration has closed."""

    delegation: Delegation
    gaps: tuple[SeatCount, ...]
    lacks_letter: bool
    days_left: int | None

    @property
    def missing(self) -> int:
        """The number of missing people."""
        return sum(seat.missing for seat in self.gaps)

    @property
    def closes_soon(self) -> bool:
        return self.days_left is not None and self.days_left <= CLOSES_SOON_DAYS


@dataclass(frozen=True)
class UnregisteredCountry:
    """An incomplete country that has no focal point, or none who ever signed in.

    The focal points have the attributes of `with_last_invitation`.
    """

    incomplete: IncompleteDelegation
    focal_points: tuple[Any, ...]


@dataclass(frozen=True)
class CutList(Generic[RowT]):
    """The first `rows` of a list, and the `count` of all."""

    rows: Sequence[RowT]
    count: int


@dataclass(frozen=True)
class Today:
    """The contents of the admin's start page. Lists are cut; the counts are complete.

    `webinars` have a session ahead or under way, or no session, the next one first. They and the webinars of
    `awaiting` and `held` are loaded `with_names`; their `figures` lack what is missing before registration opens.
    `incomplete` are the countries whose registration closes soon; `incomplete_elsewhere` counts the others whose
    registration has opened. `awaiting` are rows of the review queue, `held` delegations with `held_count`.
    `came_back` has the latest mail that came back from each address, `to_confirm` answers to sessions ahead.
    """

    webinars: Sequence[Webinar]
    figures: Mapping[int, WebinarFigures]
    awaiting: list[Any]
    awaiting_count: int
    held: list[Any]
    failed: "CutList[Delivery]"
    came_back: "CutList[Bounce]"
    to_confirm: "CutList[CalendarAnswer]"
    for_a_person: "CutList[MailForAPerson]"
    unregistered: list[UnregisteredCountry]
    unregistered_count: int
    incomplete: list[IncompleteDelegation]
    incomplete_count: int
    incomplete_elsewhere: int
    upcoming: list[UpcomingEvent]


def today(*, now: datetime) -> Today:
    """Return the contents of the admin's start page.

    Costs 16 queries, three more if a delegation waits for a decision, one more if one waits or its mail is held, and
    two for mail of a known account.
    """
    webinars = _webinars_ahead(now=now)
    countries = _countries(webinars)
    gaps = gaps_of_delegations(country for country in countries if _has_opened(country.webinar, now))
    incomplete = _incomplete(countries, gaps, now=now)
    soon = [one for one in incomplete if one.closes_soon]
    unregistered = _unregistered(soon)
    awaiting, held = review_queue_rows(now=now), _held(webinars)
    prefetch_related_objects([*awaiting[:MAX_LISTED], *held], named_webinar(now=now))
    failed = Delivery.objects.filter(state=DeliveryState.FAILED).select_related("delegate__delegation__body", "user")
    return Today(
        webinars=webinars,
        figures=figures_of([webinar.pk for webinar in webinars], countries, gaps),
        awaiting=awaiting[:MAX_LISTED],
        awaiting_count=len(awaiting),
        held=held,
        failed=_cut(failed),
        came_back=_cut(came_back_of(webinars)),
        to_confirm=_cut(answers_to_confirm(now=now)),
        for_a_person=_cut(mail_for_a_person()),
        unregistered=unregistered[:MAX_LISTED],
        unregistered_count=len(unregistered),
        incomplete=soon[:MAX_GAPS],
        incomplete_count=len(soon),
        incomplete_elsewhere=len(incomplete) - len(soon),
        upcoming=upcoming_events(webinars, now=now)[:MAX_UPCOMING],
    )


def _cut(rows: "QuerySet[RowT]") -> CutList[RowT]:
    """Return the first of `rows` and how many they are. One query."""
    first: list[Any] = list(rows.annotate(count_of_all=Window(Count("*")))[:MAX_LISTED])
    return CutList(first, first[0].count_of_all if first else 0)


def _webinars_ahead(*, now: datetime) -> list[Webinar]:
    """Return the webinars ahead, and those that are over but for a room that is still open. One query."""
    named = with_names(Webinar.objects.filter(cancelled_at__isnull=True).select_related("policy"), now=now)
    has_open_room = Q(released_ends_at__gt=now - ROOM_STAYS_OPEN)
    rows = named.filter(~Q(state=WebinarState.OVER) | has_open_room)
    return list(rows.order_by(F("first_starts_at").asc(nulls_last=True), "slug"))


def _has_opened(webinar: Webinar, now: datetime) -> bool:
    policy = policy_of(webinar)
    return policy is not None and policy.has_opened_at(now)


def _countries(webinars: Sequence[Webinar]) -> list[Any]:
    """Return the attending delegations of countries at `webinars`, with `lacks_letter`. Costs one query."""
    by_pk = {webinar.pk: webinar for webinar in webinars}
    rows: list[Any] = list(attending_countries(by_pk).annotate(lacks_letter=lacking_letter()))
    for row in rows:
        row.webinar = by_pk[row.webinar_id]
    return rows


def _incomplete(
    countries: Sequence[Any], gaps: Mapping[int, tuple[SeatCount, ...]], *, now: datetime
) -> list[IncompleteDelegation]:
    """Return those of `countries` with `gaps` or without a letter, by closing date, who lacks most people first."""
    found = []
    for delegation in countries:
        if delegation.pk in gaps and (gaps[delegation.pk] or delegation.lacks_letter):
            policy = delegation.webinar.policy
            days_left = policy.days_left_at(now) if policy.is_open_at(now) else None
            found.append(
                IncompleteDelegation(delegation, gaps[delegation.pk], bool(delegation.lacks_letter), days_left)
            )
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


def _unregistered(incomplete: Sequence[IncompleteDelegation]) -> list[UnregisteredCountry]:
    """Return those of `incomplete` without a focal point, then those whose focal points never signed in. One query."""
    bodies = {one.delegation.body_id for one in incomplete}
    focal_points: dict[int, list[FocalPoint]] = defaultdict(list)
    rows = with_last_invitation(FocalPoint.objects.with_access().filter(body__in=bodies)).select_related("user")
    for focal_point in rows.order_by("-is_primary", "pk"):
        focal_points[focal_point.body_id].append(focal_point)
    found = [UnregisteredCountry(one, tuple(focal_points[one.delegation.body_id])) for one in incomplete]
    never_seen = [row for row in found if all(one.user.last_login is None for one in row.focal_points)]
    return sorted(never_seen, key=lambda row: bool(row.focal_points))


def _held(webinars: Sequence[Webinar]) -> list[Any]:
    """Return the attending delegations at `webinars` with people whose mail is held, with `held_count`. One query."""
    held = Delegation.objects.attending().filter(
        webinar__in=[webinar.pk for webinar in webinars],
        delegates__status=DelegateStatus.ACTIVE,
        delegates__mail_held_at__isnull=False,
    )
    return list(held.annotate(held_count=Count("delegates")).select_related("body").order_by("pk"))
