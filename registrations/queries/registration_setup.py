"""The bodies of a webinar with their focal points, and its rules with their dates, for the registration page.

The number of queries is the same for any number of bodies or rules.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, Subquery, Value

from registrations.models import (
    BodyKind,
    DelegationStatus,
    FocalPoint,
    GapNoticeRule,
    HistoryEvent,
    ReminderRecipients,
    ReminderRule,
)
from registrations.queries.board import BoardRow
from registrations.queries.focal_points import with_last_invitation
from registrations.queries.gap_reminders import countries_with_gaps
from registrations.queries.reminders import focal_points_to_remind, mailboxes_to_remind
from registrations.queries.upcoming import UpcomingEvent, UpcomingKind, upcoming_events
from sessions_app.models import ReleasedSession, Webinar


@dataclass(frozen=True)
class FocalPointActivity:
    """A focal point, annotated by `with_last_invitation`, and when they last signed in or acted; None if never."""

    focal_point: Any
    seen_at: datetime | None


@dataclass(frozen=True)
class BodyWithFocalPoints:
    """One body of the webinar with its focal points."""

    row: BoardRow
    focal_points: Sequence[FocalPointActivity]

    @property
    def is_organisation(self) -> bool:
        """Whether the body is asked for nobody."""
        return self.row.delegation.body.kind == BodyKind.ORGANISATION

    @property
    def has_signed_in(self) -> bool:
        """Whether one of its focal points has ever signed in."""
        return any(each.seen_at for each in self.focal_points)

    @property
    def may_be_removed(self) -> bool:
        """Whether nobody is named and nothing was submitted; `remove_body` checks the rest."""
        return not self.row.named and self.row.delegation.status == DelegationStatus.DRAFT


def bodies_with_focal_points(webinar: Webinar, rows: Iterable[BoardRow]) -> list[BodyWithFocalPoints]:
    """Return the bodies of `rows`, by name: first the countries without a focal point, then those where none signed in.

    Organisations, which need none, come last. One query.
    """
    rows = list(rows)
    by_body = _focal_points_by_body(webinar, {row.delegation.body_id for row in rows})
    bodies = [BodyWithFocalPoints(row, by_body.get(row.delegation.body_id, ())) for row in rows]
    return sorted(
        bodies,
        key=lambda body: (
            body.is_organisation,
            bool(body.focal_points),
            body.has_signed_in,
            str(body.row.delegation.body),
        ),
    )


def _focal_points_by_body(webinar: Webinar, bodies: Iterable[int]) -> Mapping[int, Sequence[FocalPointActivity]]:
    actions = HistoryEvent.objects.filter(actor=OuterRef("user")).order_by("-at")
    focal_points = FocalPoint.objects.with_access().filter(body__in=bodies).select_related("user")
    annotated: Any = with_last_invitation(focal_points, webinar=webinar).annotate(
        acted_at=Subquery(actions.values("at")[:1])
    )
    by_body = defaultdict(list)
    for focal_point in annotated.order_by("-is_primary", "user__name", "pk"):
        seen = [at for at in (focal_point.user.last_login, focal_point.acted_at) if at is not None]
        by_body[focal_point.body_id].append(FocalPointActivity(focal_point, max(seen, default=None)))
    return by_body


@dataclass(frozen=True)
class RuleWithDates:
    """A rule, the instants at which it will send, and to how many people the next one would go now."""

    rule: ReminderRule | GapNoticeRule
    dates: tuple[datetime, ...]
    people: int

    @property
    def is_gap_notice(self) -> bool:
        """Whether the rule is about gaps, and not about a session."""
        return isinstance(self.rule, GapNoticeRule)


def rules_with_dates(webinar: Webinar, *, now: datetime) -> list[RuleWithDates]:
    """Return the rules of `webinar`, whose policy is loaded, gap notices first. Eleven queries at most."""
    events: dict[tuple[UpcomingKind, int], list[UpcomingEvent]] = defaultdict(list)
    for event in upcoming_events([webinar], now=now):
        events[event.kind, event.subject.pk].append(event)
    return [*_gap_notices(webinar, events), *_reminders(webinar, events)]


Events = Mapping[tuple[UpcomingKind, int], Sequence[UpcomingEvent]]


def _gap_notices(webinar: Webinar, events: Events) -> list[RuleWithDates]:
    rules = list(GapNoticeRule.objects.filter(webinar=webinar))
    dates = {rule.pk: _dates(events.get((UpcomingKind.GAP_NOTICE, rule.pk), ())) for rule in rules}
    people = 0
    if any(dates.values()):
        people = sum(len(country.focal_points) for country in countries_with_gaps(webinar))
    return [RuleWithDates(rule, dates[rule.pk], people if dates[rule.pk] else 0) for rule in rules]


def _reminders(webinar: Webinar, events: Events) -> list[RuleWithDates]:
    rules = list(ReminderRule.objects.filter(webinar=webinar))
    of_rules = {rule.pk: events.get((UpcomingKind.REMINDER, rule.pk), ()) for rule in rules}
    next_events = [event for of_rule in of_rules.values() for event in of_rule[:1]]
    people = _people_to_remind(next_events)
    return [RuleWithDates(rule, _dates(of_rules[rule.pk]), people.get(rule.pk, 0)) for rule in rules]


def _dates(events: Iterable[UpcomingEvent]) -> tuple[datetime, ...]:
    return tuple(event.at for event in events)


def _people_to_remind(events: Iterable[UpcomingEvent]) -> Mapping[int, int]:
    """Return, by the id of the rule, how many people each reminder in `events` would reach now. One query at most."""
    counts = [
        _count_of(event.subject, event.session)
        for event in events
        if isinstance(event.subject, ReminderRule) and event.session is not None
    ]
    return dict(counts[0].union(*counts[1:], all=True)) if counts else {}


def _count_of(rule: ReminderRule, released: ReleasedSession) -> Any:
    people: Any = (
        focal_points_to_remind(released)
        if rule.recipients == ReminderRecipients.FOCAL_POINTS
        else mailboxes_to_remind(rule, released)
    )
    counted = people.order_by().annotate(rule=Value(rule.pk)).values("rule").annotate(people=Count("pk"))
    return counted.values_list("rule", "people")
