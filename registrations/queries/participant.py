"""What a participant's link shows: the released sessions, their room, their own answers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Exists, Model, OuterRef, Q, QuerySet, Subquery

from registrations.models import CalendarEntry, Delegate, Delegation, DelegationStatus, HistoryEvent, Partstat
from sessions_app.models import Release, ReleasedSession, Session, Webinar
from sessions_app.worded import DAY, NUMBER, Worded

# Sessions overrun, and who drops out meanwhile must find back.
STAYS_OPEN = timedelta(minutes=30)


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
class Subscriber:
    """Whom a feed is for, and all else that it says: of their webinar the release in force (0 before the first), when
    another language or zone was chosen for them, and of their mailbox (sequence, stamp) by session id.

    The person, the delegation and the webinar hold what a feed asks them for; anything else costs a query.
    """

    delegate: Delegate
    release_number: int
    chosen_at: datetime | None
    ledger: tuple[tuple[int, int, datetime], ...]

    def revision_of(self, released: ReleasedSession) -> tuple[int, datetime]:
        """Sequence and stamp as the mailbox was told them; as they were released, where it was not told anything.

        The stamp is later where the feed says the same in another language, or with the hours of another zone, since.
        """
        told = (line[1:] for line in self.ledger if line[0] == released.session_id)
        sequence, stamp = next(told, (released.sequence, released.changed_at))
        return sequence, max(stamp, self.chosen_at) if self.chosen_at is not None else stamp


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
    entries = {entry.session_id: entry for entry in _entries_of(delegate)}
    return tuple(MySession(released, entries.get(released.session_id)) for released in released_sessions_of(delegate))


def people_ahead(addresses: Iterable[str], *, now: datetime) -> list[Delegate]:
    """Who takes part under one of `addresses` in a webinar of which something released is ahead or under way, the
    latest registered first, with webinar and body. One query."""
    ahead = ReleasedSession.objects.filter(session__webinar=OuterRef("webinar"), is_cancelled=False, ends_at__gt=now)
    return list(
        Delegate.objects.to_be_mailed()
        .with_addresses(addresses)
        # Else their links have ended.
        .filter(Exists(ahead), webinar__policy__purge_on__gt=now.date())
        .exclude(delegation__status=DelegationStatus.NOT_ATTENDING)
        .select_related("webinar", "delegation__body")
        .order_by("-registered_at", "-pk")
    )


def _columns(model: type[Model], names: set[str]) -> list[str]:
    """`names` in the order in which `from_db` takes their values."""
    return [field.attname for field in model._meta.concrete_fields if field.attname in names]


# The columns that a feed is made of. Programs ask for it again and again, mostly to hear that nothing has changed.
_PERSON = _columns(
    Delegate,
    {"id", "webinar_id", "delegation_id", "status", "email", "language", "timezone", "version", "token_version"},
)
_DELEGATION = _columns(Delegation, {"id", "status"})
_WEBINAR = _columns(Webinar, {"id", "title_en", "title_es", "contact_email"})
_OTHERS = (
    "admitted_at",
    "latest",
    "chosen_at",
    *(f"calendar_entries__{name}" for name in ("address", "session", "sequence", "stamp")),
)
_SUBSCRIBER = Worded(
    lambda: (
        Delegate.objects.filter(pk=NUMBER, webinar__policy__purge_on__gt=DAY)
        .annotate(
            latest=Subquery(
                Release.objects.filter(webinar=OuterRef("webinar")).order_by("-number").values("number")[:1],
            ),
            chosen_at=Subquery(_choices_of(OuterRef("pk")).values("at")[:1]),
        )
        .order_by("calendar_entries__session")
        .values_list(
            *_PERSON,
            *(f"delegation__{name}" for name in _DELEGATION),
            *(f"webinar__{name}" for name in _WEBINAR),
            *_OTHERS,
        )
    )
)

_RELEASED = [field.attname for field in ReleasedSession._meta.concrete_fields]
_SESSION = _columns(Session, {"id", "webinar_id", "ical_uid"})
_SUBSCRIBED = Worded(
    lambda: (
        ReleasedSession.objects.filter(session__webinar=NUMBER)
        .order_by("starts_at", "number")
        .values_list(*_RELEASED, *(f"session__{name}" for name in _SESSION))
    )
)


def subscriber(pk: int, *, today: date) -> Subscriber | None:
    """The person with this id, whether they left or not, while the data of their webinar are kept. One query."""
    rows = _SUBSCRIBER.ask({NUMBER: pk, DAY: today})
    if not rows:
        return None
    first = rows[0]
    delegation_at, webinar_at = len(_PERSON), len(_PERSON) + len(_DELEGATION)
    others_at = webinar_at + len(_WEBINAR)
    delegate = Delegate.from_db(DEFAULT_DB_ALIAS, _PERSON, first[:delegation_at])
    delegate.delegation = Delegation.from_db(DEFAULT_DB_ALIAS, _DELEGATION, first[delegation_at:webinar_at])
    delegate.webinar = Webinar.from_db(DEFAULT_DB_ALIAS, _WEBINAR, first[webinar_at:others_at])
    admitted_at, latest, chosen_at, *_entry = first[others_at:]
    delegate.admitted_at = admitted_at
    entries = (row[others_at + 3 :] for row in rows)
    ledger = (tuple(told) for address, *told in entries if address == delegate.address)
    return Subscriber(delegate, latest or 0, chosen_at, tuple(ledger))


def subscribed_sessions(of: Subscriber) -> tuple[ReleasedSession, ...]:
    """What is released of the sessions, in the order of time, each with its session and webinar; none for somebody
    who does not take part. One query."""
    if not is_invited(of.delegate):
        return ()
    return tuple(_released(row, of) for row in _SUBSCRIBED.ask({NUMBER: of.delegate.webinar_id}))


def _released(row: tuple[Any, ...], of: Subscriber) -> ReleasedSession:
    released = ReleasedSession.from_db(DEFAULT_DB_ALIAS, _RELEASED, row[: len(_RELEASED)])
    released.session = Session.from_db(DEFAULT_DB_ALIAS, _SESSION, row[len(_RELEASED) :])
    released.session.webinar = of.delegate.webinar
    return released


def room_opens_at(session: Session) -> datetime:
    """When the room of a released session opens. No query where `released` is loaded."""
    return session.released.starts_at - timedelta(minutes=session.room_opens_minutes)


def room_state(session: Session, *, now: datetime) -> RoomState:
    """What stands between a participant and the room of a released session: it stays open for `STAYS_OPEN` after the
    end. No query where `released` is loaded."""
    if session.released.is_cancelled:
        return RoomState.CANCELLED
    if now >= session.released.ends_at + STAYS_OPEN:
        return RoomState.OVER
    if now < room_opens_at(session):
        return RoomState.EARLY
    return RoomState.OPEN if session.current_room_url else RoomState.NOT_ENTERED


def _entries_of(delegate: Delegate) -> "QuerySet[CalendarEntry]":
    return CalendarEntry.objects.filter(delegate=delegate, address=delegate.address)
