"""Previews of what a change of a webinar's setup does to its delegations; the user confirms it before it is saved."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from registrations.models import Delegation, DelegationStatus
from registrations.queries.acceptance import Acceptances, acceptances_among_counted
from registrations.queries.seats import CountedDelegation


@dataclass(frozen=True)
class ChangePreview:
    """The delegations that become incomplete or get a new gap, and the acceptances. `marks` name what is then asked."""

    opened: tuple[Delegation, ...] = ()
    accepted: Acceptances = field(default_factory=Acceptances)
    marks: tuple[str, ...] = ()

    @property
    def confirmations(self) -> frozenset[str]:
        """The marks that the user's form must send back; empty if there is nothing to confirm."""
        if not self.opened and not self.accepted.delegations:
            return frozenset()
        opened = (f"opens:{delegation.slug}" for delegation in self.opened)
        return frozenset([*self.marks, *opened, *self.accepted.confirmations])


def compare_delegations(
    before: Iterable[CountedDelegation],
    after: Sequence[CountedDelegation],
    *,
    accepts_at_once: bool,
    marks: Iterable[str] = (),
) -> ChangePreview:
    """Preview a change that turns the counts `before` into those `after`. One query, none if it accepts nothing."""
    earlier = {counted.delegation.pk: counted for counted in before}
    return ChangePreview(
        opened=tuple(each.delegation for each in after if _has_new_gap(earlier[each.delegation.pk], each)),
        accepted=acceptances_among_counted(after) if accepts_at_once else Acceptances(),
        marks=tuple(marks),
    )


def _has_new_gap(before: CountedDelegation, after: CountedDelegation) -> bool:
    """Whether an attending delegation is incomplete only now, or no longer meets a quota that it met."""
    if after.delegation.status == DelegationStatus.NOT_ATTENDING:
        return False
    met = {seat.profile.pk for seat in before.seats if seat.is_met}
    is_short_of_one = any(seat.profile.pk in met and not seat.is_met for seat in after.seats)
    return is_short_of_one or (before.is_complete and not after.is_complete)
