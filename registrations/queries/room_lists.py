"""The people to register in a session's video conference room, and the changes since the last export.

The lists compare addresses, not times, so that nobody who is saved during an export is missed.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from registrations.models import CalendarEntry, HistoryEvent, HistoryKind
from registrations.models.calendar_entry import CalendarEntryQuerySet
from sessions_app.models import Session

# The value of "what" in the history of exports for a room.
ROOM_EXPORT = "room"


class RoomList(models.TextChoices):
    """The lists that can be exported for a room. A corrected address is in both lists of changes."""

    EVERYBODY = "everybody", _("Everybody")
    ADDED = "added", _("Added since")
    REMOVED = "removed", _("Removed since")


def entries_for_room(session: Session, part: RoomList) -> CalendarEntryQuerySet:
    """Return the calendar entries of the people in the list `part` for the room of `session`.

    The room writes to whom it registers, so only people whom we have invited are in it. Nobody whose personal data were
    erased is in a list.
    """
    entries = CalendarEntry.objects.filter(session=session, delegate__anonymised_at__isnull=True)
    if part == RoomList.EVERYBODY:
        return entries.invited()
    if part == RoomList.ADDED:
        return entries.invited().exclude(exported_for_room=models.F("delegate"))
    return entries.filter(exported_for_room__isnull=False).exclude(pk__in=entries.invited().order_by().values("pk"))


def last_room_export(session: Session) -> HistoryEvent | None:
    """Return the latest export for the room of `session`. One query."""
    exports = HistoryEvent.objects.filter(webinar=session.webinar_id, kind=HistoryKind.EXPORTED)
    of_room = exports.filter(changes__what__1=ROOM_EXPORT, changes__session__1=str(session.number))
    return of_room.select_related("actor").first()
