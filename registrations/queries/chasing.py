"""Which countries can be reminded of what they lack, and who of them would be written to."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max

from registrations.models import Delegation, Delivery, DeliveryKind, FocalPoint, User
from registrations.queries.reminders import CHASED
from registrations.queries.seats import SeatCount, delegations_with_seats, gaps_in
from sessions_app.models import Webinar

# So soon after one reminder another one needs to be meant.
A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class CountryToChase:
    """A delegation that lacks something and is not waiting for a decision. `focal_points` may be empty."""

    delegation: Delegation
    gaps: tuple[SeatCount, ...]
    lacks_letter: bool
    focal_points: tuple[User, ...]
    last_told_at: datetime | None

    def is_told_within_a_day(self, now: datetime) -> bool:
        return self.last_told_at is not None and self.last_told_at > now - A_DAY


def countries_to_chase(webinar: Webinar) -> list[CountryToChase]:
    """Those of `webinar`, by name. Six queries, however many."""
    incomplete = [
        counted
        for counted in delegations_with_seats(webinar)
        if counted.delegation.status in CHASED and not counted.is_complete
    ]
    focal_points: dict[int, list[User]] = defaultdict(list)
    bodies = {counted.delegation.body_id for counted in incomplete}
    for focal_point in FocalPoint.objects.with_access().filter(body__in=bodies).select_related("user"):
        focal_points[focal_point.body_id].append(focal_point.user)
    notices = Delivery.objects.standing().filter(kind=DeliveryKind.GAP_NOTICE, delegation__webinar=webinar)
    told = dict(notices.order_by().values_list("delegation").annotate(last=Max("created_at")))
    return [
        CountryToChase(
            delegation=counted.delegation,
            gaps=gaps_in(counted.seats),
            lacks_letter=counted.lacks_letter,
            focal_points=tuple(focal_points[counted.delegation.body_id]),
            last_told_at=told.get(counted.delegation.pk),
        )
        for counted in sorted(incomplete, key=lambda one: str(one.delegation.body))
    ]
