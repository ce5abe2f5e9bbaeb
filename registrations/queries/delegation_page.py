"""What the page of one delegation reads: its people, what their mailboxes hold, its history."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Lower

from registrations.models import (
    CalendarEntry,
    Delegate,
    Delegation,
    Delivery,
    DeliveryState,
    HistoryEvent,
    HistoryKind,
    IcalMethod,
    RegistrationPolicy,
    User,
)
from sessions_app.models import ReleasedSession, Session, Webinar

# The states out of which the newest message to a mailbox may be sent once more.
DONE_WITH = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.STOPPED)


@dataclass(frozen=True)
class Invitation:
    """What one person's mailbox holds, or is about to hold, of one session.

    `state` is what became of the newest planned message (None while it is unknown).
    """

    session: Session
    state: str | None
    last_error: str
    partstat: str
    answered_at: datetime | None

    @property
    def is_sent(self) -> bool:
        return self.state == DeliveryState.SENT

    @property
    def is_failed(self) -> bool:
        return self.state == DeliveryState.FAILED

    @property
    def is_stopped(self) -> bool:
        return self.state == DeliveryState.STOPPED


@dataclass(frozen=True)
class DelegateWithMail:
    """A delegate and, by session number, the invitations of their present mailbox: those that are not taken back."""

    delegate: Delegate
    invitations: tuple[Invitation, ...]

    @property
    def has_failed(self) -> bool:
        return any(one.is_failed for one in self.invitations)


@dataclass(frozen=True)
class DelegatesWithMail:
    """Everyone of a delegation: who takes part, in the order of profiles, and who left, the latest first."""

    active: tuple[DelegateWithMail, ...]
    left: tuple[DelegateWithMail, ...]


def delegates_with_mail_state(delegation: Delegation) -> DelegatesWithMail:
    """The people of `delegation` and the state of their invitations. Two queries, however many people."""
    latest = Delivery.objects.filter(entry=OuterRef("pk"), ical_sequence=OuterRef("sequence")).order_by("-pk")
    entries = (
        CalendarEntry.objects.filter(
            delegate__delegation=delegation, address=Lower("delegate__email"), planned_method=IcalMethod.REQUEST
        )
        .select_related("session")
        .annotate(state=Subquery(latest.values("state")[:1]), last_error=Subquery(latest.values("last_error")[:1]))
        .order_by("session__number")
    )
    invitations: dict[int, list[Invitation]] = defaultdict(list)
    for entry in entries:
        invitations[entry.delegate_id].append(
            Invitation(
                session=entry.session,
                state=entry.state,
                last_error=entry.last_error or "",
                partstat=entry.ical_partstat,
                answered_at=entry.answered_at,
            )
        )
    people = [
        DelegateWithMail(delegate, tuple(invitations[delegate.pk]))
        for delegate in Delegate.objects.filter(delegation=delegation).select_related("profile", "replaced_by")
    ]
    left = [one for one in people if one.delegate.withdrawn_at is not None]
    return DelegatesWithMail(
        active=tuple(one for one in people if one.delegate.is_active),
        left=tuple(sorted(left, key=lambda one: (one.delegate.withdrawn_at, one.delegate.pk), reverse=True)),
    )


def history_of(delegation: Delegation) -> "QuerySet[HistoryEvent]":
    """What happened in `delegation`, the latest first, for everyone who may see it.

    Without address clashes: these concern another delegation too and are the secretariat's alone (rule 8).
    """
    return (
        HistoryEvent.objects.filter(delegation=delegation)
        .exclude(kind=HistoryKind.ADDRESS_CLASH)
        .select_related("actor", "delegate")
    )


def delegations_of(user: User) -> "QuerySet[Delegation]":
    """The delegations that `user` may see and change: of their bodies; of everyone for staff (rules 7 and 18)."""
    delegations = Delegation.objects.all() if user.is_staff else Delegation.objects.of_focal_point(user)
    return delegations.select_related("webinar__policy", "body")


def zone_of(user: User, delegation: Delegation) -> str:
    """The zone in which `user` reads: their own, else the country's only one, else the webinar's."""
    return user.timezone or delegation.body.only_timezone or delegation.webinar.timezone


def policy_of(webinar: Webinar) -> RegistrationPolicy | None:
    """The webinar's registration policy; None means that registration is not open to focal points.

    One query, none where `webinar` was read together with its policy.
    """
    return getattr(webinar, "policy", None)


def released_sessions(webinar: Webinar) -> "QuerySet[ReleasedSession]":
    """What is released of `webinar`, in the order of time."""
    return ReleasedSession.objects.filter(session__webinar=webinar).order_by("starts_at", "number")


def last_session_end(webinar: Webinar) -> datetime | None:
    """When everything about `webinar` freezes (rule 7): the end of its last session. One query.

    Released hours rule where something is released. Cancelled sessions count only while there is no other.
    """
    sessions = list(Session.objects.filter(webinar=webinar).select_related("released"))
    released = [session.released for session in sessions if hasattr(session, "released")]
    ends = [(one.is_cancelled, one.ends_at) for one in released] or [
        (one.cancelled_at is not None, one.ends_at) for one in sessions
    ]
    held = [ends_at for is_cancelled, ends_at in ends if not is_cancelled]
    return max(held or [ends_at for _, ends_at in ends], default=None)
