"""What the delegation page shows of each profile: its seats as drawn, its people, what may be done now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from registrations.models import (
    Delegate,
    Delegation,
    DelegationStatus,
    HistoryEvent,
    Partstat,
    RegistrationPolicy,
    User,
)
from registrations.queries import (
    DelegatesWithMail,
    DelegateWithMail,
    Invitation,
    SeatCount,
    ids_with_undoable_edit,
    last_session_end,
    policy_of,
)
from registrations.services.delegations import SENT_BACK_STATUSES, SUBMITTABLE_STATUSES
from registrations.views.focal_point.anchors import Place, to_add, to_change, undo_of
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
    send_again: bool
    upload_letter: bool
    remove_letter: bool


def allowed(
    delegation: Delegation, *, policy: RegistrationPolicy | None, ends_at: datetime | None, by: User, now: datetime
) -> Allowed:
    is_over = ends_at is not None and now >= ends_at
    is_in_time = by.is_staff or (policy is not None and policy.is_open_at(now))
    is_begun = by.is_staff or (policy is not None and policy.has_opened_at(now))
    attends = delegation.status != DelegationStatus.NOT_ATTENDING
    was_sent_back = delegation.status in SENT_BACK_STATUSES
    return Allowed(
        add=not is_over and attends and is_in_time,
        fill_gaps=not is_over and attends and is_begun,
        edit=not is_over and attends and is_in_time,
        leave=not is_over and attends and is_begun,
        submit=not is_over
        and delegation.status in SUBMITTABLE_STATUSES
        and (is_in_time or (is_begun and was_sent_back)),
        attendance=not is_over and is_in_time,
        send_again=not is_over and attends,
        upload_letter=not is_over and attends and is_begun,
        remove_letter=not is_over and attends and is_in_time,
    )


def allowed_now(delegation: Delegation, *, by: User, now: datetime) -> Allowed:
    """As `allowed`, for a page that needs the policy and the end of the webinar for nothing else. Two queries."""
    policy, ends_at = policy_of(delegation.webinar), last_session_end(delegation.webinar)
    return allowed(delegation, policy=policy, ends_at=ends_at, by=by, now=now)


@dataclass(frozen=True)
class PersonCard:
    """A delegate, and in words what became of the invitations: `said`, with the answers, of those that are well;
    `failed` of those that could not be delivered. One word for all sessions where they agree, else one for each."""

    one: DelegateWithMail
    said: tuple[str, ...]
    failed: tuple[str, ...]
    can_send_again: bool
    # They have said no to every session that is ahead.
    cannot_come: bool

    @property
    def place(self) -> Place:
        return to_change(self.one.delegate)


@dataclass(frozen=True)
class Undo:
    """A change that nobody was mailed about yet, and what takes it back: a POST of `fields` to `action`."""

    delegate: Delegate
    said: str
    action: str
    fields: Mapping[str, object]

    @property
    def place(self) -> str:
        return undo_of(self.delegate)


def undoable(
    delegation: Delegation, people: DelegatesWithMail, history: Iterable[HistoryEvent], may: Allowed, *, now: datetime
) -> tuple[Undo, ...]:
    """What was done to people of `delegation` while mail about it is held back; `history` has the latest first."""
    if not may.leave:
        return ()
    active, left = [one.delegate for one in people.active], [one.delegate for one in people.former]
    newcomers, edited = {one.replaced_by_id for one in left}, ids_with_undoable_edit(history, now=now)
    return (
        *(
            _undo(one, _("%(name)s is named."), "withdraw-delegate", delegation, version=one.version)
            for one in active
            if one.is_new_at(now) and one.pk not in newcomers
        ),
        *(
            _undo(one, _("The details of %(name)s are saved."), "undo-edit", delegation, version=one.version)
            for one in active
            if one.pk in edited
        ),
        *(
            _undo(one, _("%(name)s has left."), "restore-delegate", delegation)
            for one in left
            if one.is_mail_delayed_at(now)
        ),
    )


def _undo(delegate: Delegate, said: str, step: str, delegation: Delegation, **fields: object) -> Undo:
    action = reverse(f"registrations:{step}", args=[delegation.slug, delegate.pk])
    return Undo(delegate, said % {"name": delegate.name}, action, fields)


def waiting_word(sessions: Iterable[ReleasedSession]) -> str:
    """What is said of an admitted person whose mailbox is owed no invitation, or none yet."""
    released = list(sessions)
    if not released:
        return _("invited once the agenda is released")
    if all(one.is_cancelled for one in released):
        return _("every session is cancelled")
    return _("the invitation is on its way")


def person_card(one: DelegateWithMail, may: Allowed, *, waiting: str, by: User, now: datetime) -> PersonCard:
    """Of a delegation that attends; `waiting` is said of an admitted person without an invitation."""
    words = [(_mail_word(invitation), invitation) for invitation in one.invitations]
    if len({word for word, _invitation in words}) > 1:
        words = [(_of_session(invitation, word), invitation) for word, invitation in words]
    answers = [
        _of_session(invitation, invitation.answer_label)
        for invitation in one.invitations
        if invitation.partstat != Partstat.NEEDS_ACTION
    ]
    ahead = [invitation.partstat for invitation in one.invitations if now < invitation.ends_at]
    if one.delegate.admitted_at is None:
        words, before = [], [_("invited once the delegation is accepted")]
    elif one.delegate.mail_held_at is not None:
        before = [_("mail held until the secretariat releases it")]
    else:
        before = [] if one.invitations else [waiting]
    said = [*before, *(word for word, invitation in words if not invitation.is_failed), *answers]
    return PersonCard(
        one=one,
        said=tuple(dict.fromkeys(said)),
        failed=tuple(dict.fromkeys(word for word, invitation in words if invitation.is_failed)),
        can_send_again=may.send_again and one.delegate.admitted_at is not None and one.can_be_sent_again_at(now, by=by),
        cannot_come=bool(ahead) and set(ahead) == {Partstat.DECLINED},
    )


def not_attending_card(one: DelegateWithMail) -> PersonCard:
    """Of a delegation that does not attend, whatever was sent before: it is taken back, or about to be."""
    said = (_("not invited while the delegation does not attend"),)
    return PersonCard(one=one, said=said, failed=(), can_send_again=False, cannot_come=False)


def _mail_word(invitation: Invitation) -> str:
    if invitation.is_failed:
        return _("the invitation could not be delivered")
    if invitation.is_stopped:
        return _("the secretariat has stopped the invitation")
    if invitation.is_sent:
        return _("invited")
    if invitation.is_waiting_for_retry:
        return _("not delivered yet, and tried again by itself")
    return _("the invitation is being sent again") if invitation.sent_at else _("the invitation is on its way")


def _of_session(invitation: Invitation, word: str) -> str:
    return _("session %(number)s: %(answer)s") % {"number": invitation.session.number, "answer": word}


@dataclass(frozen=True)
class ProfileCard:
    """One profile with its seats as drawn: `marks` of "named", "empty" and "waived", and how many `more` are named.

    `is_asked` is false while the delegation does not attend: then nobody is missing.
    """

    seat: SeatCount
    is_asked: bool
    people: tuple[PersonCard, ...]
    marks: tuple[str, ...]
    more: int
    can_add: bool
    place: Place

    @property
    def unfilled(self) -> tuple[str, ...]:
        """The seats that nobody has, the waived last."""
        return tuple(mark for mark in self.marks if mark != "named")


def profile_card(seat: SeatCount, people: Iterable[PersonCard], may: Allowed, *, is_asked: bool) -> ProfileCard:
    drawn = min(seat.named, seat.minimum)
    waived = min(seat.waived, seat.minimum - drawn)
    empty = seat.minimum - drawn - waived
    return ProfileCard(
        seat=seat,
        is_asked=is_asked,
        people=tuple(card for card in people if card.one.delegate.profile_id == seat.profile.pk),
        marks=("named",) * drawn + (("empty",) * empty + ("waived",) * waived if is_asked else ()),
        more=seat.named - drawn,
        place=to_add(seat.profile),
        can_add=not seat.is_full and (may.add or (may.fill_gaps and seat.missing > 0)),
    )
