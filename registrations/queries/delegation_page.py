"""What the page of one delegation reads: its people, what their mailboxes hold, its history."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, FilteredRelation, Q, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext

from registrations.models import (
    CalendarEntry,
    Delegate,
    Delegation,
    Delivery,
    DeliveryState,
    HistoryEvent,
    HistoryKind,
    IcalMethod,
    Partstat,
    RegistrationPolicy,
    User,
)
from sessions_app.models import ReleasedSession, Session, Webinar

# Of the newest message to a mailbox.
DELIVERY_COLUMNS = ("state", "attempts", "last_error", "due_at", "sent_at")
# Of a session as edited, then as released.
SESSION_END_COLUMNS = ("cancelled_at", "starts_at", "duration_minutes", "released__is_cancelled", "released__ends_at")
# What happened that the secretariat alone sees.
SECRETARIAT_ONLY_KINDS = (
    HistoryKind.ADDRESS_CLASH,
    HistoryKind.NAMED_TOO_OFTEN,
    HistoryKind.EXCEPTION_MADE,
    HistoryKind.EXCEPTION_ENDED,
)
# The states out of which the newest message to a mailbox may be sent once more.
RESENDABLE_STATES = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.STOPPED)


@dataclass(frozen=True)
class Invitation:
    """What one person's mailbox holds, or is about to hold, of one session.

    `state` is what became of the newest planned message (None while it is unknown); `sent_at` is known also of one
    that is being sent once more.
    """

    session: Session
    ends_at: datetime
    delivery_id: int | None
    state: str | None
    attempts: int
    last_error: str
    due_at: datetime | None
    sent_at: datetime | None
    partstat: str
    answered_at: datetime | None

    @property
    def state_label(self) -> str:
        return str(DeliveryState(self.state).label) if self.state else ""

    @property
    def answer_label(self) -> str:
        return str(Partstat(self.partstat).label)

    @property
    def is_sent(self) -> bool:
        return self.state == DeliveryState.SENT

    @property
    def is_failed(self) -> bool:
        return self.state == DeliveryState.FAILED

    @property
    def is_stopped(self) -> bool:
        return self.state == DeliveryState.STOPPED

    @property
    def is_waiting_for_retry(self) -> bool:
        """Tried without success, and to be tried again by itself."""
        return self.state == DeliveryState.DUE and self.attempts > 0

    @property
    def error(self) -> str:
        """Why it has not arrived, in the reader's language; empty for what was sent or was not tried yet."""
        return gettext(self.last_error) if self.last_error and (self.is_failed or self.is_waiting_for_retry) else ""

    def can_be_sent_again_at(self, now: datetime, *, by: User) -> bool:
        """A stop is the secretariat's to take back."""
        return self.state in RESENDABLE_STATES and (by.is_staff or not self.is_stopped) and now < self.ends_at


@dataclass(frozen=True)
class DelegateWithMail:
    """A delegate and, by session number, the invitations of their present mailbox: those that are not taken back."""

    delegate: Delegate
    invitations: tuple[Invitation, ...]

    @property
    def failed(self) -> tuple[Invitation, ...]:
        return tuple(one for one in self.invitations if one.is_failed)

    @property
    def errors(self) -> tuple[str, ...]:
        """Each reason once, in the order of sessions."""
        return tuple(dict.fromkeys(one.error for one in self.invitations if one.error))

    def can_be_sent_again_at(self, now: datetime, *, by: User) -> bool:
        return any(one.can_be_sent_again_at(now, by=by) for one in self.invitations)


@dataclass(frozen=True)
class DelegatesWithMail:
    """Everyone of a delegation: who takes part, in the order of profiles, and who left, the latest first."""

    active: tuple[DelegateWithMail, ...]
    former: tuple[DelegateWithMail, ...]

    @property
    def held_count(self) -> int:
        """To how many people mail waits for the secretariat."""
        return sum(one.delegate.mail_held_at is not None for one in self.active)

    @property
    def with_failed_mail(self) -> tuple[DelegateWithMail, ...]:
        return tuple(one for one in self.active if one.failed)

    @property
    def failed_count(self) -> int:
        """How many invitations could not be delivered."""
        return sum(len(one.failed) for one in self.active)


