"""What a participant's link shows: the released sessions, their room, their own answers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Count, Exists, Max, OuterRef, QuerySet, Sum

from registrations.models import CalendarEntry, Delegate, DelegationStatus, Partstat
from sessions_app.models import Release, ReleasedSession, Session


class RoomState(StrEnum):
    """What the join page of a session says at a moment."""

    EARLY = "early"
    OPEN = "open"
    NOT_ENTERED = "not_entered"
    OVER = "over"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class MySession:
    """A released session as one participant sees it; `entry` is what their mailbox is told, if anything yet."""

    released: ReleasedSession
    entry: CalendarEntry | None

    @property
    def number(self) -> int:
        return self.released.number

    @property
    def partstat(self) -> str:
        return self.entry.ical_partstat if self.entry is not None else Partstat.NEEDS_ACTION

    @property
    def room_opens_at(self) -> datetime:
        return room_opens_at(self.released.session)

    def is_answerable_at(self, now: datetime) -> bool:
        """Whether an answer is still of use."""
        return not self.released.is_cancelled and now < self.released.ends_at


@dataclass(frozen=True)
class LedgerRevision:
    """Grows with every calendar message planned for a person, and with every release of their webinar."""

    release_number: int
    entries: int
    sequences: int
    latest_stamp: datetime | None


def is_invited(delegate: Delegate) -> bool:
    """Whether `delegate` takes part: active, admitted, of a delegation that attends (rule 5). No query."""
    return (
        delegate.is_active
        and delegate.admitted_at is not None
        and delegate.delegation.status != DelegationStatus.NOT_ATTENDING
    )


def released_sessions_of(delegate: Delegate) -> "QuerySet[ReleasedSession]":
    """What is released of the sessions of their webinar, in the order of time, each with its session; one query."""
    return (
        ReleasedSession.objects.filter(session__webinar_id=delegate.webinar_id)
        .select_related("session__webinar")
        .order_by("starts_at", "number")
    )


def sessions_ahead_of(delegate: Delegate, *, now: datetime) -> "QuerySet[ReleasedSession]":
    """Those of `released_sessions_of` that are neither cancelled nor over."""
    return released_sessions_of(delegate).filter(is_cancelled=False, ends_at__gt=now)


def my_sessions(delegate: Delegate) -> tuple[MySession, ...]:
    """The released sessions with the person's answers, in the order of time. Two queries, however many sessions."""
    entries = {entry.session_id: entry for entry in _entries_of(delegate)}
    return tuple(MySession(released, entries.get(released.session_id)) for released in released_sessions_of(delegate))


def people_ahead(addresses: Iterable[str], *, now: datetime) -> list[Delegate]:
    """Who takes part under one of `addresses` in a webinar of which something released is ahead or under way, the
    latest registered first, with webinar and body. One query."""
    ahead = ReleasedSession.objects.filter(session__webinar=OuterRef("webinar"), is_cancelled=False, ends_at__gt=now)
    return list(
        Delegate.objects.admitted()
        .with_addresses(addresses)
        # Else their links have ended.
        .filter(Exists(ahead), webinar__policy__purge_on__gt=now.date())
        .exclude(delegation__status=DelegationStatus.NOT_ATTENDING)
        .select_related("webinar", "delegation__body")
        .order_by("-registered_at", "-pk")
    )


def ledger_revision(delegate: Delegate) -> LedgerRevision:
    """What a feed is compared by, without rendering it. Two queries."""
    release_number = (
        Release.objects.filter(webinar_id=delegate.webinar_id).aggregate(latest=Max("number"))["latest"] or 0
    )
    ledger = _entries_of(delegate).aggregate(entries=Count("pk"), sequences=Sum("sequence"), latest=Max("stamp"))
    return LedgerRevision(release_number, ledger["entries"], ledger["sequences"] or 0, ledger["latest"])


def room_opens_at(session: Session) -> datetime:
    """When the room of a released session opens. No query where `released` is loaded."""
    return session.released.starts_at - timedelta(minutes=session.room_opens_minutes)


def room_state(session: Session, *, now: datetime) -> RoomState:
    """What stands between a participant and the room of a released session. No query where `released` is loaded."""
    if session.released.is_cancelled:
        return RoomState.CANCELLED
    if now >= session.released.ends_at:
        return RoomState.OVER
    if now < room_opens_at(session):
        return RoomState.EARLY
    return RoomState.OPEN if session.current_room_url else RoomState.NOT_ENTERED


def _entries_of(delegate: Delegate) -> "QuerySet[CalendarEntry]":
    return CalendarEntry.objects.filter(delegate=delegate, address=delegate.address)
