"""Accepting delegations, by a person's decision (rule 5) or automatically once they are complete (rule 4)."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from registrations.exceptions import NotPossibleNow
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
    """Accept the locked `delegations` by the decision of `by` and admit their people.

    People who were admitted earlier keep that time. Costs three queries, however many delegations.
    """
    for delegation in delegations:
        _set_accepted(delegation, by=by, now=now, comment=comment)
    events = [new_event(kind, delegation=delegation, by=by, now=now, reason=comment) for delegation in delegations]
    _save(delegations, events, now=now)


def accept_by_rule(delegations: Collection[Delegation], *, step: str | None, by: User | None, now: datetime) -> None:
    """Accept the locked `delegations`, which are submitted and complete, automatically.

    `step` is the action of `by` that completed them, for the history: a HistoryKind or a key of `STEPS_WITHOUT_EVENT`.
    It is None if they were complete when they were submitted. Costs three queries, however many delegations.
    """
    for delegation in delegations:
        _set_accepted(delegation, by=None, now=now, comment="")
        delegation.gap_reason = ""
    changes = {COMPLETING_STEP: ["", str(step)]} if step else {}
    events = [
        new_event(HistoryKind.ACCEPTED, delegation=delegation, by=by, now=now, changes=changes)
        for delegation in delegations
    ]
    _save(delegations, events, now=now)


def accept_if_complete(locked: LockedDelegation, *, step: str | None, by: User | None, now: datetime) -> bool:
    """Accept the delegation of `locked` if it is submitted and now complete; return whether it was accepted.

    Every action that can complete a delegation calls this last, while it holds the locks. The webinar may be set to
    wait for a decision; then nothing is accepted. `step` and `by` are those of `accept_by_rule`. Costs no query unless
    the delegation is submitted.
    """
    delegation = locked.delegation
    if delegation.status != DelegationStatus.SUBMITTED:
        return False
    # Seats and policy are read again: they may have changed while this transaction waited for its locks.
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
    not_admitted = Delegate.objects.active().filter(delegation__in=delegations, admitted_at__isnull=True)
    not_admitted.update(admitted_at=now)
    HistoryEvent.objects.bulk_create(events)


def check_confirmed(confirmations: frozenset[str], confirmed: Iterable[str] | None) -> None:
    """Raise NotPossibleNow unless the user has `confirmed` all `confirmations`; None skips the check."""
    if confirmed is not None and not confirmations <= set(confirmed):
        raise NotPossibleNow(_("Meanwhile this does more than you have seen. Please look again."))
