"""What moved in a webinar: since yesterday, by delegation, and from the first day on, in how many people are named."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import CharField, Count, DateField, Max, QuerySet, Value
from django.db.models.functions import TruncDate
from django.utils import timezone

from registrations.models import BodyKind, Delegate, DelegationStatus, HistoryEvent, HistoryKind
from sessions_app.models import Webinar

RECENT = timedelta(hours=24)
ADDED_KINDS = (HistoryKind.REGISTERED, HistoryKind.RESTORED)
REMOVED_KINDS = (HistoryKind.WITHDRAWN, HistoryKind.REPLACED)
# Of a delegation, told by the name of what happened.
OTHER_KINDS = (
    HistoryKind.SUBMITTED,
    HistoryKind.ACCEPTED,
    HistoryKind.ACCEPTED_WITH_GAP,
    HistoryKind.RETURNED,
    HistoryKind.REOPENED,
    HistoryKind.NOT_ATTENDING,
    HistoryKind.ATTENDING_AGAIN,
    HistoryKind.WAIVED,
    HistoryKind.WAIVER_REVOKED,
    HistoryKind.EXCEPTION_MADE,
    HistoryKind.EXCEPTION_ENDED,
    HistoryKind.LETTER_UPLOADED,
    HistoryKind.LETTER_REPLACED,
    HistoryKind.LETTER_REMOVED,
)
# Marks of the rows that tell the curve; no kind of event reads so.
NAMED_ON, LEFT_ON = "named_on", "left_on"


@dataclass(frozen=True)
class DelegationChanges:
    """What happened in one delegation in the last 24 hours. One who replaced another came, and the other left."""

    added: int = 0
    removed: int = 0
    other_kinds: tuple[HistoryKind, ...] = ()


@dataclass(frozen=True)
class RegistrationDay:
    """A day on which somebody came or left; `total` are those named at its end."""

    day: date
    added: int
    removed: int
    total: int


@dataclass(frozen=True)
class RecentChanges:
    """`changes` by delegation id, where there are any; the `daily_totals` is of the attending countries, as the
    headline."""

    changes: dict[int, DelegationChanges]
    daily_totals: tuple[RegistrationDay, ...]


def recent_changes_of(webinar: Webinar, *, now: datetime) -> RecentChanges:
    """One query, whose days are those of the current time zone."""
    events = HistoryEvent.objects.filter(
        webinar=webinar,
        delegation__isnull=False,
        at__gt=now - RECENT,
        at__lte=now,
        kind__in=(*ADDED_KINDS, *REMOVED_KINDS, *OTHER_KINDS),
    )
    people = Delegate.objects.filter(webinar=webinar, delegation__body__kind=BodyKind.COUNTRY).exclude(
        delegation__status=DelegationStatus.NOT_ATTENDING
    )
    zone = timezone.get_current_timezone()
    counted = _counted(events, "kind", "at", Value(None, DateField())).union(
        _counted(people, Value(NAMED_ON, CharField()), "registered_at", TruncDate("registered_at", tzinfo=zone)),
        _counted(
            people.filter(withdrawn_at__isnull=False),
            Value(LEFT_ON, CharField()),
            "withdrawn_at",
            TruncDate("withdrawn_at", tzinfo=zone),
        ),
        all=True,
    )
    recent: dict[int, list[tuple[datetime, HistoryKind, int]]] = defaultdict(list)
    added: Counter[date] = Counter()
    removed: Counter[date] = Counter()
    # Django 6.1 orders a union as the first model says, by columns that are not selected here.
    for what, delegation_id, day, last, count in counted.order_by():
        if day is None:
            recent[delegation_id].append((last, HistoryKind(what), count))
        else:
            (added if what == NAMED_ON else removed)[day] += count
    changes = {delegation_id: _changes(events) for delegation_id, events in recent.items()}
    return RecentChanges(changes=changes, daily_totals=_curve(added, removed))


def _counted(rows: "QuerySet[Any]", what: Any, at: str, day: Any) -> "QuerySet[Any, Any]":
    """(what, delegation id, day, latest, count)."""
    named = {"what": what} if not isinstance(what, str) else {}
    grouped = rows.order_by().annotate(day=day, **named).values_list("what" if named else what, "delegation_id", "day")
    counted: QuerySet[Any, Any] = grouped.annotate(last=Max(at), count=Count("pk"))
    return counted


def _changes(events: Iterable[tuple[datetime, HistoryKind, int]]) -> DelegationChanges:
    # Of one moment in the order of STEPS: submitted, and then accepted at once.
    known = sorted(events, key=lambda event: (event[0], OTHER_KINDS.index(event[1]) if event[1] in OTHER_KINDS else 0))
    return DelegationChanges(
        added=sum(count for _last, what, count in known if what in ADDED_KINDS),
        removed=sum(count for _last, what, count in known if what in REMOVED_KINDS),
        other_kinds=tuple(what for _last, what, _count in known if what in OTHER_KINDS),
    )


def _curve(added: Counter[date], removed: Counter[date]) -> tuple[RegistrationDay, ...]:
    days = []
    total = 0
    for day in sorted({*added, *removed}):
        total += added[day] - removed[day]
        days.append(RegistrationDay(day, added[day], removed[day], total))
    return tuple(days)
