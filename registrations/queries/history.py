"""The history of a webinar."""

from django.db.models import Q, QuerySet

from registrations.models import HistoryEvent, HistoryKind
from sessions_app.models import Webinar

# Events of one delegation that belong to a decision about the webinar's quotas or about many delegations at once.
WEBINAR_WIDE_KINDS = (HistoryKind.CHASED, HistoryKind.EXCEPTION_MADE, HistoryKind.EXCEPTION_ENDED)


def history_of_webinar(webinar: Webinar, *, is_webinar_wide: bool) -> "QuerySet[HistoryEvent]":
    """Return the events of `webinar`, the newest first.

    With `is_webinar_wide`, events that concern only one delegation and its people are left out.
    """
    events = HistoryEvent.objects.filter(webinar=webinar).select_related("actor", "delegate", "delegation__body")
    return events.filter(Q(delegation=None) | Q(kind__in=WEBINAR_WIDE_KINDS)) if is_webinar_wide else events
