"""When the room of a session can be entered: `services/arrivals.py` and the participant's pages ask here."""

from datetime import datetime, timedelta
from enum import StrEnum

from sessions_app.models import Session

# Sessions overrun, and people who lose the connection must be able to return.
ROOM_STAYS_OPEN = timedelta(minutes=30)


class RoomState(StrEnum):
    """Whether a participant can enter the room of a session, as shown on the join page."""

    EARLY = "early"
    OPEN = "open"
    NOT_ENTERED = "not_entered"
    OVER = "over"
    CANCELLED = "cancelled"


def room_opens_at(session: Session) -> datetime:
    """Return when the room of a released session opens. Costs no query if `released` is loaded."""
    return session.released.starts_at - timedelta(minutes=session.room_opens_minutes)


def room_state(session: Session, *, now: datetime) -> RoomState:
    """Return whether the room of a released session can be entered at `now`.

    It stays open for `ROOM_STAYS_OPEN` after the end. Costs no query if `released` is loaded.
    """
    if session.released.is_cancelled:
        return RoomState.CANCELLED
    if now >= session.released.ends_at + ROOM_STAYS_OPEN:
        return RoomState.OVER
    if now < room_opens_at(session):
        return RoomState.EARLY
    return RoomState.OPEN if session.current_room_url else RoomState.NOT_ENTERED
