"""The history of a webinar: what was done to it as a whole, and all that happened in it."""

from django.db.models import Q, QuerySet

from registrations.models import HistoryEvent, HistoryKind
from sessions_app.models import Webinar

# Of one delegation each, and decided for the webinar's quotas or for many at once.
WEBINAR_WIDE_KINDS = (HistoryKind.CHASED, HistoryKind.EXCEPTION_MADE, HistoryKind.EXCEPTION_ENDED)


def history_of_webinar(webinar: Webinar, *, is_webinar_wide: bool) -> "QuerySet[HistoryEvent]":
    """The newest first; with `is_webinar_wide` without what belongs to one delegation and its people."""
    events = HistoryEvent.objects.filter(webinar=webinar).select_related("actor", "delegate", "delegation__body")
    return events.filter(Q(delegation=None) | Q(kind__in=WEBINAR_WIDE_KINDS)) if is_webinar_wide else events
