"""Answers (RSVP) to invitations: yes, maybe or no to one session, or no to every session ahead."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from registrations.exceptions import InvalidInput, NotPossibleNow
from registrations.models import CalendarEntry, Delegate, HistoryEvent, HistoryKind, Partstat
from registrations.models.delegate import validate_no_link
from registrations.queries.absences import SAME_REASON_WITHIN
from registrations.queries.participant import is_invited, sessions_ahead_of
from registrations.services.history import record
from registrations.services.nudge import nudge_planner
from registrations.services.registration_window import clean_reason
from sessions_app.models import Session

MAX_DECLINE_REASON_LENGTH = 500


@transaction.atomic
def record_answer(delegate: Delegate, session: Session, *, partstat: Partstat, now: datetime) -> CalendarEntry:
    """Record that `delegate` answered `partstat` to a released session; the latest answer counts.

    Locks their calendar entry. The same answer again renews its time alone. Raises NotPossibleNow if the session is
    over or cancelled, the person is not invited or the invitation is not planned yet.
    """
    _check_answerable(delegate, session, now)
    entry = (
        CalendarEntry.objects.select_for_update(no_key=True)
        .filter(session=session, address=delegate.address, delegate=delegate)
        .first()
    )
    if entry is None:
        raise NotPossibleNow(_("Your invitation is being prepared. Please answer again in a minute."))
    save_answer(entry, session, partstat=partstat, at=now)
    return entry


def _check_answerable(delegate: Delegate, session: Session, now: datetime) -> None:
    if not is_invited(delegate):
        raise NotPossibleNow(_("You are not invited to this session at present."))
    if session.released.is_cancelled:
        raise NotPossibleNow(_("This session has been cancelled; no answer is needed."))
    if now >= session.released.ends_at:
        raise NotPossibleNow(_("This session is over; no answer is needed."))


@transaction.atomic
def decline_sessions_ahead(delegate: Delegate, *, reason: str, now: datetime) -> bool:
    """Decline every session ahead for `delegate` and record an event that notifies the focal points of the reason.

    Locks their calendar entries. Returns whether anything is new: a repetition within SAME_REASON_WITHIN without
    another reason changes nothing and returns False. Raises NotPossibleNow if no session is ahead, the person is not
    invited or the invitations are not planned yet; InvalidInput if the reason is longer than MAX_DECLINE_REASON_LENGTH
    or contains a link.
    """
    reason = clean_decline_reason(reason)
    if not is_invited(delegate):
        raise NotPossibleNow(_("You are not invited to this webinar at present."))
    ahead = {released.session_id: released.session for released in sessions_ahead_of(delegate, now=now)}
    if not ahead:
        raise NotPossibleNow(_("There is no further session, so there is nothing to decline."))
    entries = list(
        CalendarEntry.objects.select_for_update(no_key=True)
        .filter(session__in=ahead, address=delegate.address, delegate=delegate)
        .order_by("pk")
    )
    if len(entries) < len(ahead):
        raise NotPossibleNow(_("Your invitation is being prepared. Please answer again in a minute."))
    changed = [save_answer(entry, ahead[entry.session_id], partstat=Partstat.DECLINED, at=now) for entry in entries]
    if not any(changed) and _was_absence_recorded(delegate, reason=reason, now=now):
        return False
    record_absence(delegate, reason=reason, now=now)
    return True


def clean_decline_reason(reason: str) -> str:
    """Return `reason` without leading and trailing blanks.

    Raises InvalidInput if it is longer than MAX_DECLINE_REASON_LENGTH or contains control characters or a link: it is
    quoted in a mail, where it must not become one.
    """
    reason = clean_reason(reason, longest=MAX_DECLINE_REASON_LENGTH)
    try:
        validate_no_link(reason)
    except ValidationError as error:
        raise InvalidInput({"reason": error.messages}) from error
    return reason


def _was_absence_recorded(delegate: Delegate, *, reason: str, now: datetime) -> bool:
    """Return whether `delegate` said so within SAME_REASON_WITHIN, with this `reason` if they give one. One query."""
    recorded = HistoryEvent.objects.filter(
        delegate=delegate, kind=HistoryKind.CANNOT_COME, at__gt=now - SAME_REASON_WITHIN
    )
    return (recorded.filter(reason=reason) if reason else recorded).exists()


def record_absence(delegate: Delegate, *, reason: str, now: datetime) -> None:
    """Record the event that `delegate` cannot come, which notifies the focal points. `reason` is a clean one."""
    record(HistoryKind.CANNOT_COME, delegation=delegate.delegation, delegate=delegate, by=None, now=now, reason=reason)
    nudge_planner()


def save_answer(entry: CalendarEntry, session: Session, *, partstat: Partstat, at: datetime) -> bool:
    """Store in a locked entry that the person answered `partstat` at this time.

    Returns False if the same answer to the same hour is stored already; then only its time changes, so that an answer
    which was given in between and arrives later does not count.
    """
    is_new = entry.ical_partstat != partstat or entry.starts_at != session.released.starts_at
    entry.ical_partstat = partstat
    entry.answered_at = at
    entry.save(update_fields=["ical_partstat", "answered_at"])
    return is_new
