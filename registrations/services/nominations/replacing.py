"""Replacing a delegate by a new person."""

from dataclasses import replace
from datetime import datetime

from registrations.exceptions import EditConflict
from registrations.models import Delegate, DelegateStatus, HistoryKind, User
from registrations.services.acceptance import accept_if_complete
from registrations.services.delegate_changes import mark_left
from registrations.services.delegate_details import DelegateDetails, clean_details
from registrations.services.history import Changes, record
from registrations.services.nominations.saving import check_active, create_delegate
from registrations.services.quota_locks import lock_delegation
from registrations.services.registration_window import check_attending, check_time, clean_reason
from registrations.services.transactions import atomic_with_retry


@atomic_with_retry
def replace_delegate(
    delegate: Delegate, *, details: DelegateDetails, version: int, by: User, now: datetime, reason: str = ""
) -> Delegate:
    """Replace `delegate` by a new person, who is returned. The quota stays met throughout (rule 6).

    The new person takes the profile, and is admitted at once in an accepted delegation. Focal points can replace after
    registration closes. Raises NotPossibleNow if `delegate` has left, so that a form sent twice replaces once;
    EditConflict if they changed since `version`; and what `register_delegate` raises, except QuotaFull. Locks the
    delegation.
    """
    locked = lock_delegation(delegate.delegation)
    check_time(locked.delegation.webinar, by=by, now=now, is_allowed_late=True)
    check_attending(locked.delegation)
    reason = clean_reason(reason)
    old = locked.reload(delegate)
    check_active(old)
    if old.version != version:
        raise EditConflict.of_person(old)
    details = clean_details(
        replace(details, profile=old.profile), delegation=locked.delegation, profile_ids=locked.profile_ids
    )
    left = mark_left(old, status=DelegateStatus.REPLACED, reason=reason, by=by, now=now)
    newcomer, is_new_address = create_delegate(locked, details, by=by, now=now)
    old.replaced_by = newcomer
    old.save(update_fields=["replaced_by"])
    _record_replacement(old, newcomer, left, by=by, now=now, reason=reason, is_new_address=is_new_address)
    accept_if_complete(locked, step=HistoryKind.REPLACED, by=by, now=now)
    return newcomer


def _record_replacement(
    old: Delegate,
    newcomer: Delegate,
    left: Changes,
    *,
    by: User,
    now: datetime,
    reason: str,
    is_new_address: bool,
) -> None:
    """Record the replacement as two events, one about each person; `left` are changes of the person who left."""
    record(
        HistoryKind.REPLACED,
        delegation=old.delegation,
        delegate=old,
        by=by,
        now=now,
        reason=reason,
        changes={"replaced_by": ["", newcomer.name], **left},
    )
    record(
        HistoryKind.REGISTERED,
        delegation=old.delegation,
        delegate=newcomer,
        by=by,
        now=now,
        changes={"replaces": ["", old.name]},
        brings_new_address=is_new_address,
    )
