"""What the page of one delegation reads: its people, the state of their invitations, and its history."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
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
from sessions_app.models import Session, Webinar

# The columns read of the newest calendar delivery to a mailbox.
DELIVERY_COLUMNS = ("state", "attempts", "last_error", "due_at", "sent_at")
# The kinds of events that only the secretariat may see.
SECRETARIAT_ONLY_KINDS = (
    HistoryKind.ADDRESS_CLASH,
    HistoryKind.NAMED_TOO_OFTEN,
    HistoryKind.EXCEPTION_MADE,
    HistoryKind.EXCEPTION_ENDED,
    HistoryKind.HANDED_OVER,
)
# The newest message to a mailbox can be sent again if it is in one of these states.
RESENDABLE_STATES = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.BOUNCED, DeliveryState.STOPPED)


@dataclass(frozen=True)
class Invitation:
    """What one person's mailbox holds, or is about to hold, of one session.

    `state` is the state of the newest planned message, or None if there is no such delivery. `sent_at` also has a value
    while the message is being sent again.
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
        """The state in the reader's language, or the empty string if it is unknown."""
        return str(DeliveryState(self.state).label) if self.state else ""

    @property
    def answer_label(self) -> str:
        """The person's answer in the reader's language."""
        return str(Partstat(self.partstat).label)

    @property
    def is_sent(self) -> bool:
        """Whether the newest message was sent."""
        return self.state == DeliveryState.SENT

    @property
    def is_failed(self) -> bool:
        """Whether the newest message failed permanently."""
        return self.state == DeliveryState.FAILED

    @property
    def is_stopped(self) -> bool:
        """Whether the secretariat stopped the newest message."""
        return self.state == DeliveryState.STOPPED

    @property
    def is_waiting_for_retry(self) -> bool:
        """Whether an attempt failed and the next one is scheduled."""
        return self.state == DeliveryState.DUE and self.attempts > 0

    @property
    def error(self) -> str:
        """The reason of the last failure in the reader's language; empty if the message was sent or not tried yet."""
        return gettext(self.last_error) if self.last_error and (self.is_failed or self.is_waiting_for_retry) else ""

    def can_be_resent(self, now: datetime, *, by: User) -> bool:
        """Whether `by` may send the message again at `now`. Only staff may resume a stopped message."""
        return self.state in RESENDABLE_STATES and (by.is_staff or not self.is_stopped) and now < self.ends_at


@dataclass(frozen=True)
class DelegateWithMail:
    """A delegate and the invitations that their present mailbox holds, by session number."""

    delegate: Delegate
    invitations: tuple[Invitation, ...]

    @property
    def failed(self) -> tuple[Invitation, ...]:
        """The invitations that failed permanently."""
        return tuple(invitation for invitation in self.invitations if invitation.is_failed)

    @property
    def errors(self) -> tuple[str, ...]:
        """The reasons of failures without repetitions, in the order of sessions."""
        return tuple(dict.fromkeys(invitation.error for invitation in self.invitations if invitation.error))

    def can_be_resent(self, now: datetime, *, by: User) -> bool:
        """Whether `by` may send any of the invitations again at `now`."""
        return any(invitation.can_be_resent(now, by=by) for invitation in self.invitations)


@dataclass(frozen=True)
class DelegatesWithMail:
    """The delegates of one delegation, each with the state of their mail.

    Active delegates are in the order of their profiles, former ones in the order of their departure, the latest first.
    """

    active: tuple[DelegateWithMail, ...]
    former: tuple[DelegateWithMail, ...]

    @property
    def held_count(self) -> int:
        """The number of active people whose mail is held for the secretariat."""
        return sum(person.delegate.mail_held_at is not None for person in self.active)

    @property
    def with_failed_mail(self) -> tuple[DelegateWithMail, ...]:
        """The active people with a permanently failed invitation."""
        return tuple(person for person in self.active if person.failed)

    @property
    def failed_count(self) -> int:
        """The number of invitations that failed permanently."""
        return sum(len(person.failed) for person in self.active)


def delegates_with_mail_state(delegation: Delegation) -> DelegatesWithMail:
    """Return the people of `delegation` with the state of their invitations. Always costs two queries."""
    delegates = Delegate.objects.filter(delegation=delegation)
    invitations = _invitations_of(delegates)
    people = [
        DelegateWithMail(delegate, invitations.get(delegate.pk, ()))
        for delegate in delegates.select_related("profile", "speaker", "replaced_by")
    ]
    former = [person for person in people if person.delegate.withdrawn_at is not None]
    return DelegatesWithMail(
        active=tuple(person for person in people if person.delegate.is_active),
        former=tuple(
            sorted(former, key=lambda person: (person.delegate.withdrawn_at, person.delegate.pk), reverse=True)
        ),
    )


def mail_state_of(delegate: Delegate) -> DelegateWithMail:
    """Return `delegate` with the state of their invitations. Costs one query."""
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
    """Return the events of `delegation` that focal points may see, the latest first.

    Address clashes and alerts about repeated naming may concern another delegation, so only the secretariat sees them
    (rule 8). Exceptions from quotas are left out because their reasons are internal.
    """
    return (
        HistoryEvent.objects.filter(delegation=delegation)
        .exclude(kind__in=SECRETARIAT_ONLY_KINDS)
        .select_related("actor", "delegate")
    )


def undoable_edit_of(delegate: Delegate, *, now: datetime) -> HistoryEvent | None:
    """Return the latest event of `delegate` if it is an edit that can be undone, else None. Two queries at most.

    An edit of the address cannot be undone after a mail to the new address was planned.
    """
    events = HistoryEvent.objects.filter(delegate=delegate, delegation=delegate.delegation_id)
    event = events.exclude(kind=HistoryKind.ADDRESS_CLASH).select_related("actor").first()
    if event is None or not event.is_undoable_edit_at(now):
        return None
    written = Delivery.objects.filter(delegate=delegate, email__iexact=delegate.email, created_at__gte=event.at)
    return None if "email" in event.changes and written.exists() else event


def ids_with_undoable_edit(history: Iterable[HistoryEvent], *, now: datetime) -> frozenset[int]:
    """Return the ids of the delegates whose latest event in `history` is an edit that can be undone.

    `history` must have the latest event first.
    """
    latest: dict[int, HistoryEvent] = {}
    for event in history:
        if event.delegate_id is not None:
            latest.setdefault(event.delegate_id, event)
    return frozenset(pk for pk, event in latest.items() if event.is_undoable_edit_at(now))


def delegations_of(user: User) -> "QuerySet[Delegation]":
    """Return the delegations that `user` may see and change: all for staff, else those of their bodies (rule 18)."""
    delegations = Delegation.objects.all() if user.is_staff else Delegation.objects.of_focal_point(user)
    return delegations.select_related("webinar__policy", "body")


def delegation_of(user: User, slug: str) -> Delegation | None:
    """Return the delegation with `slug` if `user` may see it, else None. Costs one query."""
    return delegations_of(user).filter(slug=slug).first()


def policy_of(webinar: Webinar) -> RegistrationPolicy | None:
    """Return the registration policy of `webinar`, or None; without one, registration is not open to focal points.

    Costs one query, or none if the policy was loaded with the webinar.
    """
    return getattr(webinar, "policy", None)
