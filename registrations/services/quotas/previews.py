"""What a change of quota limits would do, shown before it is saved."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from registrations.models import Delegation, DelegationStatus, ParticipantProfile, Quota, QuotaException, QuotaLimits
from registrations.queries import SeatCount
from registrations.queries.acceptance import (
    Acceptances,
    acceptances_among_counted,
    acceptances_with_seats,
    accepts_at_once,
)
from registrations.queries.seats import CountedDelegation, delegations_with_seats

NO_ACCEPTANCES = Acceptances()


@dataclass(frozen=True)
class QuotaPreview:
    """What a change of limits would do: delegations with a new gap, acceptances, the exception that it replaces."""

    limits: QuotaLimits
    opened: tuple[Delegation, ...] = ()
    replaced: QuotaException | None = None
    accepted: Acceptances = NO_ACCEPTANCES

    @property
    def confirmations(self) -> frozenset[str]:
        """The marks that the user's form must send back to confirm the change; empty if there is nothing to confirm.

        They include the limits if the change opens gaps or accepts delegations, and the time of the replaced exception,
        so that a confirmation does not cover other facts than those shown.
        """
        numbers = [f"{self.limits.minimum}-{self.limits.maximum}"] if self.opened or self.accepted.delegations else []
        opened = (delegation.slug for delegation in self.opened)
        return frozenset([*numbers, *opened, *self.accepted.confirmations, *exception_confirmations(self.replaced)])


def exception_confirmations(exception: QuotaException | None) -> list[str]:
    """Return the mark of an exception with its present time, as used in `QuotaPreview.confirmations`."""
    return [f"{exception.pk}@{exception.made_at.timestamp()}"] if exception else []


def quota_change_preview(quota: Quota, limits: QuotaLimits) -> QuotaPreview:
    """Preview `limits` for `quota`. The number of queries does not depend on the number of delegations.

    `opened` are the attending delegations that meet the quota today and would have a gap; `accepted` are the submitted
    ones that would be complete.
    """
    counted = delegations_with_seats(quota.webinar)
    opened = [
        candidate.delegation
        for candidate in counted
        if candidate.delegation.status != DelegationStatus.NOT_ATTENDING
        and any(would_open_gap(seat, limits.minimum) for seat in seats_of_quota(candidate.seats, quota))
    ]
    return QuotaPreview(limits, tuple(opened), accepted=_accepted_with(counted, quota, limits))


def _accepted_with(counted: Iterable[CountedDelegation], quota: Quota, limits: QuotaLimits) -> Acceptances:
    """Return the delegations that would be accepted automatically if `quota` had `limits`."""
    if not accepts_at_once(quota.webinar):
        return NO_ACCEPTANCES
    return acceptances_among_counted(
        replace(
            candidate,
            seats=tuple(with_limits(seat, limits) if _follows_quota(quota, seat) else seat for seat in candidate.seats),
        )
        for candidate in counted
    )


def exception_preview(
    delegation: Delegation,
    seat: SeatCount | None,
    limits: QuotaLimits,
    *,
    replaced: QuotaException | None = None,
    accepted: Acceptances = NO_ACCEPTANCES,
) -> QuotaPreview:
    """Preview `limits` for one delegation, whose `seat` is None if it has none, replacing the exception `replaced`.

    `accepted` is the result of `acceptances_with_limits`.
    """
    is_attending = delegation.status != DelegationStatus.NOT_ATTENDING
    opens = seat is not None and is_attending and would_open_gap(seat, limits.minimum)
    return QuotaPreview(limits, (delegation,) if opens else (), replaced, accepted)


def acceptances_with_limits(
    delegation: Delegation,
    seats: Iterable[SeatCount],
    profile: ParticipantProfile,
    limits: QuotaLimits,
    *,
    lacks_letter: bool,
) -> Acceptances:
    """Return the acceptance of `delegation` that would follow if `profile` had `limits`. Costs at most two queries."""
    seats_with_limits = [with_limits(seat, limits) if seat.profile == profile else seat for seat in seats]
    return acceptances_with_seats(delegation, seats_with_limits, lacks_letter=lacks_letter)


def seats_of_quota(seats: Iterable[SeatCount], quota: Quota) -> Iterable[SeatCount]:
    """Return the seat counts that follow `quota`."""
    return (seat for seat in seats if _follows_quota(quota, seat))


def _follows_quota(quota: Quota, seat: SeatCount) -> bool:
    """Whether the limits of `seat` are those of `quota`; an exception for the body overrides them."""
    return seat.profile.pk == quota.profile_id and seat.default_limits is None


def with_limits(seat: SeatCount, limits: QuotaLimits) -> SeatCount:
    """Return `seat` with other limits."""
    return replace(seat, minimum=limits.minimum, maximum=limits.maximum)


def would_open_gap(seat: SeatCount, minimum: int) -> bool:
    """Whether `seat` is met now and would not be with `minimum`."""
    return seat.is_met and seat.named < max(0, minimum - seat.waived)
