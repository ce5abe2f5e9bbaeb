"""Which submitted delegations are complete, and so accepted by the rules of their webinar (rule 4)."""

from collections.abc import Iterable
from dataclasses import dataclass

from registrations.models import Delegate, Delegation, DelegationStatus, RegistrationPolicy
from registrations.queries.delegation_page import policy_of
from registrations.queries.seats import CountedDelegation, SeatCount, gaps_in
from sessions_app.models import Webinar


@dataclass(frozen=True)
class Acceptances:
    """The delegations that a step makes complete, or finds complete, and thereby accepts; `people` are those of them
    who are not invited yet."""

    delegations: tuple[Delegation, ...] = ()
    people: int = 0

    @property
    def confirmations(self) -> frozenset[str]:
        """What must have been seen before the step; none where nothing is accepted."""
        if not self.delegations:
            return frozenset()
        return frozenset([*(f"accepts:{one.slug}" for one in self.delegations), f"invites:{self.people}"])


def acceptances_among_counted(counted: Iterable[CountedDelegation]) -> Acceptances:
    """The submitted and complete among `counted`. One query, none where there is no such delegation.

    Whether their webinar accepts them at once is for the caller to ask (`accepts_at_once`).
    """
    return acceptances_of(
        one.delegation for one in counted if one.delegation.status == DelegationStatus.SUBMITTED and one.is_complete
    )


def acceptances_of(delegations: Iterable[Delegation]) -> Acceptances:
    """`delegations`, with the count of their people who are not invited yet. One query, none without delegations."""
    found = tuple(delegations)
    if not found:
        return Acceptances()
    waiting = Delegate.objects.active().filter(delegation__in=found, admitted_at__isnull=True)
    return Acceptances(found, waiting.count())


def acceptances_with_seats(
    delegation: Delegation, seats: Iterable[SeatCount], *, lacks_letter: bool, status: str = ""
) -> Acceptances:
    """`delegation`, if it would be accepted at once if it had `seats` and `status` (its own where none is given).

    Two queries at most, none where it would not be submitted or complete.
    """
    is_submitted = (status or delegation.status) == DelegationStatus.SUBMITTED
    is_complete = is_submitted and not lacks_letter and not gaps_in(seats)
    return acceptances_of([delegation] if is_complete and accepts_at_once(delegation.webinar) else [])


def is_accepted_at_once(delegation: Delegation) -> bool:
    """As `accepts_at_once`, as far as the policy that was read with its webinar knows. No query."""
    policy = policy_of(delegation.webinar)
    return policy is None or policy.accepts_complete_at_once


def accepts_at_once(webinar: Webinar) -> bool:
    """Whether complete delegations of `webinar` are accepted without a person who decides. One query.

    Always a query: whoever waited for locks may hold a policy that was changed meanwhile.
    """
    return not RegistrationPolicy.objects.filter(webinar=webinar, accepts_complete_at_once=False).exists()
