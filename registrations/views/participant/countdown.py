"""The time until a session, as a text."""

from datetime import datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def countdown(starts_at: datetime, ends_at: datetime, *, now: datetime, timezone: str) -> str:
    """Return “In 3 days”, “Tomorrow”, “In 2 hours” (rounded), “In 5 minutes”, “Now” or “Over”.

    Days are those of the calendar in `timezone`.
    """
    if now >= ends_at:
        return _("Over")
    if now >= starts_at:
        return _("Now")
    minutes = ceil((starts_at - now) / timedelta(minutes=1))
    if minutes < 60:
        return ngettext("In %(count)s minute", "In %(count)s minutes", minutes) % {"count": minutes}
    zone = ZoneInfo(timezone)
    days = (starts_at.astimezone(zone).date() - now.astimezone(zone).date()).days
    if days == 0:
        hours = (minutes + 30) // 60
        return ngettext("In %(count)s hour", "In %(count)s hours", hours) % {"count": hours}
    if days == 1:
        return _("Tomorrow")
    return ngettext("In %(count)s day", "In %(count)s days", days) % {"count": days}
