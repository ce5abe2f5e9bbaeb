"""Undoing a withdrawal, replacement or edit; focal points can do so only while mail about it is delayed."""

from datetime import datetime

from django.utils.translation import gettext as _

from registrations.exceptions import NotPossibleNow
from registrations.models import Delegate, DelegateStatus, HistoryKind, User
from registrations.queries import undoable_edit_of
from registrations.services.acceptance import accept_if_complete
from registrations.services.delegate_changes import mark_changed, withdraw_locked
from registrations.services.delegate_details import apply_details, clean_details, details_before
from registrations.services.history import record
from registrations.services.nominations.saving import check_head, head_besides
from registrations.services.quota_locks import LockedDelegation, lock_delegation
from registrations.services.registration_window import check_attending, check_time
from registrations.services.transactions import atomic_with_retry
from registrations.services.unique_addresses import write_delegate


@atomic_with_retry
def restore_delegate(delegate: Delegate, *, by: User, now: datetime) -> Delegate:
    """Undo a withdrawal or a replacement; undoing a replacement withdraws the successor.

    Within the mail delay everything is restored, earlier links included. Staff may restore at any time; then the person
    is admitted anew and gets new links. Raises NotPossibleNow if it is too late, the person was anonymised, or
    withdrawing the successor would leave a gap under another profile; QuotaFull, AddressTakenHere,
    AddressTakenElsewhere, and what `check_time` raises. A second call changes nothing. Locks the delegation.
    """
    locked = lock_delegation(delegate.delegation)
    check_time(locked.delegation.webinar, by=by, now=now, is_allowed_late=True)
    current = locked.reload(delegate)
    if current.is_active:
        return current
    if current.anonymised_at is not None:
        raise NotPossibleNow(_("Nobody knows any more who this was. Name the person anew instead."))
    check_attending(locked.delegation)
    is_undo = current.is_mail_delayed_at(now)
    if not is_undo and not by.is_staff:
        raise NotPossibleNow(_("This can no longer be undone. Name %(name)s again instead.") % {"name": current.name})
    changes: dict[str, list[object]] = {"status": [current.status, str(DelegateStatus.ACTIVE)]}
    changes |= _free_seat_for(locked, current, by=by, now=now)
    current.status = DelegateStatus.ACTIVE
    current.withdrawn_at = None
    current.withdrawn_reason = ""
    if is_undo:
        current.token_version -= 1
        changes |= _take_head_back(current)
    current.admitted_at = (is_undo and current.admitted_at) or locked.admission_time(now)
    mark_changed(current, by=by, now=now)
    write_delegate(locked, current, by=by, now=now)
    record(HistoryKind.RESTORED, delegation=locked.delegation, delegate=current, by=by, now=now, changes=changes)
    accept_if_complete(locked, step=HistoryKind.RESTORED, by=by, now=now)
    return current


@atomic_with_retry
def undo_edit(delegate: Delegate, *, version: int, by: User, now: datetime) -> Delegate:
    """Restore what the edit that led to `version` of `delegate` changed, earlier links included.

    Raises NotPossibleNow unless the edit is the latest event of the person, was made by a focal point and its mail is
    still delayed, or if a mail to the new address was planned; QuotaFull if the former profile has no free seat;
    HeadTaken, AddressTakenHere, AddressTakenElsewhere, InvalidInput, and what `check_time` raises. Locks the
    delegation.
    """
    locked = lock_delegation(delegate.delegation)
    check_time(locked.delegation.webinar, by=by, now=now, is_allowed_late=True)
    check_attending(locked.delegation)
    current = locked.reload(delegate)
    edit = undoable_edit_of(current, now=now)
    if edit is None or current.version != version or not current.is_active:
        raise NotPossibleNow(_("This can no longer be undone. Edit %(name)s again instead.") % {"name": current.name})
    before = details_before(current, edit.changes, profiles=[seat.profile for seat in locked.seats])
    details = clean_details(before, delegation=locked.delegation, profile_ids=locked.profile_ids)
    address_after = current.address
    changes = apply_details(current, details)
    if "profile" in changes:
        locked.check_maximum(current.profile, by=by)
    check_head(current)
    if current.address != address_after:
        current.token_version -= 1
        if current.mail_held_at == edit.at:
            # The mail was held because of the new address, which exceeded the daily limit.
            current.mail_held_at = None
    mark_changed(current, by=by, now=now)
    write_delegate(locked, current, by=by, now=now)
    record(HistoryKind.EDIT_UNDONE, delegation=locked.delegation, delegate=current, by=by, now=now, changes=changes)
    accept_if_complete(locked, step=HistoryKind.EDIT_UNDONE, by=by, now=now)
    return current


def _take_head_back(delegate: Delegate) -> dict[str, list[object]]:
    """Mark the person as head of delegation if leaving ended that and nobody else has it now; return the change."""
    left = delegate.history.filter(kind__in=[HistoryKind.WITHDRAWN, HistoryKind.REPLACED]).first()
    if left is None or "is_head_of_delegation" not in left.changes or head_besides(delegate) is not None:
        return {}
    delegate.is_head_of_delegation = True
    return {"is_head_of_delegation": [False, True]}


def _free_seat_for(locked: LockedDelegation, delegate: Delegate, *, by: User, now: datetime) -> dict[str, list[object]]:
    """Withdraw the active successor, or check the maximum, so that `delegate` can return; return the changes."""
    successor = delegate.replaced_by
    delegate.replaced_by = None
    if successor is None or not successor.is_active or successor.profile_id != delegate.profile_id:
        locked.check_maximum(delegate.profile, by=by)
    if successor is None:
        return {}
    if successor.is_active:
        seat = locked.seat_of(successor.profile)
        if successor.profile_id != delegate.profile_id and seat is not None and seat.opens_gap_if_one_leaves:
            # A gap needs a reason (rule 6), which restoring does not ask for.
            raise NotPossibleNow(
                _(
                    "This would leave a gap: %(name)s, who took the seat, is named under another profile by now. "
                    "Withdraw %(name)s first, with a reason."
                )
                % {"name": successor.name}
            )
        withdraw_locked(successor, delegation=locked.delegation, reason="", by=by, now=now)
    return {"replaced_by": [successor.name, ""]}
