"""Who says that they will come, and who came."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from registrations.exceptions import NotPossibleNow
from registrations.models import Arrival, CalendarEntry, Delegate, Partstat
from registrations.queries.participant import RoomState, is_invited, room_state
from sessions_app.models import Session


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
    is_of_another_hour = entry.starts_at != session.released.starts_at
    if entry.ical_partstat != partstat or is_of_another_hour:
        entry.ical_partstat = partstat
        entry.answered_at = now
        entry.save(update_fields=["ical_partstat", "answered_at"])
    return entry


def record_arrival(delegate: Delegate, session: Session, *, now: datetime) -> Arrival:
    """Note that `delegate` went to the room of a released session; the first time counts, however often it is pressed.

    Raises NotPossibleNow while the room is not open, and for a person who is not invited.
    """
    if not is_invited(delegate) or room_state(session, now=now) != RoomState.OPEN:
        raise NotPossibleNow(_("The room is not open."))
    arrival, _is_first = Arrival.objects.get_or_create(delegate=delegate, session=session, defaults={"at": now})
    return arrival
