"""What registering, editing and replacing have in common: checks, and saving under a new address."""

from datetime import datetime

from django.utils.translation import gettext as _

from registrations.exceptions import HeadTaken, NotPossibleNow
from registrations.models import Delegate, User
from registrations.services.delegate_changes import mail_not_before
from registrations.services.delegate_details import DelegateDetails, new_delegate
from registrations.services.mail_limits import WithdrawalCounts, hold_mail
from registrations.services.quota_locks import LockedDelegation
from registrations.services.unique_addresses import write_delegate


def check_active(delegate: Delegate) -> None:
    """Raise NotPossibleNow, naming the successor if there is one, unless `delegate` is active."""
    if delegate.is_active:
        return
    if delegate.replaced_by is not None:
        raise NotPossibleNow(
            _("%(name)s has already been replaced by %(newcomer)s.")
            % {"name": delegate.name, "newcomer": delegate.replaced_by.name}
        )
    raise NotPossibleNow(_("%(name)s has already been withdrawn.") % {"name": delegate.name})


def head_besides(delegate: Delegate) -> Delegate | None:
    """Return another active person who is marked as the head of the delegation, or None. Costs one query."""
    heads = Delegate.objects.active().filter(delegation=delegate.delegation_id, is_head_of_delegation=True)
    return heads.exclude(pk=delegate.pk).first()


def check_head(delegate: Delegate) -> None:
    """Raise HeadTaken if `delegate` is marked as head of a delegation that has another one. Needs its lock."""
    if delegate.is_head_of_delegation and (head := head_besides(delegate)) is not None:
        raise HeadTaken(head)


def build_delegate(locked: LockedDelegation, details: DelegateDetails, *, by: User, now: datetime) -> Delegate:
    """Build an unsaved delegate with the times of a registration at `now`."""
    delegate = new_delegate(locked.delegation, details)
    delegate.registered_at = now
    delegate.admitted_at = locked.admission_time(now)
    delegate.mail_not_before = mail_not_before(by=by, now=now)
    return delegate


def create_delegate(
    locked: LockedDelegation, details: DelegateDetails, *, by: User, now: datetime
) -> tuple[Delegate, bool]:
    """Register the person; return the delegate, and whether the event must be marked as bringing a new address.

    Raises HeadTaken, NamedTooOften and what `save_with_new_address` raises.
    """
    delegate = build_delegate(locked, details, by=by, now=now)
    check_head(delegate)
    WithdrawalCounts(locked, [delegate.email], by=by, now=now).check(delegate.email)
    return delegate, save_with_new_address(locked, delegate, by=by, now=now)


def save_with_new_address(locked: LockedDelegation, delegate: Delegate, *, by: User, now: datetime) -> bool:
    """Save `delegate` with an address that they did not have before.

    Returns whether a focal point brought an address that is new to the webinar. Raises what `write_delegate` raises.
    """
    new_addresses = hold_mail(locked, [delegate], by=by, now=now)
    write_delegate(locked, delegate, by=by, now=now)
    return delegate.address in new_addresses
