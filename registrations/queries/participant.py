"""What a participant's link shows: the released sessions, their room, their own answers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from registrations.models import CalendarEntry, Delegate, DelegationStatus, HistoryEvent, Partstat
from sessions_app.models import Release, ReleasedSession, Session

# Sessions overrun, and who drops out meanwhile must find back.
ROOM_STAYS_OPEN = timedelta(minutes=30)


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

    def revision(self, *, chosen_at: datetime | None) -> tuple[int, datetime]:
        """Sequence and stamp as the mailbox was sent them, so that mail and file agree which is newer; as they were
        released, where the mailbox was sent nothing yet.

        The stamp is not before `chosen_at`, when the person was last given another language or time zone: since then
        a file says the same in another way.
        """
        if self.entry is not None:
            sequence, stamp = self.entry.sequence, self.entry.stamp
        else:
            sequence, stamp = self.released.sequence, self.released.changed_at
        return sequence, max(stamp, chosen_at) if chosen_at is not None else stamp

    def is_answerable_at(self, now: datetime) -> bool:
        """Whether an answer is still of use."""
        return not self.released.is_cancelled and now < self.released.ends_at


@dataclass(frozen=True)
class Subscriber:
    """Whom a feed is for, with their delegation and webinar, and what else decides what the feed says.

    `release_number` is that of the release in force, 0 before the first; `chosen_at` is when somebody last chose
    another language or time zone for them; `entries` are what their mailbox holds, in the order of sessions.
    """

    delegate: Delegate
    release_number: int
    chosen_at: datetime | None
    entries: tuple[CalendarEntry, ...]


def is_invited(delegate: Delegate) -> bool:
    """Whether `delegate` takes part: active, admitted, of a delegation that attends (rule 5). No query."""
    return (
        delegate.is_active
        and delegate.admitted_at is not None
        and delegate.delegation.status != DelegationStatus.NOT_ATTENDING
    )


def language_or_zone_chosen_at(delegate: Delegate) -> datetime | None:
    """When somebody last chose another language or time zone for `delegate`. One query."""
    return _choices_of(delegate.pk).values_list("at", flat=True).first()


def _choices_of(delegate: int | OuterRef) -> "QuerySet[HistoryEvent]":
    chosen = Q(changes__has_key="language") | Q(changes__has_key="timezone")
    return HistoryEvent.objects.filter(chosen, delegate=delegate).order_by("-at")


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
    return _with_entries(delegate, _entries_of(delegate))


def sessions_of_feed(of: Subscriber) -> tuple[MySession, ...]:
    """As `my_sessions`, with the entries that were read with the person; none for somebody who does not take part.
    One query."""
    return _with_entries(of.delegate, of.entries) if is_invited(of.delegate) else ()


def _with_entries(delegate: Delegate, entries: Iterable[CalendarEntry]) -> tuple[MySession, ...]:
    by_session = {entry.session_id: entry for entry in entries}
    return tuple(
        MySession(released, by_session.get(released.session_id)) for released in released_sessions_of(delegate)
    )


def delegates_with_sessions_ahead(addresses: Iterable[str], *, now: datetime) -> list[Delegate]:
    """Who takes part under one of `addresses` in a webinar of which something released is ahead or under way, the
    latest registered first, with webinar and body. One query."""
    ahead = ReleasedSession.objects.filter(session__webinar=OuterRef("webinar"), is_cancelled=False, ends_at__gt=now)
    return list(
        Delegate.objects.to_be_mailed()
        .with_addresses(addresses)
        .before_purge(now.date())
        .filter(Exists(ahead))
        .exclude(delegation__status=DelegationStatus.NOT_ATTENDING)
        .select_related("webinar", "delegation__body")
        .order_by("-registered_at", "-pk")
    )


def subscriber(pk: int, *, today: date) -> Subscriber | None:
    """The person with this id, whether they left or not, while the data of their webinar are kept. Two queries."""
    newest = Release.objects.filter(webinar=OuterRef("webinar")).order_by("-number")
    people: Any = Delegate.objects.before_purge(today).select_related("webinar", "delegation")
    found = (
        people.filter(pk=pk)
        .annotate(
            release_number=Subquery(newest.values("number")[:1]),
            chosen_at=Subquery(_choices_of(OuterRef("pk")).values("at")[:1]),
        )
        .first()
    )
    if found is None:
        return None
    entries = _entries_of(found).order_by("session_id")
    return Subscriber(found, found.release_number or 0, found.chosen_at, tuple(entries))


def room_opens_at(session: Session) -> datetime:
    """When the room of a released session opens. No query where `released` is loaded."""
    return session.released.starts_at - timedelta(minutes=session.room_opens_minutes)


def room_state(session: Session, *, now: datetime) -> RoomState:
    """What stands between a participant and the room of a released session: it stays open for `ROOM_STAYS_OPEN` after
    the end. No query where `released` is loaded."""
    if session.released.is_cancelled:
        return RoomState.CANCELLED
    if now >= session.released.ends_at + ROOM_STAYS_OPEN:
        return RoomState.OVER
    if now < room_opens_at(session):
        return RoomState.EARLY
    return RoomState.OPEN if session.current_room_url else RoomState.NOT_ENTERED


def _entries_of(delegate: Delegate) -> "QuerySet[CalendarEntry]":
    return CalendarEntry.objects.filter(delegate=delegate, address=delegate.address)
