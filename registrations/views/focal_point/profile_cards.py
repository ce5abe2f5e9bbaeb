"""Cards of the delegation page: each profile with its seats, each delegate with the state of their invitations."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from registrations.models import (
    Delegate,
    Delegation,
    HistoryEvent,
    Partstat,
    User,
)
from registrations.queries import (
    DelegatesWithMail,
    DelegateWithMail,
    Invitation,
    SeatCount,
    ids_with_undoable_edit,
)
from registrations.queries.returned_mail import ReturnedMail
from registrations.services.permitted_actions import PermittedActions
from registrations.views.focal_point.anchors import FormAnchor, add_anchor, delegate_anchor, undo_element_id
from sessions_app.models import ReleasedSession


@dataclass(frozen=True)
class PersonCard:
    """A delegate with texts about their invitations and answers.

    `failure_texts` are about mail that could not be delivered, `advice` what to do about it, and `status_texts` about
    everything else. One text stands for all sessions where they agree; otherwise there is one per session. `answers`
    are the invitations that were answered in a calendar.
    """

    mail_state: DelegateWithMail
    status_texts: tuple[str, ...]
    failure_texts: tuple[str, ...]
    can_send_again: bool
    answers: tuple[Invitation, ...]
    advice: tuple[str, ...]
    # True if they declined every session ahead.
    cannot_come: bool

    @property
    def delegate(self) -> Delegate:
        return self.mail_state.delegate

    @property
    def has_wrong_address(self) -> bool:
        """Whether the address has to be corrected, as far as can be told."""
        came_back = self.mail_state.came_back
        return bool(self.mail_state.failed) or (came_back is not None and came_back.is_permanent)

    @property
    def anchor(self) -> FormAnchor:
        return delegate_anchor(self.delegate)


@dataclass(frozen=True)
class UndoOffer:
    """A change that was not mailed to anybody yet; a POST of `fields` to `action` undoes it."""

    delegate: Delegate
    text: str
    action: str
    fields: Mapping[str, object]

    @property
    def element_id(self) -> str:
        return undo_element_id(self.delegate)


def undo_offers(
    delegation: Delegation,
    people: DelegatesWithMail,
    history: Iterable[HistoryEvent],
    may: PermittedActions,
    *,
    now: datetime,
) -> tuple[UndoOffer, ...]:
    """Return the changes to people of `delegation` that can be undone, while the mail about them is held back.

    `history` must have the latest event first.
    """
    if not may.change_people:
        return ()
    active, former = [person.delegate for person in people.active], [person.delegate for person in people.former]
    newcomers, edited = {delegate.replaced_by_id for delegate in former}, ids_with_undoable_edit(history, now=now)
    return (
        *(
            _undo_offer(delegate, _("%(name)s is named."), "withdraw-delegate", delegation, version=delegate.version)
            for delegate in active
            if delegate.is_new_at(now) and delegate.pk not in newcomers
        ),
        *(
            _undo_offer(
                delegate, _("The details of %(name)s are saved."), "undo-edit", delegation, version=delegate.version
            )
            for delegate in active
            if delegate.pk in edited
        ),
        *(
            _undo_offer(delegate, _("%(name)s has left."), "restore-delegate", delegation)
            for delegate in former
            if delegate.is_mail_delayed_at(now)
        ),
    )


def _undo_offer(delegate: Delegate, text: str, url_name: str, delegation: Delegation, **fields: object) -> UndoOffer:
    action = reverse(f"registrations:{url_name}", args=[delegation.slug, delegate.pk])
    return UndoOffer(delegate, text % {"name": delegate.name}, action, fields)


def pending_invitation_text(sessions: Iterable[ReleasedSession]) -> str:
    """Return the text for an admitted delegate who has no invitation yet."""
    released = list(sessions)
    if not released:
        return _("invited once the agenda is released")
    if all(session.is_cancelled for session in released):
        return _("every session is cancelled")
    return _("the invitation is on its way")


def person_card(
    state: DelegateWithMail, may: PermittedActions, *, pending_text: str, by: User, now: datetime
) -> PersonCard:
    """Build the card of a delegate whose delegation attends.

    `pending_text` is shown for an admitted delegate without an invitation.
    """
    came_back = state.came_back
    # What came back is told once for the person.
    told = [one for one in state.invitations if not (came_back is not None and one.has_come_back)]
    texts = [(_invitation_text(invitation), invitation) for invitation in told]
    if len({text for text, _invitation in texts}) > 1 or len(told) < len(state.invitations):
        texts = [(_with_session_number(invitation, text), invitation) for text, invitation in texts]
    answers = [
        _with_session_number(invitation, invitation.answer_label)
        for invitation in state.invitations
        if invitation.partstat != Partstat.NEEDS_ACTION and invitation.calendar_comment is None
    ]
    ahead = [invitation.partstat for invitation in state.invitations if now < invitation.ends_at]
    if state.delegate.admitted_at is None:
        texts, before = [], [_("invited once the delegation is accepted")]
    elif state.delegate.mail_held_at is not None:
        before = [_("mail held until the secretariat releases it")]
    else:
        before = [] if state.invitations else [pending_text]
    late = [_("a message to this person is delayed")] if state.is_late else []
    status_texts = [*before, *(text for text, invitation in texts if not invitation.is_failed), *late, *answers]
    failure_texts = [text for text, invitation in texts if invitation.is_failed]
    if came_back is not None:
        failure_texts.append(_came_back_text(came_back))
    return PersonCard(
        mail_state=state,
        status_texts=tuple(dict.fromkeys(status_texts)),
        failure_texts=tuple(dict.fromkeys(failure_texts)),
        advice=_advice(came_back) if came_back is not None else (),
        answers=tuple(invitation for invitation in state.invitations if invitation.calendar_comment is not None),
        can_send_again=may.send_again and state.delegate.admitted_at is not None and state.can_be_resent(now, by=by),
        cannot_come=bool(ahead) and set(ahead) == {Partstat.DECLINED},
    )


def not_attending_card(state: DelegateWithMail) -> PersonCard:
    """Build the card of a delegate whose delegation does not attend: earlier invitations are being cancelled."""
    texts = (_("not invited while the delegation does not attend"),)
    return PersonCard(
        mail_state=state,
        status_texts=texts,
        failure_texts=(),
        can_send_again=False,
        answers=(),
        advice=(),
        cannot_come=False,
    )


def _came_back_text(returned: ReturnedMail) -> str:
    return _("the invitation came back") if returned.is_invitation else _("a message came back")


def _advice(returned: ReturnedMail) -> tuple[str, ...]:
    """Return the reason in plain words, and what the country does about it."""
    if returned.is_permanent:
        advice = _("Please correct the address. The invitations are then sent to the new one.")
    elif returned.is_sent_again:
        advice = _("It is sent again by itself.")
    elif returned.is_temporary:
        advice = _("Please ask the person, then send the invitation again.")
    else:
        advice = _("The address may be right. Please ask the person.")
    return returned.reason_label, advice


def _invitation_text(invitation: Invitation) -> str:
    """Return the state of an invitation as a text."""
    if invitation.is_failed:
        return _("the invitation could not be delivered")
    if invitation.is_stopped:
        return _("the secretariat has stopped the invitation")
    if invitation.is_sent:
        return _("invited")
    if invitation.is_waiting_for_retry:
        return _("not delivered yet, and tried again by itself")
    return _("the invitation is being sent again") if invitation.sent_at else _("the invitation is on its way")


def _with_session_number(invitation: Invitation, text: str) -> str:
    return _("session %(number)s: %(answer)s") % {"number": invitation.session.number, "answer": text}


@dataclass(frozen=True)
class ProfileCard:
    """One profile with its people and its seats.

    `marks` has "named", "empty" or "waived" for each seat up to the minimum; `more` is how many people are named beyond
    it. `is_asked` is False while the delegation does not attend: then nobody is missing.
    """

    seat: SeatCount
    is_asked: bool
    people: tuple[PersonCard, ...]
    marks: tuple[str, ...]
    more: int
    can_add: bool
    anchor: FormAnchor

    @property
    def unfilled(self) -> tuple[str, ...]:
        """Return the marks of the seats that nobody has, waived ones last."""
        return tuple(mark for mark in self.marks if mark != "named")


def profile_card(
    seat: SeatCount, people: Iterable[PersonCard], may: PermittedActions, *, is_asked: bool
) -> ProfileCard:
    """Build the card of the profile of `seat`, with those of `people` who are in it."""
    named = min(seat.named, seat.minimum)
    waived = min(seat.waived, seat.minimum - named)
    empty = seat.minimum - named - waived
    return ProfileCard(
        seat=seat,
        is_asked=is_asked,
        people=tuple(card for card in people if card.delegate.profile_id == seat.profile.pk),
        marks=("named",) * named + (("empty",) * empty + ("waived",) * waived if is_asked else ()),
        more=seat.named - named,
        anchor=add_anchor(seat.profile),
        can_add=may.can_register_in(seat),
    )
