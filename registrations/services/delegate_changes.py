"""Marks a delegate as changed or as left, and delays the mail about it, so that a focal point can undo the change."""

from datetime import datetime

from registrations.models import Delegate, DelegateStatus, Delegation, HistoryKind, User
from registrations.models.delegate import mail_delay
from registrations.services.history import record


def mark_left(
    delegate: Delegate, *, status: DelegateStatus, reason: str, by: User, now: datetime
) -> dict[str, list[object]]:
    """Save that `delegate` left: the seat is free and the links end. `admitted_at` is kept for an undo.

    Returns the changes for the history: that a head of delegation gave up the mark.
    """
    changes: dict[str, list[object]] = (
        {"is_head_of_delegation": [True, False]} if delegate.is_head_of_delegation else {}
    )
    delegate.is_head_of_delegation = False
    delegate.status = status
    delegate.withdrawn_at = now
    delegate.withdrawn_reason = reason
    delegate.token_version += 1
    mark_changed(delegate, by=by, now=now)
    delegate.save()
    return changes


def withdraw_locked(delegate: Delegate, *, delegation: Delegation, reason: str, by: User, now: datetime) -> None:
    """Save and record that `delegate` is withdrawn. The caller has locked `delegation` and checked what is allowed."""
    changes = mark_left(delegate, status=DelegateStatus.WITHDRAWN, reason=reason, by=by, now=now)
    record(
        HistoryKind.WITHDRAWN,
        delegation=delegation,
        delegate=delegate,
        by=by,
        now=now,
        reason=reason,
        changes=changes,
    )


def mark_changed(delegate: Delegate, *, by: User, now: datetime) -> None:
    """Increment the version of `delegate` and delay mail about the change by `by`, without saving."""
    delegate.version += 1
    delegate.mail_not_before = mail_not_before(by=by, now=now)


def mail_not_before(*, by: User, now: datetime) -> datetime:
    """Return when mail about a change by `by` may leave: `now` for staff, later for focal points, who can undo it."""
    return now if by.is_staff else now + mail_delay()
