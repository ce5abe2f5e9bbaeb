"""Taking back what was done to a person; a focal point may while mail about it is still held."""

from datetime import datetime

from django.utils.translation import gettext as _

from registrations.exceptions import NotPossibleNow
from registrations.models import Delegate, DelegateStatus, HistoryKind, User
from registrations.queries import undoable_edit_of
from registrations.services.acceptance import accept_if_complete
from registrations.services.delegate_details import apply_details, clean_details, details_before
from registrations.services.history import record
from registrations.services.quota_locks import (
    LockedDelegation,
    atomic_with_retry,
    lock_delegation,
    mark_changed,
    mark_left,
    write_delegate,
)
from registrations.services.registration_window import check_attending, check_time


@atomic_with_retry
def restore_delegate(delegate: Delegate, *, by: User, now: datetime) -> Delegate:
    """Undo a withdrawal or a replacement; undoing a replacement withdraws the one who took the seat.

    A focal point may while mail about it is still held: then everything is as before, the links included. Staff may
    at any time; then the person is admitted anew, and gets new links. Raises NotPossibleNow when it is too late, the
    person's data have ended, or the one who took the seat would leave a gap under another profile; QuotaFull,
    AddressTakenHere, AddressTakenElsewhere, and what `check_time` raises. Restoring twice changes nothing.
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
    changes = {"status": [current.status, str(DelegateStatus.ACTIVE)]} | _free_seat_for(locked, current, by=by, now=now)
    current.status = DelegateStatus.ACTIVE
    current.withdrawn_at = None
    current.withdrawn_reason = ""
    if is_undo:
        current.token_version -= 1
    current.admitted_at = (is_undo and current.admitted_at) or locked.admission_time(now)
    mark_changed(current, by=by, now=now)
    write_delegate(locked, current, by=by, now=now)
    record(HistoryKind.RESTORED, delegation=locked.delegation, delegate=current, by=by, now=now, changes=changes)
    accept_if_complete(locked, step=HistoryKind.RESTORED, by=by, now=now)
    return current


@atomic_with_retry
def undo_edit(delegate: Delegate, *, version: int, by: User, now: datetime) -> Delegate:
    """Give `delegate` back what the edit that made them `version` changed, the links included.

    Only while mail about it is held, and where nothing happened to the person since. Raises NotPossibleNow otherwise,
    so also where it is sent twice, where staff edited, or where somebody asked for the links of the new address;
    QuotaFull where the seat of before is not free any more; AddressTakenHere, AddressTakenElsewhere, InvalidInput, and
    what `check_time` raises.
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
        locked.check_maximum(current.profile)
    if current.address != address_after:
        current.token_version -= 1
        if current.mail_held_at == edit.at:
            # The address that the edit brought was one too many of the day.
            current.mail_held_at = None
    mark_changed(current, by=by, now=now)
    write_delegate(locked, current, by=by, now=now)
    record(HistoryKind.EDIT_UNDONE, delegation=locked.delegation, delegate=current, by=by, now=now, changes=changes)
    accept_if_complete(locked, step=HistoryKind.EDIT_UNDONE, by=by, now=now)
    return current


def _free_seat_for(locked: LockedDelegation, delegate: Delegate, *, by: User, now: datetime) -> dict[str, list[str]]:
    """Free a seat for `delegate`, who returns: that of an active successor, else one that the maximum allows."""
    successor = delegate.replaced_by
    delegate.replaced_by = None
    if successor is None or not successor.is_active or successor.profile_id != delegate.profile_id:
        locked.check_maximum(delegate.profile)
    if successor is None:
        return {}
    if successor.is_active:
        seat = locked.seat_of(successor.profile)
        if successor.profile_id != delegate.profile_id and seat is not None and seat.opens_gap_if_one_leaves:
            # Without a reason, which this step does not ask for (rule 6).
            raise NotPossibleNow(
                _(
                    "This would leave a gap: %(name)s, who took the seat, is named under another profile by now. "
                    "Withdraw %(name)s first, with a reason."
                )
                % {"name": successor.name}
            )
        mark_left(successor, status=DelegateStatus.WITHDRAWN, reason="", by=by, now=now)
        record(HistoryKind.WITHDRAWN, delegation=locked.delegation, delegate=successor, by=by, now=now)
    return {"replaced_by": [successor.name, ""]}
