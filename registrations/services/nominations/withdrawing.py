"""Withdrawing a delegate."""

from collections.abc import Iterable
from datetime import datetime

from registrations.exceptions import EditConflict
from registrations.models import Delegate, DelegateStatus, User
from registrations.queries import SeatCount
from registrations.services.delegate_changes import withdraw_locked
from registrations.services.nominations.saving import check_active
from registrations.services.quota_locks import lock_delegation
from registrations.services.registration_window import check_attending, check_time, clean_reason
from registrations.services.transactions import atomic_with_retry


@atomic_with_retry
def withdraw_delegate(delegate: Delegate, *, version: int, by: User, now: datetime, reason: str = "") -> Delegate:
    """Withdraw `delegate`: the seat is free, the links end, and the calendar entries become due for cancellation.

    Raises ReasonRequired if this opens a gap and `reason` is blank, unless the person was registered within the mail
    delay, which makes it an undo; EditConflict if the person changed since `version`; NotPossibleNow if they were
    replaced; and what `check_time` raises. A second call changes nothing. Locks the delegation.
    """
    locked = lock_delegation(delegate.delegation)
    check_time(locked.delegation.webinar, by=by, now=now, is_allowed_late=True)
    reason = clean_reason(reason)
    current = locked.reload(delegate)
    if current.status == DelegateStatus.WITHDRAWN:
        return current
    check_active(current)
    check_attending(locked.delegation)
    if current.version != version:
        raise EditConflict.of_person(current)
    if not _is_undo_of_registration(current, now=now):
        locked.check_gap_reason(current.profile, reason=reason)
    withdraw_locked(current, delegation=locked.delegation, reason=reason, by=by, now=now)
    return current


def withdrawing_leaves_gap(delegate: Delegate, seats: Iterable[SeatCount], *, now: datetime) -> bool:
    """Whether withdrawing `delegate` needs a reason. Costs at most one query."""
    seat = next((seat for seat in seats if seat.profile.pk == delegate.profile_id), None)
    return seat is not None and seat.opens_gap_if_one_leaves and not _is_undo_of_registration(delegate, now=now)


def _is_undo_of_registration(delegate: Delegate, *, now: datetime) -> bool:
    """Whether withdrawing `delegate` undoes a registration that nobody was mailed about and that replaced nobody."""
    return delegate.is_new_at(now) and not Delegate.objects.filter(replaced_by=delegate).exists()
