"""Accepting delegations (rule 5), and accepting by the rules those that are submitted and become complete (rule 4)."""

from collections.abc import Collection
from datetime import datetime

from registrations.models import Delegate, Delegation, DelegationStatus, HistoryEvent, HistoryKind, User
from registrations.models.history import COMPLETING_STEP
from registrations.queries.acceptance import accepts_at_once
from registrations.services.history import new_event
from registrations.services.quota_locks import LockedDelegation, lock_delegation

DECISION_FIELDS = ("status", "version", "decided_at", "decided_by", "decision_comment", "gap_reason")


def accept_by_decision(
    delegations: Collection[Delegation],
    *,
    by: User | None,
    now: datetime,
    kind: HistoryKind = HistoryKind.ACCEPTED,
    comment: str = "",
) -> None:
    """Accept `delegations`, which are locked, by decision of `by` (None: by the rules), and admit their people.

    Whoever was admitted earlier stays so since then. Three queries, however many delegations.
    """
    for delegation in delegations:
        _set_accepted(delegation, by=by, now=now, comment=comment)
    events = [new_event(kind, delegation=one, by=by, now=now, reason=comment) for one in delegations]
    _save(delegations, events, now=now)


def accept_by_rule(delegations: Collection[Delegation], *, step: str | None, by: User | None, now: datetime) -> None:
    """Accept `delegations`, which are locked, submitted and complete, by the rules.

    `step` made them complete, and `by` took it: the kind of the history event that says what was done, or one of
    `STEPS_WITHOUT_EVENT`; None where they were submitted complete. Three queries, however many delegations.
    """
    for delegation in delegations:
        _set_accepted(delegation, by=None, now=now, comment="")
        delegation.gap_reason = ""
    changes = {COMPLETING_STEP: ["", str(step)]} if step else {}
    events = [new_event(HistoryKind.ACCEPTED, delegation=one, by=by, now=now, changes=changes) for one in delegations]
    _save(delegations, events, now=now)


def accept_if_complete(locked: LockedDelegation, *, step: str | None, by: User | None, now: datetime) -> bool:
    """Accept the delegation of `locked` if it is submitted and, after what this transaction wrote, complete.

    Every write that may complete a delegation ends with it, under the locks that it holds. False where the webinar
    makes complete delegations wait for a person. `step` and `by` as for `accept_by_rule`. No query unless the
    delegation is submitted.
    """
    delegation = locked.delegation
    if delegation.status != DelegationStatus.SUBMITTED:
        return False
    # Counted anew, and with the policy as it is now: it may have changed while this transaction waited for its locks.
    if not lock_delegation(delegation).is_complete or not accepts_at_once(delegation.webinar):
        return False
    accept_by_rule([delegation], step=step, by=by, now=now)
    return True


def _set_accepted(delegation: Delegation, *, by: User | None, now: datetime, comment: str) -> None:
    delegation.status = DelegationStatus.ACCEPTED
    delegation.version += 1
    delegation.decided_at = now
    delegation.decided_by = by
    delegation.decision_comment = comment


def _save(delegations: Collection[Delegation], events: Collection[HistoryEvent], *, now: datetime) -> None:
    if not delegations:
        return
    Delegation.objects.bulk_update(delegations, DECISION_FIELDS)
    waiting = Delegate.objects.active().filter(delegation__in=delegations, admitted_at__isnull=True)
    waiting.update(admitted_at=now)
    HistoryEvent.objects.bulk_create(events)
