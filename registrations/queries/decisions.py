"""Which decisions about delegations their focal points are told of."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from registrations.models import HistoryEvent, HistoryKind
from sessions_app.models import Release

DECISIONS = (
    HistoryKind.ACCEPTED,
    HistoryKind.ACCEPTED_WITH_GAP,
    HistoryKind.WAIVED,
    HistoryKind.WAIVER_REVOKED,
    HistoryKind.RETURNED,
    HistoryKind.REOPENED,
)
# Reported only where staff did it: a focal point knows what they did themselves.
DECISIONS_BY_STAFF = (HistoryKind.NOT_ATTENDING, HistoryKind.ATTENDING_AGAIN)


def decisions_to_report() -> "QuerySet[HistoryEvent]":
    """Return the decisions of the secretariat, or of the rules, of webinars that are released (rule 12)."""
    by_staff = Q(kind__in=DECISIONS_BY_STAFF, actor__is_staff=True)
    is_released = Exists(Release.objects.filter(webinar=OuterRef("webinar")))
    return HistoryEvent.objects.filter(Q(kind__in=DECISIONS) | by_staff, is_released)
