"""What the page and the feed of a participant read: the released sessions and the person's answers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from registrations.models import CalendarEntry, Delegate, DelegationStatus, HistoryEvent, Partstat
from registrations.queries.rooms import room_opens_at
from sessions_app.models import Release, ReleasedSession

# What the feed needs of its person, put together once, since programs ask for feeds all day.
SUBSCRIBERS: Any = Delegate.objects.select_related("webinar", "delegation").annotate(
    release_number=Subquery(
        Release.objects.filter(webinar=OuterRef("webinar")).order_by("-number").values("number")[:1]
    )
)


@dataclass(frozen=True)
class ParticipantSession:
    """A released session as one participant sees it; `entry` is their calendar entry, or None before it is planned."""

    released: ReleasedSession
    entry: CalendarEntry | None

    @property
    def number(self) -> int:
        """The number of the session."""
        return self.released.number

    @property
    def partstat(self) -> str:
        """The person's answer (PARTSTAT)."""
        return self.entry.ical_partstat if self.entry is not None else Partstat.NEEDS_ACTION

    @property
    def room_opens_at(self) -> datetime:
        """The time from which the room can be entered."""
        return room_opens_at(self.released.session)

    def revision(self, *, chosen_at: datetime | None) -> tuple[int, datetime]:
        """Return SEQUENCE and DTSTAMP for a file, so that a calendar program can tell whether mail or file is newer.

        They are those of the last message to the mailbox or, before the first message, those of the release. The stamp
        is not earlier than `chosen_at`, when the person's language or time zone last changed, because a file changes
        with them.
        """
        if self.entry is not None:
            sequence, stamp = self.entry.sequence, self.entry.stamp
        else:
            sequence, stamp = self.released.sequence, self.released.changed_at
        return sequence, max(stamp, chosen_at) if chosen_at is not None else stamp

    def is_answerable_at(self, now: datetime) -> bool:
        """Whether the person can still answer: the session is neither cancelled nor over."""
        return not self.released.is_cancelled and now < self.released.ends_at


@dataclass(frozen=True)
class Subscriber:
    """The person that a calendar feed is for, and everything that decides the content of the feed.

    `release_number` is the number of the latest release, 0 before the first. `entries` are their calendar entries in
    the order of sessions.
    """

    delegate: Delegate
    release_number: int
    entries: tuple[CalendarEntry, ...]


def is_invited(delegate: Delegate) -> bool:
    """Whether `delegate` takes part: active, admitted, and in an attending delegation (rule 5). Costs no query."""
    return (
        delegate.is_active
        and delegate.admitted_at is not None
        and delegate.delegation.status != DelegationStatus.NOT_ATTENDING
    )


def language_or_zone_chosen_at(delegate: Delegate) -> datetime | None:
    """Return the time of the last change of the language or time zone of `delegate`, or None. Costs one query."""
    chosen = Q(changes__has_key="language") | Q(changes__has_key="timezone")
    return HistoryEvent.objects.filter(chosen, delegate=delegate).order_by("-at").values_list("at", flat=True).first()


def released_sessions_of(delegate: Delegate) -> "QuerySet[ReleasedSession]":
    """Return the released sessions of the delegate's webinar, with their sessions, in the order of time. One query."""
    return (
        ReleasedSession.objects.filter(session__webinar_id=delegate.webinar_id)
        .select_related("session__webinar")
        .order_by("starts_at", "number")
    )


def sessions_ahead_of(delegate: Delegate, *, now: datetime) -> "QuerySet[ReleasedSession]":
    """Return the released sessions of the delegate's webinar that are neither cancelled nor over."""
    return released_sessions_of(delegate).filter(is_cancelled=False, ends_at__gt=now)


def participant_sessions(delegate: Delegate) -> tuple[ParticipantSession, ...]:
    """Return the released sessions with the person's answers, in the order of time. Always costs two queries."""
    return _with_entries(delegate, _entries_of(delegate))


def sessions_of_feed(subscriber: Subscriber) -> tuple[ParticipantSession, ...]:
    """Return the sessions of a feed, or none if the person does not take part. Costs at most one query."""
    return _with_entries(subscriber.delegate, subscriber.entries) if is_invited(subscriber.delegate) else ()


def _with_entries(delegate: Delegate, entries: Iterable[CalendarEntry]) -> tuple[ParticipantSession, ...]:
    by_session = {entry.session_id: entry for entry in entries}
    return tuple(
        ParticipantSession(released, by_session.get(released.session_id)) for released in released_sessions_of(delegate)
    )


def delegates_with_sessions_ahead(addresses: Iterable[str], *, now: datetime) -> list[Delegate]:
    """Return the people with one of `addresses` who take part in a webinar with a session ahead. Costs one query.

    The latest registered come first; webinar and body are loaded.
    """
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
    """Return the person with this id as the subscriber of a feed, or None after the purge date. Costs two queries.

    A person who left is returned too, so that their feed can become empty.
    """
    # By id: the usual order of delegates would join three more tables for one row.
    found = SUBSCRIBERS.before_purge(today).filter(pk=pk).order_by("pk").first()
    if found is None:
        return None
    return Subscriber(found, found.release_number or 0, tuple(_entries_of(found).order_by("session_id")))


def _entries_of(delegate: Delegate) -> "QuerySet[CalendarEntry]":
    return CalendarEntry.objects.filter(delegate=delegate, address=delegate.address)
