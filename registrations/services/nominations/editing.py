"""Changing the details of a delegate."""

from datetime import datetime

from registrations.exceptions import EditConflict
from registrations.models import Delegate, HistoryKind, User
from registrations.services.acceptance import accept_if_complete
from registrations.services.delegate_changes import mark_changed
from registrations.services.delegate_details import DelegateDetails, apply_details, clean_details
from registrations.services.history import record
from registrations.services.mail_limits import WithdrawalCounts
from registrations.services.nominations.saving import check_active, check_head, save_with_new_address
from registrations.services.quota_locks import lock_delegation
from registrations.services.registration_window import check_attending, check_time, clean_reason
from registrations.services.transactions import atomic_with_retry


@atomic_with_retry
def edit_delegate(
    delegate: Delegate, *, details: DelegateDetails, version: int, by: User, now: datetime, reason: str = ""
) -> Delegate:
    """Change the details of `delegate`. The same details again change nothing, whatever the version.

    A new address invalidates the links sent to the old one. A new profile must have room below its maximum, and needs a
    reason if the old profile then has a gap. Raises EditConflict if the person changed since `version`, and what
    `register_delegate` raises. A focal point can edit until registration closes. Locks the delegation.
    """
    locked = lock_delegation(delegate.delegation)
    check_time(locked.delegation.webinar, by=by, now=now)
    check_attending(locked.delegation)
    reason = clean_reason(reason)
    current = locked.reload(delegate)
    check_active(current)
    details = clean_details(details, delegation=locked.delegation, profile_ids=locked.profile_ids)
    profile_before, address_before = current.profile, current.address
    changes = apply_details(current, details)
    if not changes:
        return current
    if current.version != version:
        raise EditConflict(locked.reload(delegate))
    if "profile" in changes:
        locked.check_maximum(current.profile, by=by)
        locked.check_gap_reason(profile_before, reason=reason)
    check_head(current)
    mark_changed(current, by=by, now=now)
    is_new_address = False
    if current.address == address_before:
        current.save()
    else:
        WithdrawalCounts(locked, [current.email], by=by, now=now).check(current.email)
        current.token_version += 1
        is_new_address = save_with_new_address(locked, current, by=by, now=now)
    record(
        HistoryKind.EDITED,
        delegation=locked.delegation,
        delegate=current,
        by=by,
        now=now,
        reason=reason,
        changes=changes,
        brings_new_address=is_new_address,
    )
    accept_if_complete(locked, step=HistoryKind.EDITED, by=by, now=now)
    return current