def delegates_with_mail_state(delegation: Delegation) -> DelegatesWithMail:
    """The people of `delegation` and the state of their invitations. Two queries, however many people."""
    delegates = Delegate.objects.filter(delegation=delegation)
    invitations = _invitations_of(delegates)
    people = [
        DelegateWithMail(delegate, invitations.get(delegate.pk, ()))
        for delegate in delegates.select_related("profile", "speaker", "replaced_by")
    ]
    left = [one for one in people if one.delegate.withdrawn_at is not None]
    return DelegatesWithMail(
        active=tuple(one for one in people if one.delegate.is_active),
        former=tuple(sorted(left, key=lambda one: (one.delegate.withdrawn_at, one.delegate.pk), reverse=True)),
    )


def mail_state_of(delegate: Delegate) -> DelegateWithMail:
    """`delegate` and the state of their invitations. One query."""
    found = _invitations_of(Delegate.objects.filter(pk=delegate.pk))
    return DelegateWithMail(delegate, found.get(delegate.pk, ()))


def _invitations_of(delegates: "QuerySet[Delegate]") -> dict[int, tuple[Invitation, ...]]:
    newest = FilteredRelation("deliveries", condition=Q(deliveries__ical_sequence=F("sequence")))
    entries: Any = (
        CalendarEntry.objects.filter(
            delegate__in=delegates.order_by(), address=Lower("delegate__email"), planned_method=IcalMethod.REQUEST
        )
        .select_related("session")
        .annotate(newest=newest)
        .annotate(**{name: F(f"newest__{name}") for name in DELIVERY_COLUMNS}, delivery_id=F("newest__pk"))
        .order_by("session__number", "pk")
    )
    invitations: dict[int, list[Invitation]] = defaultdict(list)
    for entry in entries:
        invitations[entry.delegate_id].append(
            Invitation(
                session=entry.session,
                ends_at=entry.ends_at,
                delivery_id=entry.delivery_id,
                state=entry.state,
                attempts=entry.attempts or 0,
                last_error=entry.last_error or "",
                due_at=entry.due_at,
                sent_at=entry.sent_at,
                partstat=entry.ical_partstat,
                answered_at=entry.answered_at,
            )
        )
    return {delegate_id: tuple(found) for delegate_id, found in invitations.items()}


def history_of(delegation: Delegation) -> "QuerySet[HistoryEvent]":
    """What happened in `delegation`, the latest first, for everyone who may see it.

    Without address clashes, and people named too often: these may concern another delegation too and are the
    secretariat's alone (rule 8); and without exceptions from quotas, whose reasons the secretariat gives to itself.
    """
    return (
        HistoryEvent.objects.filter(delegation=delegation)
        .exclude(kind__in=SECRETARIAT_ONLY_KINDS)
        .select_related("actor", "delegate")
    )


def undoable_edit_of(delegate: Delegate, *, now: datetime) -> HistoryEvent | None:
    """The last that happened to `delegate`, where that is an edit that can be undone. Two queries.

    Once a mail went to the address that the edit brought, somebody was written to.
    """
    events = HistoryEvent.objects.filter(delegate=delegate, delegation=delegate.delegation_id)
    event = events.exclude(kind=HistoryKind.ADDRESS_CLASH).select_related("actor").first()
    if event is None or not event.is_undoable_edit_at(now):
        return None
    written = Delivery.objects.filter(delegate=delegate, email__iexact=delegate.email, created_at__gte=event.at)
    return None if "email" in event.changes and written.exists() else event


