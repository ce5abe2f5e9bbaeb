"""Registering people in a delegation, one by one or many at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from registrations.exceptions import InvalidInput, NamedTooOften, RegistrationClosed, RuleBroken
from registrations.models import Delegate, Delegation, HistoryEvent, HistoryKind, ParticipantProfile, User
from registrations.services.acceptance import accept_if_complete
from registrations.services.delegate_details import DelegateDetails, clean_details
from registrations.services.history import new_event, record
from registrations.services.mail_limits import WithdrawalCounts, hold_mail
from registrations.services.nominations.saving import build_delegate, create_delegate
from registrations.services.quota_locks import LockedDelegation, lock_delegation
from registrations.services.registration_window import (
    check_attending,
    check_not_over,
    check_open,
    check_time,
    is_closed_for,
    is_late,
)
from registrations.services.transactions import atomic_with_retry
from registrations.services.unique_addresses import AddressHolders

# Other delegations may take an address between check and save this many times, minus one, before we give up.
MAX_ATTEMPTS = 5


@dataclass(frozen=True)
class Registration:
    """A registered delegate, and the locked delegation that counts them."""

    delegate: Delegate
    delegation: LockedDelegation


def register_delegate(delegation: Delegation, *, details: DelegateDetails, by: User, now: datetime) -> Delegate:
    """Register a person like `register_with_seats`, and return only the delegate."""
    return register_with_seats(delegation, details=details, by=by, now=now).delegate


@atomic_with_retry
def register_with_seats(delegation: Delegation, *, details: DelegateDetails, by: User, now: datetime) -> Registration:
    """Register a person in `delegation`, and return them with the new seat counts.

    In an accepted delegation the person is admitted at once (rule 5); a submitted one that is then complete is accepted
    (rule 4). Raises InvalidInput, QuotaFull, HeadTaken, AddressTakenHere, AddressTakenElsewhere, TooManyClashes,
    NamedTooOften, NotPossibleNow while the delegation does not attend, and what `check_time` raises; after registration
    closes a focal point can only fill gaps. A second call with the same details raises AddressTakenHere.
    """
    # Checked before locking: our locks do not protect the agenda, and other requests wait while they are held.
    check_not_over(delegation.webinar, now=now)
    locked = lock_delegation(delegation)
    check_open(locked.delegation.webinar, by=by, now=now, is_allowed_late=True)
    check_attending(locked.delegation)
    details = clean_details(details, delegation=locked.delegation, profile_ids=locked.profile_ids)
    _check_open_seat(locked, details.profile, by=by, now=now)
    locked.check_maximum(details.profile, by=by)
    delegate, is_new_address = create_delegate(locked, details, by=by, now=now)
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
    """The result for one of several people: `delegate` if registered, else `refusal`, the rule that forbids it."""

    delegate: Delegate | None = None
    refusal: RuleBroken | None = None


@atomic_with_retry
def register_delegates(
    delegation: Delegation, *, people: Sequence[DelegateDetails], by: User, now: datetime
) -> list[RegistrationOutcome]:
    """Register several people in one transaction; the outcomes are in the order of `people`. None may be a head.

    Each person is judged by the rules of `register_delegate`, after the people before. A refused person does not affect
    the others; a clash with another delegation alerts the secretariat and counts against the daily limit. A submitted
    delegation that is then complete is accepted (rule 4). Raises NotPossibleNow while the delegation does not attend,
    and what `check_time` raises. The number of queries does not depend on the number of people.
    """
    locked = lock_delegation(delegation)
    check_time(locked.delegation.webinar, by=by, now=now, is_allowed_late=True)
    check_attending(locked.delegation)
    cleaned = [_clean_or_refusal(details, locked) for details in people]
    outcomes = _register_all_with_retry(locked, cleaned, by=by, now=now)
    accept_if_complete(locked, step=HistoryKind.REGISTERED, by=by, now=now)
    return outcomes


def _clean_or_refusal(details: DelegateDetails, locked: LockedDelegation) -> DelegateDetails | InvalidInput:
    """Return the cleaned details, or the InvalidInput exception that they raise."""
    try:
        return clean_details(details, delegation=locked.delegation, profile_ids=locked.profile_ids)
    except InvalidInput as refusal:
        return refusal


def _register_all_with_retry(
    locked: LockedDelegation, people: Sequence[DelegateDetails | InvalidInput], *, by: User, now: datetime
) -> list[RegistrationOutcome]:
    """Call `_register_all`, and repeat it if another delegation took an address meanwhile.

    This happens only if the webinar has no quotas to lock. The next attempt finds out who has the address.
    """
    for _attempt in range(MAX_ATTEMPTS - 1):
        try:
            return _register_all(locked, people, by=by, now=now)
        except IntegrityError:
            continue
    return _register_all(locked, people, by=by, now=now)


def _register_all(
    locked: LockedDelegation, people: Sequence[DelegateDetails | InvalidInput], *, by: User, now: datetime
) -> list[RegistrationOutcome]:
    """Decide about each person in turn, then save in the order of addresses; IntegrityError means nothing was saved."""
    emails = [details.email for details in people if isinstance(details, DelegateDetails)]
    addresses = AddressHolders(locked, emails, by=by, now=now)
    withdrawals = WithdrawalCounts(locked, emails, by=by, now=now)
    alerts: dict[str, HistoryEvent] = {}
    outcomes = []
    for details in people:
        try:
            if isinstance(details, InvalidInput):
                raise details
            _check_open_seat(locked, details.profile, by=by, now=now)
            locked.check_maximum(details.profile, by=by)
            newcomer = build_delegate(locked, details, by=by, now=now)
            addresses.check(newcomer)
            withdrawals.check(newcomer.email)
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


def _check_open_seat(locked: LockedDelegation, profile: ParticipantProfile | None, *, by: User, now: datetime) -> None:
    """Raise RegistrationClosed if a focal point would exceed the effective minimum too late (rule 7)."""
    seat = locked.seat_of(profile)
    if is_closed_for(seat, is_late=is_late(locked.delegation.webinar, by=by, now=now)):
        raise RegistrationClosed
