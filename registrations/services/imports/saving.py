"""Saving the good rows: one decision, and as many queries for five hundred people as for five."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from registrations.exceptions import AddressTakenElsewhere, RuleBroken, TooManyClashes
from registrations.models import Delegate, Delegation, HistoryEvent, HistoryKind, User
from registrations.services.details import new_delegate
from registrations.services.history import new_event
from registrations.services.imports.checking import CheckedRow, CheckedRows, RowState, check_locked
from registrations.services.imports.people import Person
from registrations.services.seats import (
    LockedDelegation,
    clashes_of,
    decision,
    hold_until,
    lock_delegation,
    taken_elsewhere,
)

# Someone may take an address between the look and the write, where no quota row makes them wait. So often in a row
# that nobody is to be blamed.
TRIES = 5


@dataclass(frozen=True)
class Imported:
    """The people who are saved now, and the rows as they were found: those refused while saving are wrong, too."""

    delegates: tuple[Delegate, ...]
    checked: CheckedRows


@decision
def import_delegates(delegation: Delegation, *, people: Sequence[Person], by: User, now: datetime) -> Imported:
    """Name all of `people` whose rows are good, as `register_delegate` would one by one; the others are told.

    Whatever was checked before is checked again under the locks. An address of another delegation is refused as
    rule 8 says and counts against the day's limit; once that is reached, the rest of the rows are refused. Raises
    NotPossibleNow while the delegation does not attend, and what `check_time` raises. A second call adds nobody.
    """
    locked = lock_delegation(delegation)
    checked = check_locked(locked, people, by=by, now=now)
    for attempt in range(1, TRIES + 1):
        refused = _refused(locked, checked.new, by=by, now=now)
        wanted = [row for row in checked.new if row.address not in refused]
        try:
            with transaction.atomic():
                delegates = _write(locked, wanted, by=by, now=now)
            break
        except IntegrityError:
            if attempt == TRIES:
                raise
    events = [_registered(delegate, locked.delegation, by=by, now=now) for delegate in delegates]
    clashes = [broken.event for broken in refused.values() if isinstance(broken, AddressTakenElsewhere)]
    HistoryEvent.objects.bulk_create([*events, *(event for event in clashes if event is not None)])
    rows = tuple(
        row.refused(refused[row.address]) if row.state == RowState.NEW and row.address in refused else row
        for row in checked.rows
    )
    return Imported(tuple(delegates), CheckedRows(rows, checked.seats))


def _refused(
    locked: LockedDelegation, rows: Sequence[CheckedRow], *, by: User, now: datetime
) -> Mapping[str, RuleBroken]:
    """Why rows cannot be saved after all, by address: the look at other delegations that only saving takes (rule 8)."""
    others = Delegate.objects.active().filter(webinar=locked.delegation.webinar)
    found = others.with_addresses(row.address for row in rows).select_related("delegation__body")
    holders = {holder.address: holder for holder in found}
    left = settings.ADDRESS_CLASHES_PER_DAY - clashes_of(by, now=now)
    refused: dict[str, RuleBroken] = {}
    for row in rows:
        if not by.is_staff and left <= 0:
            refused[row.address] = TooManyClashes()
        elif row.details is not None and row.address in holders:
            newcomer = new_delegate(locked.delegation, row.details)
            refused[row.address] = taken_elsewhere(locked, newcomer, holder=holders[row.address], by=by, now=now)
            left -= 1
    return refused


def _write(locked: LockedDelegation, rows: Sequence[CheckedRow], *, by: User, now: datetime) -> list[Delegate]:
    """The rows as delegates, written in the order of addresses (rule 9)."""
    delegates = []
    for row in sorted(rows, key=lambda row: row.address):
        if row.details is not None:
            delegate = new_delegate(locked.delegation, row.details)
            delegate.registered_at = now
            delegate.admitted_at = locked.admission(now)
            delegate.hold_until = hold_until(by=by, now=now)
            delegates.append(delegate)
    return Delegate.objects.bulk_create(delegates)


def _registered(delegate: Delegate, delegation: Delegation, *, by: User, now: datetime) -> HistoryEvent:
    return new_event(HistoryKind.REGISTERED, delegation=delegation, delegate=delegate, by=by, now=now)
