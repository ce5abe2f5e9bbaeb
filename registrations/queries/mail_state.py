"""The people of a delegation with the state of their invitations, and with what came back of their mail."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, FilteredRelation, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower
from django.utils.translation import gettext

from registrations.models import (
    AnswerState,
    CalendarAnswer,
    CalendarEntry,
    Delegate,
    Delegation,
    DeliveryState,
    IcalMethod,
    Partstat,
    User,
)
from registrations.queries.returned_mail import ReturnedMail, load, returned_mail
from sessions_app.models import Session

# The columns read of the newest calendar delivery to a mailbox.
DELIVERY_COLUMNS = ("state", "attempts", "last_error", "due_at", "sent_at")
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
    # What was written with the answer in a calendar; None if the answer was given on the page.
    calendar_comment: str | None = None

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
    def has_come_back(self) -> bool:
        """Whether a mail server reported that it could not deliver the newest message."""
        return self.state == DeliveryState.BOUNCED

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
    """A delegate and the invitations that their present mailbox holds, by session number.

    `returned` is the latest of any mail to their present address that came back or, if none did, is late.
    """

    delegate: Delegate
    invitations: tuple[Invitation, ...]
    returned: ReturnedMail | None = None

    @property
    def failed(self) -> tuple[Invitation, ...]:
        """The invitations that failed permanently."""
        return tuple(invitation for invitation in self.invitations if invitation.is_failed)

    @property
    def came_back(self) -> ReturnedMail | None:
        """The mail that came back, None if none did."""
        return self.returned if self.returned is not None and self.returned.has_failed else None

    @property
    def is_late(self) -> bool:
        """Whether a mail server reported that a message is late, and nothing came back."""
        return self.returned is not None and self.came_back is None

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
    def with_returned_mail(self) -> tuple[DelegateWithMail, ...]:
        """The active people whose mail came back."""
        return tuple(person for person in self.active if person.came_back)

    @property
    def failed_count(self) -> int:
        """The number of invitations that failed permanently."""
        return sum(len(person.failed) for person in self.active)


def delegates_with_mail_state(delegation: Delegation, *, now: datetime, for_country: bool = False) -> DelegatesWithMail:
    """Return the people of `delegation` with the state of their invitations. Always costs two queries.

    `for_country` leaves out of what came back what only the secretariat is told of.
    """
    delegates = Delegate.objects.filter(delegation=delegation)
    invitations = _invitations_of(delegates)
    rows: Any = delegates.select_related("profile", "speaker", "replaced_by").annotate(
        returned_mail=returned_mail(now=now, for_country=for_country)
    )
    people = [
        DelegateWithMail(delegate, invitations.get(delegate.pk, ()), load(delegate.returned_mail)) for delegate in rows
    ]
    former = [person for person in people if person.delegate.withdrawn_at is not None]
    return DelegatesWithMail(
        active=tuple(person for person in people if person.delegate.is_active),
        former=tuple(
            sorted(former, key=lambda person: (person.delegate.withdrawn_at, person.delegate.pk), reverse=True)
        ),
    )


def mail_state_of(delegate: Delegate, *, now: datetime) -> DelegateWithMail:
    """Return `delegate` with the state of their invitations. Costs two queries."""
    rows: Any = Delegate.objects.filter(pk=delegate.pk)
    found = rows.order_by().annotate(returned_mail=returned_mail(now=now)).values_list("returned_mail", flat=True).get()
    return DelegateWithMail(delegate, _invitations_of(rows).get(delegate.pk, ()), load(found))


def _invitations_of(delegates: "QuerySet[Delegate]") -> dict[int, tuple[Invitation, ...]]:
    newest = FilteredRelation("deliveries", condition=Q(deliveries__ical_sequence=F("sequence")))
    entries: Any = (
        CalendarEntry.objects.filter(
            delegate__in=delegates.order_by(), address=Lower("delegate__email"), planned_method=IcalMethod.REQUEST
        )
        .select_related("session")
        .annotate(newest=newest)
        .annotate(**{name: F(f"newest__{name}") for name in DELIVERY_COLUMNS}, delivery_id=F("newest__pk"))
        .annotate(calendar_comment=Subquery(_calendar_answer().values("comment")[:1]))
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
                calendar_comment=entry.calendar_comment,
            )
        )
    return {delegate_id: tuple(found) for delegate_id, found in invitations.items()}


def _calendar_answer() -> "QuerySet[CalendarAnswer]":
    """Return the answer from a calendar that is the present one of a calendar entry."""
    return CalendarAnswer.objects.filter(
        entry=OuterRef("pk"),
        state=AnswerState.COUNTED,
        ical_stamp=OuterRef("answered_at"),
        ical_partstat=OuterRef("ical_partstat"),
    )
