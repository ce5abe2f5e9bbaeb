"""Which submitted delegations are complete and are therefore accepted automatically (rule 4)."""

from collections.abc import Iterable
from dataclasses import dataclass

from registrations.models import Delegate, Delegation, DelegationStatus, RegistrationPolicy
from registrations.queries.delegation_page import policy_of
from registrations.queries.seats import CountedDelegation, SeatCount, gaps_in
from sessions_app.models import Webinar


@dataclass(frozen=True)
class Acceptances:
    """The delegations that an action accepts automatically, and how many people are invited because of it.

    `people` counts the active delegates who were not admitted before.
    """

    delegations: tuple[Delegation, ...] = ()
    people: int = 0

    @property
    def confirmations(self) -> frozenset[str]:
        """The marks that the user's form must send back to confirm these acceptances; empty if nothing is accepted."""
        if not self.delegations:
            return frozenset()
        return frozenset([*(f"accepts:{delegation.slug}" for delegation in self.delegations), f"invites:{self.people}"])


def acceptances_among_counted(counted: Iterable[CountedDelegation]) -> Acceptances:
    """Return the acceptances of the submitted and complete delegations among `counted`.

    The caller checks whether the webinar accepts complete delegations at once (`accepts_at_once`). Costs one query, or
    none if no delegation qualifies.
    """
    return acceptances_of(
        candidate.delegation
        for candidate in counted
        if candidate.delegation.status == DelegationStatus.SUBMITTED and candidate.is_complete
    )


def acceptances_of(delegations: Iterable[Delegation]) -> Acceptances:
    """Count the people of `delegations` who are not invited yet. Costs one query, or none without delegations."""
    found = tuple(delegations)
    if not found:
        return Acceptances()
    not_admitted = Delegate.objects.active().filter(delegation__in=found, admitted_at__isnull=True)
    return Acceptances(found, not_admitted.count())


def acceptances_with_seats(
    delegation: Delegation, seats: Iterable[SeatCount], *, lacks_letter: bool, status: str = ""
) -> Acceptances:
    """Return the acceptance of `delegation` that would follow if it had `seats` and `status` (by default its own).

    Costs at most two queries, and none if the delegation would not be submitted or not be complete.
    """
    is_submitted = (status or delegation.status) == DelegationStatus.SUBMITTED
    is_complete = is_submitted and not lacks_letter and not gaps_in(seats)
    return acceptances_of([delegation] if is_complete and accepts_at_once(delegation.webinar) else [])


def is_accepted_at_once(delegation: Delegation) -> bool:
    """Whether the delegation is accepted once it is complete, judged by the policy that was loaded with its webinar.

    Costs no query. Under locks use `accepts_at_once`, which reads the policy anew.
    """
    policy = policy_of(delegation.webinar)
    return policy is None or policy.accepts_complete_at_once


def accepts_at_once(webinar: Webinar) -> bool:
    """Whether the webinar accepts complete delegations without a decision by a person.

    Always costs one query: the policy may have changed while the caller waited for its locks.
    """
    return not RegistrationPolicy.objects.filter(webinar=webinar, accepts_complete_at_once=False).exists()
