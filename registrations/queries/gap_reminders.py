"""Which countries can be reminded of what they lack, and who of them would be written to."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max

from registrations.models import Delegation, Delivery, DeliveryKind, User
from registrations.queries.focal_points import accounts_by_body
from registrations.queries.reminders import REMINDED_STATUSES
from registrations.queries.seats import CountedDelegation, SeatCount, delegations_with_seats, gaps_in
from sessions_app.models import Webinar

# So soon after one reminder another one needs to be meant.
A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class CountryWithGaps:
    """A delegation that lacks something and is not waiting for a decision. `focal_points` may be empty."""

    delegation: Delegation
    gaps: tuple[SeatCount, ...]
    lacks_letter: bool
    focal_points: tuple[User, ...]
    last_told_at: datetime | None

    def is_told_within_a_day(self, now: datetime) -> bool:
        return self.last_told_at is not None and self.last_told_at > now - A_DAY


def incomplete_delegations(webinar: Webinar) -> list[CountedDelegation]:
    """Those of `webinar` that lack something and do not wait for a decision. Three queries."""
    return [
        counted
        for counted in delegations_with_seats(webinar)
        if counted.delegation.status in REMINDED_STATUSES and not counted.is_complete
    ]


def countries_with_gaps(webinar: Webinar) -> list[CountryWithGaps]:
    """Those of `webinar`, by name. Five queries, however many."""
    incomplete = incomplete_delegations(webinar)
    accounts = accounts_by_body(counted.delegation.body_id for counted in incomplete)
    notices = Delivery.objects.standing().filter(kind=DeliveryKind.GAP_NOTICE, webinar=webinar)
    told = dict(notices.order_by().values_list("delegation").annotate(last=Max("created_at")))
    return [
        CountryWithGaps(
            delegation=counted.delegation,
            gaps=gaps_in(counted.seats),
            lacks_letter=counted.lacks_letter,
            focal_points=tuple(accounts.get(counted.delegation.body_id, ())),
            last_told_at=told.get(counted.delegation.pk),
        )
        for counted in sorted(incomplete, key=lambda one: str(one.delegation.body))
    ]
