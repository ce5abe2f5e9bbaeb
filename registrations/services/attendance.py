"""Who says that they will come, and who came."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from registrations.exceptions import InvalidInput, NotPossibleNow
from registrations.models import Arrival, CalendarEntry, Delegate, HistoryEvent, HistoryKind, Partstat
from registrations.models.delegate import validate_no_link
from registrations.queries.participant import RoomState, is_invited, room_state, sessions_ahead_of
from registrations.services.history import record
from registrations.services.nudge import nudge_planner
from registrations.services.registration_window import clean_reason
from sessions_app.models import Session

MAX_DECLINE_REASON_LENGTH = 500
# Saying the same once more within it is no news.
REPEAT_WINDOW = timedelta(hours=1)


@transaction.atomic
def record_answer(delegate: Delegate, session: Session, *, partstat: Partstat, now: datetime) -> CalendarEntry:
    """Note that `delegate` answered `partstat` for a released session; the latest answer counts.

    Locks their calendar entry. The same answer again changes nothing, unless the session was moved in between. Raises
    NotPossibleNow for a session that is over or cancelled, a person who is not invited, and one whose invitation is
    not planned yet.
    """
    if not is_invited(delegate):
        raise NotPossibleNow(_("You are not invited to this session at present."))
    if session.released.is_cancelled:
        raise NotPossibleNow(_("This session has been cancelled; no answer is needed."))
    if now >= session.released.ends_at:
        raise NotPossibleNow(_("This session is over; no answer is needed."))
    entry = (
        CalendarEntry.objects.select_for_update(no_key=True)
        .filter(session=session, address=delegate.address, delegate=delegate)
        .first()
    )
    if entry is None:
        raise NotPossibleNow(_("Your invitation is being prepared. Please answer again in a minute."))
    _note(entry, session, partstat=partstat, now=now)
    return entry


@transaction.atomic
def decline_sessions_ahead(delegate: Delegate, *, reason: str, now: datetime) -> bool:
    """Note that `delegate` cannot come: no to each session that is ahead, and an event, which their focal points are
    told of, with the reason; whether there was anything new in it.

    Locks their calendar entries. Said again within `REPEAT_WINDOW`, without another reason, it changes nothing. Raises
    NotPossibleNow where no session is ahead, for a person who is not invited and one whose invitations are not planned
    yet; InvalidInput for a reason of more than `MAX_DECLINE_REASON_LENGTH` characters, or with an address of a page.
    """
    reason = clean_reason(reason, longest=MAX_DECLINE_REASON_LENGTH)
    # It goes into a mail, where it must not become a link.
    try:
        validate_no_link(reason)
    except ValidationError as error:
        raise InvalidInput({"reason": error.messages}) from error
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
    changed = [_note(entry, ahead[entry.session_id], partstat=Partstat.DECLINED, now=now) for entry in entries]
    said = HistoryEvent.objects.filter(delegate=delegate, kind=HistoryKind.CANNOT_COME, at__gt=now - REPEAT_WINDOW)
    if not any(changed) and (said.filter(reason=reason) if reason else said).exists():
        return False
    record(HistoryKind.CANNOT_COME, delegation=delegate.delegation, delegate=delegate, by=None, now=now, reason=reason)
    nudge_planner()
    return True


def record_arrival(delegate: Delegate, session: Session, *, now: datetime) -> Arrival:
    """Note that `delegate` went to the room of a released session; the first time counts, however often it is pressed.

    Raises NotPossibleNow while the room is not open, and for a person who is not invited.
    """
    if not is_invited(delegate) or room_state(session, now=now) != RoomState.OPEN:
        raise NotPossibleNow(_("The room is not open."))
    arrival, _is_first = Arrival.objects.get_or_create(delegate=delegate, session=session, defaults={"at": now})
    return arrival


def _note(entry: CalendarEntry, session: Session, *, partstat: Partstat, now: datetime) -> bool:
    """Keep `partstat` in a locked `entry`; whether it is another answer, or one to another hour."""
    if entry.ical_partstat == partstat and entry.starts_at == session.released.starts_at:
        return False
    entry.ical_partstat = partstat
    entry.answered_at = now
    entry.save(update_fields=["ical_partstat", "answered_at"])
    return True
