"""Arrivals: participants who pressed the button of a session's join page."""

from datetime import datetime

from django.utils.translation import gettext as _

from registrations.exceptions import NotPossibleNow
from registrations.models import Arrival, Delegate
from registrations.queries.participant import is_invited
from registrations.queries.rooms import RoomState, room_state
from sessions_app.models import Session


def record_arrival(delegate: Delegate, session: Session, *, now: datetime) -> Arrival:
    """Record that `delegate` entered the room of a released session; only the first arrival is stored.

    Raises NotPossibleNow while the room is not open, and for a person who is not invited.
    """
    if not is_invited(delegate) or room_state(session, now=now) != RoomState.OPEN:
        raise NotPossibleNow(_("The room is not open."))
    arrival, _is_first = Arrival.objects.get_or_create(delegate=delegate, session=session, defaults={"at": now})
    return arrival
