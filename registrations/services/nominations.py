"""Naming people: register, edit, replace, withdraw. Every step is one transaction through `seats`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from registrations.exceptions import (
    EditConflict,
    InvalidInput,
    NamedTooOften,
    NotPossibleNow,
    RegistrationClosed,
    RuleBroken,
)
from registrations.models import (
    Delegate,
    DelegateStatus,
    Delegation,
    HistoryEvent,
    HistoryKind,
    ParticipantProfile,
    User,
)
from registrations.queries import SeatCount
from registrations.services.acceptance import accept_if_complete
from registrations.services.delegate_details import DelegateDetails, apply_details, clean_details, new_delegate
from registrations.services.history import new_event, record
from registrations.services.mail_limits import WithdrawalCounts, hold_mail
from registrations.services.quota_locks import (
    AddressHolders,
    LockedDelegation,
    atomic_with_retry,
    lock_delegation,
    mail_not_before,
    mark_changed,
    mark_left,
    write_delegate,
)
from registrations.services.registration_window import (
    check_attending,
    check_not_over,
    check_open,
    check_time,
    clean_reason,
    is_late,
)

__all__ = [
    "DelegateDetails",
    "Registration",
    "RegistrationOutcome",
    "edit_delegate",
    "register_delegate",
    "register_delegates",
    "register_with_seats",
    "replace_delegate",
    "withdraw_delegate",
    "withdrawing_leaves_gap",
]

# So many delegations in a row may be quicker with one of the addresses.
MAX_ATTEMPTS = 5


@dataclass(frozen=True)
class Registration:
    """Someone who is named, and the delegation as it is with them."""

    delegate: Delegate
    delegation: LockedDelegation


def register_delegate(delegation: Delegation, *, details: DelegateDetails, by: User, now: datetime) -> Delegate:
    """As `register_with_seats`, where the delegate alone is wanted."""
    return register_with_seats(delegation, details=details, by=by, now=now).delegate


@atomic_with_retry
def register_with_seats(delegation: Delegation, *, details: DelegateDetails, by: User, now: datetime) -> Registration:
    """Name a person in `delegation`; in an accepted one they are admitted at once (rule 5), and a submitted one that
    is then complete is accepted (rule 4).

    Raises InvalidInput, QuotaFull, AddressTakenHere, AddressTakenElsewhere, TooManyClashes, NamedTooOften,
    NotPossibleNow while the delegation does not attend, and what `check_time` raises; after the closing a focal point
    fills open seats only. Sent twice, the second time is AddressTakenHere.
    """
    # Asked before: no lock of ours guards the agenda, and others wait while these are held.
    check_not_over(delegation.webinar, now=now)
    locked = lock_delegation(delegation)
    check_open(locked.delegation.webinar, by=by, now=now, is_allowed_late=True)
    check_attending(locked.delegation)
    details = clean_details(details, delegation=locked.delegation, profile_ids=locked.profile_ids)
    _check_open_seat(locked, details.profile, by=by, now=now)
    locked.check_maximum(details.profile)
    delegate, is_new_address = _create_delegate(locked, details, by=by, now=now)
    record(
        HistoryKind.REGISTERED,
        delegation=locked.delegation,
        delegate=delegate,
        by=by,
        now=now,
        brings_new_address=is_new_address,
    )
    accept_if_complete(locked, step=HistoryKind.REGISTERED, by=by, now=now)
    return Registration(delegate, locked.with_one_more(details.profile))


@dataclass(frozen=True)
class RegistrationOutcome:
    """What became of one of several people: `delegate` if they are named, else the rule that forbids it."""

    delegate: Delegate | None = None
    refusal: RuleBroken | None = None


@atomic_with_retry
def register_delegates(
    delegation: Delegation, *, many: Sequence[DelegateDetails], by: User, now: datetime
) -> list[RegistrationOutcome]:
    """Name several people in one decision; the outcomes stand in the order of `many`.

    Each is judged as by `register_delegate`, after those before: who is refused hinders nobody else, a clash with
    another delegation is told to the secretariat and counted. A submitted delegation that is then complete is accepted
    (rule 4). Raises what forbids all of them: NotPossibleNow while the delegation does not attend, and what
    `check_time` raises. A constant number of queries, however many people.
    """
    locked = lock_delegation(delegation)
    check_time(locked.delegation.webinar, by=by, now=now, is_allowed_late=True)
    check_attending(locked.delegation)
    cleaned = [_clean_or_refusal(details, locked) for details in many]
    outcomes = _register_all_with_retry(locked, cleaned, by=by, now=now)
    accept_if_complete(locked, step=HistoryKind.REGISTERED, by=by, now=now)
    return outcomes


@atomic_with_retry
def edit_delegate(
    delegate: Delegate, *, details: DelegateDetails, version: int, by: User, now: datetime, reason: str = ""
) -> Delegate:
    """Change what is told about `delegate`. The same details again change nothing, whatever the version.

    A new address ends the links sent to the old one. A new profile obeys its maximum, and needs a reason where it
    leaves the old profile below the floor. Raises EditConflict if someone else changed the person since `version`, and
    what `register_delegate` raises; a focal point edits until registration closes.
    """
    locked = lock_delegation(delegate.delegation)
    check_time(locked.delegation.webinar, by=by, now=now)
    check_attending(locked.delegation)
    reason = clean_reason(reason)
    current = locked.reload(delegate)
    _check_active(current)
    details = clean_details(details, delegation=locked.delegation, profile_ids=locked.profile_ids)
    profile_before, address_before = current.profile, current.address
    changes = apply_details(current, details)
    if not changes:
        return current
    if current.version != version:
        raise EditConflict(locked.reload(delegate))
    if "profile" in changes:
        locked.check_maximum(current.profile)
        locked.check_gap_reason(profile_before, reason=reason)
    mark_changed(current, by=by, now=now)
    is_new_address = False
    if current.address == address_before:
        current.save()
    else:
        WithdrawalCounts(locked, [current.email], by=by, now=now).check(current.email)
        current.token_version += 1
        is_new_address = _save_with_new_address(locked, current, by=by, now=now)
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


@atomic_with_retry
def replace_delegate(
    delegate: Delegate, *, details: DelegateDetails, version: int, by: User, now: datetime, reason: str = ""
) -> Delegate:
    """Put a new person in the seat of `delegate`; returns the new one. The quota stays whole throughout (rule 6).

    The newcomer takes the profile, and is admitted at once in an accepted delegation. Possible for focal points after
    the closing too. Raises NotPossibleNow if `delegate` has left (so a form sent twice replaces once), EditConflict if
    someone else changed them since `version`, and what `register_delegate` raises, QuotaFull apart.
    """
    locked = lock_delegation(delegate.delegation)
    check_time(locked.delegation.webinar, by=by, now=now, is_allowed_late=True)
    check_attending(locked.delegation)
    reason = clean_reason(reason)
    old = locked.reload(delegate)
    _check_active(old)
    if old.version != version:
        raise EditConflict.of_person(old)
    details = clean_details(
        replace(details, profile=old.profile), delegation=locked.delegation, profile_ids=locked.profile_ids
    )
    mark_left(old, status=DelegateStatus.REPLACED, reason=reason, by=by, now=now)
    newcomer, is_new_address = _create_delegate(locked, details, by=by, now=now)
    old.replaced_by = newcomer
    old.save(update_fields=["replaced_by"])
    _record_replacement(old, newcomer, by=by, now=now, reason=reason, is_new_address=is_new_address)
    accept_if_complete(locked, step=HistoryKind.REPLACED, by=by, now=now)
    return newcomer


@atomic_with_retry
def withdraw_delegate(delegate: Delegate, *, version: int, by: User, now: datetime, reason: str = "") -> Delegate:
    """Withdraw `delegate`: the seat is free, the links end, the calendar entries become due for cancellation.

    Raises ReasonRequired if the profile is then below its floor and `reason` is blank (not for someone who was named
    only just now, whom nobody was mailed about: that is an undo), EditConflict if someone else changed the person since
    `version`, NotPossibleNow if they have been replaced, and what `check_time` raises. Withdrawing twice changes
    nothing.
    """
    locked = lock_delegation(delegate.delegation)
    check_time(locked.delegation.webinar, by=by, now=now, is_allowed_late=True)
    reason = clean_reason(reason)
    current = locked.reload(delegate)
    if current.status == DelegateStatus.WITHDRAWN:
        return current
    _check_active(current)
    check_attending(locked.delegation)
    if current.version != version:
        raise EditConflict.of_person(current)
    if not _is_undo_of_naming(current, now=now):
        locked.check_gap_reason(current.profile, reason=reason)
    mark_left(current, status=DelegateStatus.WITHDRAWN, reason=reason, by=by, now=now)
    record(HistoryKind.WITHDRAWN, delegation=locked.delegation, delegate=current, by=by, now=now, reason=reason)
    return current


def withdrawing_leaves_gap(delegate: Delegate, seats: Iterable[SeatCount], *, now: datetime) -> bool:
    """Whether withdrawing `delegate` needs a reason: whoever was named only just now leaves no other gap than before.
    At most one query."""
    seat = next((seat for seat in seats if seat.profile.pk == delegate.profile_id), None)
    return seat is not None and seat.opens_gap_if_one_leaves and not _is_undo_of_naming(delegate, now=now)


def _is_undo_of_naming(delegate: Delegate, *, now: datetime) -> bool:
    return delegate.is_new_at(now) and not Delegate.objects.filter(replaced_by=delegate).exists()


def _clean_or_refusal(details: DelegateDetails, locked: LockedDelegation) -> DelegateDetails | InvalidInput:
    try:
        return clean_details(details, delegation=locked.delegation, profile_ids=locked.profile_ids)
    except InvalidInput as refusal:
        return refusal


def _register_all_with_retry(
    locked: LockedDelegation, many: Sequence[DelegateDetails | InvalidInput], *, by: User, now: datetime
) -> list[RegistrationOutcome]:
    """As `_register_all`. Where a webinar has no quotas to lock, another delegation may be quicker with an address: who
    has it is known at the next attempt."""
    for _attempt in range(MAX_ATTEMPTS - 1):
        try:
            return _register_all(locked, many, by=by, now=now)
        except IntegrityError:
            continue
    return _register_all(locked, many, by=by, now=now)


def _register_all(
    locked: LockedDelegation, many: Sequence[DelegateDetails | InvalidInput], *, by: User, now: datetime
) -> list[RegistrationOutcome]:
    """Decide about each in turn, then write in the order of addresses. Raises IntegrityError if nothing was written."""
    emails = [details.email for details in many if isinstance(details, DelegateDetails)]
    addresses = AddressHolders(locked, emails, by=by, now=now)
    rounds = WithdrawalCounts(locked, emails, by=by, now=now)
    alerts: dict[str, HistoryEvent] = {}
    outcomes = []
    for details in many:
        try:
            if isinstance(details, InvalidInput):
                raise details
            _check_open_seat(locked, details.profile, by=by, now=now)
            locked.check_maximum(details.profile)
            newcomer = _build_delegate(locked, details, by=by, now=now)
            addresses.check(newcomer)
            rounds.check(newcomer.email)
        except RuleBroken as refusal:
            if isinstance(refusal, NamedTooOften) and refusal.event is not None:
                alerts[newcomer.address] = refusal.event
            outcomes.append(RegistrationOutcome(refusal=refusal))
        else:
            addresses.add(newcomer)
            locked = locked.with_one_more(details.profile)
            outcomes.append(RegistrationOutcome(delegate=newcomer))
    newcomers = [outcome.delegate for outcome in outcomes if outcome.delegate is not None]
    with transaction.atomic():
        new_addresses = hold_mail(locked, newcomers, by=by, now=now)
        Delegate.objects.bulk_create(sorted(newcomers, key=lambda newcomer: newcomer.address))
        registered = [
            new_event(HistoryKind.REGISTERED, delegation=locked.delegation, delegate=newcomer, by=by, now=now)
            for newcomer in newcomers
        ]
        for event, newcomer in zip(registered, newcomers, strict=True):
            event.brings_new_address = newcomer.address in new_addresses
        HistoryEvent.objects.bulk_create([*registered, *addresses.clashes, *alerts.values()])
    return outcomes


def _record_replacement(
    old: Delegate, newcomer: Delegate, *, by: User, now: datetime, reason: str, is_new_address: bool
) -> None:
    where, left, came = old.delegation, {"replaced_by": ["", newcomer.name]}, {"replaces": ["", old.name]}
    record(HistoryKind.REPLACED, delegation=where, delegate=old, by=by, now=now, reason=reason, changes=left)
    record(
        HistoryKind.REGISTERED,
        delegation=where,
        delegate=newcomer,
        by=by,
        now=now,
        changes=came,
        brings_new_address=is_new_address,
    )


def _check_active(delegate: Delegate) -> None:
    if delegate.is_active:
        return
    if delegate.replaced_by is not None:
        raise NotPossibleNow(
            _("%(name)s has already been replaced by %(newcomer)s.")
            % {"name": delegate.name, "newcomer": delegate.replaced_by.name}
        )
    raise NotPossibleNow(_("%(name)s has already been withdrawn.") % {"name": delegate.name})


def _check_open_seat(locked: LockedDelegation, profile: ParticipantProfile | None, *, by: User, now: datetime) -> None:
    """Raise RegistrationClosed where a focal point, after the closing, would name more than the floor (rule 7)."""
    seat = locked.seat_of(profile)
    if is_late(locked.delegation.webinar, by=by, now=now) and (seat is None or seat.is_met):
        raise RegistrationClosed


def _create_delegate(
    locked: LockedDelegation, details: DelegateDetails, *, by: User, now: datetime
) -> tuple[Delegate, bool]:
    """Save the person of `details`; and whether their address counts as new, for the event that records it."""
    delegate = _build_delegate(locked, details, by=by, now=now)
    WithdrawalCounts(locked, [delegate.email], by=by, now=now).check(delegate.email)
    return delegate, _save_with_new_address(locked, delegate, by=by, now=now)


def _save_with_new_address(locked: LockedDelegation, delegate: Delegate, *, by: User, now: datetime) -> bool:
    """Save `delegate` under an address that they had not; whether it is new to the webinar, and by a focal point."""
    new_addresses = hold_mail(locked, [delegate], by=by, now=now)
    write_delegate(locked, delegate, by=by, now=now)
    return delegate.address in new_addresses


def _build_delegate(locked: LockedDelegation, details: DelegateDetails, *, by: User, now: datetime) -> Delegate:
    delegate = new_delegate(locked.delegation, details)
    delegate.registered_at = now
    delegate.admitted_at = locked.admission_time(now)
    delegate.mail_not_before = mail_not_before(by=by, now=now)
    return delegate
