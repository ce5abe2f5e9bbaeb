"""What changed in a webinar in the last 24 hours, and how many people were named on each day since the beginning."""

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
# Events of a delegation that are listed by name, in the order in which they follow each other.
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
# Marks the rows that the daily totals are computed from. No HistoryKind has these values.
NAMED_ON, LEFT_ON = "named_on", "left_on"


@dataclass(frozen=True)
class DelegationChanges:
    """What happened in one delegation in the last 24 hours. A replacement adds one person and removes one."""

    added: int = 0
    removed: int = 0
    other_kinds: tuple[HistoryKind, ...] = ()


@dataclass(frozen=True)
class RegistrationDay:
    """A day on which somebody was added or removed; `total` is the number of people named at its end."""

    day: date
    added: int
    removed: int
    total: int


@dataclass(frozen=True)
class RecentChanges:
    """The changes of the last 24 hours by delegation id, and the daily totals of the attending countries."""

    changes: dict[int, DelegationChanges]
    daily_totals: tuple[RegistrationDay, ...]


def recent_changes_of(webinar: Webinar, *, now: datetime) -> RecentChanges:
    """Return the recent changes of `webinar`; a day is one of the current time zone. Costs one query."""
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
    counted = _count_by_day(events, "kind", "at", Value(None, DateField())).union(
        _count_by_day(people, Value(NAMED_ON, CharField()), "registered_at", TruncDate("registered_at", tzinfo=zone)),
        _count_by_day(
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
    # Django 6.1 orders a union by the first model's default ordering, whose columns are not selected here.
    for what, delegation_id, day, last, count in counted.order_by():
        if day is None:
            recent[delegation_id].append((last, HistoryKind(what), count))
        else:
            (added if what == NAMED_ON else removed)[day] += count
    changes = {delegation_id: _delegation_changes(events) for delegation_id, events in recent.items()}
    return RecentChanges(changes=changes, daily_totals=_daily_totals(added, removed))


def _count_by_day(rows: "QuerySet[Any]", what: Any, at: str, day: Any) -> "QuerySet[Any, Any]":
    """Select (what, delegation id, day, latest time, count) of `rows`."""
    named = {"what": what} if not isinstance(what, str) else {}
    grouped = rows.order_by().annotate(day=day, **named).values_list("what" if named else what, "delegation_id", "day")
    counted: QuerySet[Any, Any] = grouped.annotate(last=Max(at), count=Count("pk"))
    return counted


def _delegation_changes(events: Iterable[tuple[datetime, HistoryKind, int]]) -> DelegationChanges:
    # Events of the same moment are listed in the order of OTHER_KINDS: submitted, then accepted automatically.
    known = sorted(events, key=lambda event: (event[0], OTHER_KINDS.index(event[1]) if event[1] in OTHER_KINDS else 0))
    return DelegationChanges(
        added=sum(count for _last, what, count in known if what in ADDED_KINDS),
        removed=sum(count for _last, what, count in known if what in REMOVED_KINDS),
        other_kinds=tuple(what for _last, what, _count in known if what in OTHER_KINDS),
    )


def _daily_totals(added: Counter[date], removed: Counter[date]) -> tuple[RegistrationDay, ...]:
    days = []
    total = 0
    for day in sorted({*added, *removed}):
        total += added[day] - removed[day]
        days.append(RegistrationDay(day, added[day], removed[day], total))
    return tuple(days)
