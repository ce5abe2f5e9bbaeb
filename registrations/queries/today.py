"""What waits for the secretariat today, in a number of queries that does not grow with the webinars."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min, Q

from registrations.models import Delegation, DelegationStatus, Delivery, DeliveryState
from sessions_app.models import Webinar

LONGEST_LIST = 12


@dataclass(frozen=True)
class Today:
    """`webinars` are those with a session ahead, the next one first; the lists are cut, the counts are not."""

    webinars: list[Webinar]
    awaiting: list[Delegation]
    awaiting_count: int
    failed: list[Delivery]
    failed_count: int


def today(*, now: datetime) -> Today:
    """Five queries."""
    ahead = Webinar.objects.annotate(
        first=Min("sessions__starts_at"),
        last=Max("sessions__starts_at"),
        body_count=Count("delegations", distinct=True),
        accepted_count=Count("delegations", filter=Q(delegations__status=DelegationStatus.ACCEPTED), distinct=True),
    ).filter(Q(last__gte=now) | Q(last__isnull=True), cancelled_at__isnull=True)
    awaiting = Delegation.objects.filter(status=DelegationStatus.SUBMITTED).order_by("submitted_at")
    failed = Delivery.objects.filter(state=DeliveryState.FAILED)
    return Today(
        webinars=list(ahead.select_related("policy").order_by("first", "slug")),
        awaiting=list(awaiting.select_related("webinar", "body")[:LONGEST_LIST]),
        awaiting_count=awaiting.count(),
        failed=list(failed.select_related("session")[:LONGEST_LIST]),
        failed_count=failed.count(),
    )
