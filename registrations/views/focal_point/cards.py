"""What the delegation page shows of each profile: its seats as drawn, its people, what may be done now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from registrations.models import Delegation, DelegationStatus, Partstat, RegistrationPolicy, User
from registrations.queries import DelegateWithMail, SeatCount
from registrations.services.delegations import CAN_BE_SUBMITTED, SENT_BACK
from sessions_app.models import ReleasedSession


@dataclass(frozen=True)
class Allowed:
    """What the signed-in person is offered now; the services decide again when it is done (rule 7)."""

    add: bool
    fill_gaps: bool
    edit: bool
    leave: bool
    submit: bool
    attendance: bool


def allowed(
    delegation: Delegation, *, policy: RegistrationPolicy | None, ends_at: datetime | None, by: User, now: datetime
) -> Allowed:
    is_over = ends_at is not None and now >= ends_at
    is_in_time = by.is_staff or (policy is not None and policy.is_open_at(now))
    is_begun = by.is_staff or (policy is not None and now >= policy.opens_at)
    attends = delegation.status != DelegationStatus.NOT_ATTENDING
    was_sent_back = delegation.status in SENT_BACK
    return Allowed(
        add=not is_over and attends and is_in_time,
        fill_gaps=not is_over and attends and is_begun,
        edit=not is_over and attends and is_in_time,
        leave=not is_over and attends and is_begun,
        submit=not is_over and delegation.status in CAN_BE_SUBMITTED and (is_in_time or (is_begun and was_sent_back)),
        attendance=not is_over and is_in_time,
    )


@dataclass(frozen=True)
class PersonCard:
    """A delegate, and in words what became of the invitations and answers."""

    one: DelegateWithMail
    mail: str
    is_failed: bool
    answers: tuple[str, ...]


def waiting_word(sessions: Iterable[ReleasedSession]) -> str:
    """What is said of an admitted person whose mailbox is owed no invitation, or none yet."""
    released = list(sessions)
    if not released:
        return _("invited once the agenda is released")
    if all(one.is_cancelled for one in released):
        return _("every session is cancelled")
    return _("the invitation is on its way")


def person_card(one: DelegateWithMail, *, waiting: str) -> PersonCard:
    delegate = one.delegate
    if delegate.admitted_at is None:
        mail = _("invited once the delegation is accepted")
    elif one.has_failed:
        mail = _("the invitation could not be delivered: please check the address")
    elif any(invitation.is_stopped for invitation in one.invitations):
        mail = _("the secretariat has stopped the invitation")
    elif not one.invitations:
        mail = waiting
    elif all(invitation.is_sent for invitation in one.invitations):
        mail = _("invited")
    else:
        mail = _("the invitation is on its way")
    answers = tuple(
        _("session %(number)s: %(answer)s")
        % {"number": invitation.session.number, "answer": Partstat(invitation.partstat).label}
        for invitation in one.invitations
        if invitation.partstat != Partstat.NEEDS_ACTION
    )
    return PersonCard(one, mail, one.has_failed, answers)


@dataclass(frozen=True)
class ProfileCard:
    """One profile with its seats as drawn: `marks` of "named", "empty" and "waived", and how many `more` are named."""

    seat: SeatCount
    people: tuple[PersonCard, ...]
    marks: tuple[str, ...]
    more: int
    can_add: bool


def profile_card(seat: SeatCount, people: tuple[DelegateWithMail, ...], may: Allowed, *, waiting: str) -> ProfileCard:
    drawn = min(seat.named, seat.minimum)
    waived = min(seat.waived, seat.minimum - drawn)
    empty = seat.minimum - drawn - waived
    return ProfileCard(
        seat=seat,
        people=tuple(person_card(one, waiting=waiting) for one in people if one.delegate.profile_id == seat.profile.pk),
        marks=("named",) * drawn + ("empty",) * empty + ("waived",) * waived,
        more=seat.named - drawn,
        can_add=not seat.is_full and (may.add or (may.fill_gaps and seat.missing > 0)),
    )
