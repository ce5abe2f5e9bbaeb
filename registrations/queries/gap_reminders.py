"""Which countries lack something and can be reminded, and which focal points would get the mail."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max

from registrations.models import Delegation, Delivery, DeliveryKind, User
from registrations.queries.focal_points import accounts_by_body
from registrations.queries.reminders import REMINDED_STATUSES
from registrations.queries.seats import CountedDelegation, SeatCount, delegations_with_seats, gaps_in
from sessions_app.models import Webinar

# Within a day of a reminder another one needs a second confirmation.
A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class CountryWithGaps:
    """A delegation that lacks something and does not wait for a decision. `focal_points` may be empty."""

    delegation: Delegation
    gaps: tuple[SeatCount, ...]
    lacks_letter: bool
    focal_points: tuple[User, ...]
    last_reminded_at: datetime | None

    def is_reminded_within_a_day(self, now: datetime) -> bool:
        """Whether a gap reminder was sent to the country within the 24 hours before `now`."""
        return self.last_reminded_at is not None and self.last_reminded_at > now - A_DAY


def incomplete_delegations(webinar: Webinar) -> list[CountedDelegation]:
    """Return the delegations of `webinar` that lack something and do not wait for a decision. Three queries."""
    return [
        counted
        for counted in delegations_with_seats(webinar)
        if counted.delegation.status in REMINDED_STATUSES and not counted.is_complete
    ]


def countries_with_gaps(webinar: Webinar) -> list[CountryWithGaps]:
    """Return the countries of `webinar` that lack something, by name. Five queries, however many there are."""
    incomplete = incomplete_delegations(webinar)
    accounts = accounts_by_body(counted.delegation.body_id for counted in incomplete)
    notices = Delivery.objects.not_superseded().filter(kind=DeliveryKind.GAP_NOTICE, webinar=webinar)
    reminded = dict(notices.order_by().values_list("delegation").annotate(last=Max("created_at")))
    return [
        CountryWithGaps(
            delegation=counted.delegation,
            gaps=gaps_in(counted.seats),
            lacks_letter=counted.lacks_letter,
            focal_points=tuple(accounts.get(counted.delegation.body_id, ())),
            last_reminded_at=reminded.get(counted.delegation.pk),
        )
        for counted in sorted(incomplete, key=lambda counted: str(counted.delegation.body))
    ]
