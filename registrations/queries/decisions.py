"""The decisions that are reported to focal points."""

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from registrations.models import DelegationStatus, Delivery, HistoryEvent, HistoryKind
from sessions_app.models import Release

REVIEWS = (HistoryKind.ACCEPTED, HistoryKind.ACCEPTED_WITH_GAP, HistoryKind.RETURNED, HistoryKind.REOPENED)
WAIVERS = (HistoryKind.WAIVED, HistoryKind.WAIVER_REVOKED)
ATTENDANCE = (HistoryKind.NOT_ATTENDING, HistoryKind.ATTENDING_AGAIN)


def standing_decisions() -> "QuerySet[HistoryEvent]":
    """Return the decisions that still stand, of webinars that are released (rule 12).

    A review stands until the delegation is submitted or reviewed again, and is not reported while the delegation does
    not attend. The focal points do not need to hear of attendance that they changed themselves. "Attending again"
    takes back something only if it was mailed. A waiver and its revocation are both reported.
    """
    earlier = HistoryEvent.objects.filter(
        delegation=OuterRef("delegation"), kind=HistoryKind.NOT_ATTENDING, pk__lt=OuterRef("pk")
    )
    taken_back = earlier.order_by("-pk").values("pk")[:1]
    later = HistoryEvent.objects.filter(delegation=OuterRef("delegation"), pk__gt=OuterRef("pk"))
    attends = ~Q(delegation__status=DelegationStatus.NOT_ATTENDING)
    review = Q(attends, ~Exists(later.filter(kind__in=(*REVIEWS, HistoryKind.SUBMITTED))), kind__in=REVIEWS)
    is_known = Exists(Delivery.objects.filter(event=OuterRef("taken_back"), may_have_arrived=True)) | Exists(
        HistoryEvent.objects.filter(pk=OuterRef("taken_back"), actor__is_staff=False)
    )
    attendance = Q(
        Q(kind=HistoryKind.NOT_ATTENDING) | Q(is_known, kind=HistoryKind.ATTENDING_AGAIN),
        ~Exists(later.filter(kind__in=ATTENDANCE)),
        actor__is_staff=True,
    )
    is_released = Exists(Release.objects.filter(webinar=OuterRef("webinar")))
    return HistoryEvent.objects.alias(taken_back=Subquery(taken_back)).filter(
        review | attendance | Q(kind__in=WAIVERS), is_released
    )