def ids_with_undoable_edit(history: Iterable[HistoryEvent], *, now: datetime) -> frozenset[int]:
    """The ids of those to whom, by `history` with the latest first, the last that happened is an edit that can be
    undone."""
    latest: dict[int, HistoryEvent] = {}
    for event in history:
        if event.delegate_id is not None:
            latest.setdefault(event.delegate_id, event)
    return frozenset(pk for pk, event in latest.items() if event.is_undoable_edit_at(now))


def delegations_of(user: User) -> "QuerySet[Delegation]":
    """The delegations that `user` may see and change: of their bodies; of everyone for staff (rules 7 and 18)."""
    delegations = Delegation.objects.all() if user.is_staff else Delegation.objects.of_focal_point(user)
    return delegations.select_related("webinar__policy", "body")


def delegation_of(user: User, slug: str) -> Delegation | None:
    """The one of `delegations_of(user)` that `slug` names. One query."""
    return delegations_of(user).filter(slug=slug).first()


def zone_of(user: User, delegation: Delegation) -> str:
    """The zone in which `user` reads: their own, else the country's only one, else the webinar's."""
    return user.timezone or delegation.body.single_timezone or delegation.webinar.timezone


def policy_of(webinar: Webinar) -> RegistrationPolicy | None:
    """The webinar's registration policy; None means that registration is not open to focal points.

    One query, none where `webinar` was read together with its policy.
    """
    return getattr(webinar, "policy", None)


def released_sessions(webinar: Webinar) -> "QuerySet[ReleasedSession]":
    """What is released of `webinar`, in the order of time."""
    return ReleasedSession.objects.filter(session__webinar=webinar).order_by("starts_at", "number")


def released_sessions_and_end(webinar: Webinar) -> tuple[list[ReleasedSession], datetime | None]:
    """What is released of `webinar`, in the order of time, and its end as `last_session_end` says. One query."""
    sessions = list(Session.objects.filter(webinar=webinar).select_related("released"))
    released = [session.released for session in sessions if hasattr(session, "released")]
    end = _last([(one.is_cancelled, one.ends_at) for one in released]) or _last(
        [(one.cancelled_at is not None, one.ends_at) for one in sessions]
    )
    return sorted(released, key=lambda one: (one.starts_at, one.number)), end


def last_session_end(webinar: Webinar) -> datetime | None:
    """When everything about `webinar` freezes (rule 7): the end of its last session. One query.

    Released hours rule where something is released. Cancelled sessions count only while there is no other.
    """
    return _end(list(Session.objects.filter(webinar=webinar).order_by().values_list(*SESSION_END_COLUMNS)))


def webinars_over(webinars: "QuerySet[Any, Any]", *, now: datetime) -> set[int]:
    """Those of `webinars`, ids, whose last session has ended, as `last_session_end` says. One query, however many."""
    rows: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    sessions = Session.objects.filter(webinar__in=webinars).order_by()
    for pk, *row in sessions.values_list("webinar", *SESSION_END_COLUMNS):
        rows[pk].append(tuple(row))
    ends = {pk: _end(of_one) for pk, of_one in rows.items()}
    return {pk for pk, end in ends.items() if end is not None and end <= now}


def _end(sessions: Sequence[tuple[Any, ...]]) -> datetime | None:
    """Of the columns ENDING of each session of one webinar."""
    return _last(
        [(is_cancelled, ends_at) for *_edited, is_cancelled, ends_at in sessions if ends_at is not None]
    ) or _last(
        [
            (cancelled_at is not None, starts_at + timedelta(minutes=minutes))
            for cancelled_at, starts_at, minutes, *_released in sessions
        ]
    )


def _last(ends: Sequence[tuple[bool, datetime]]) -> datetime | None:
    """Of (is cancelled, ends at): the last end of what is held, else of what is not."""
    held = [ends_at for is_cancelled, ends_at in ends if not is_cancelled]
    return max(held or [ends_at for _, ends_at in ends], default=None)
