"""Saving the good rows, in one decision."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from registrations.models import Delegate, Delegation, User
from registrations.services.imports.checking import CheckedRows, check_import
from registrations.services.imports.people import ImportRow
from registrations.services.nominations import register_delegates


@dataclass(frozen=True)
class ImportResult:
    """The people who are saved now, and the rows as they were found: those refused while saving are wrong, too."""

    delegates: tuple[Delegate, ...]
    checked: CheckedRows


def import_delegates(delegation: Delegation, *, people: Sequence[ImportRow], by: User, now: datetime) -> ImportResult:
    """Name all of `people` whose rows are good, by `register_delegates`; the others are told.

    Each row is checked here and decided there, under the locks: an address of another delegation is refused as rule 8
    says and counts against the day's limit; once that is reached, the rest of the rows are refused. Raises
    NotPossibleNow while the delegation does not attend, and what `check_time` raises. A second call adds nobody.
    """
    checked = check_import(delegation, people, by=by, now=now)
    wanted = [row.details for row in checked.new if row.details is not None]
    outcomes = register_delegates(delegation, many=wanted, by=by, now=now)
    # By the row's number: of two rows with one address the other one is there already.
    refusals = {
        row.person.row: outcome.refusal
        for row, outcome in zip(checked.new, outcomes, strict=True)
        if outcome.refusal is not None
    }
    rows = tuple(
        row.as_refused(refusals[row.person.row]) if row.person.row in refusals else row for row in checked.rows
    )
    delegates = tuple(outcome.delegate for outcome in outcomes if outcome.delegate is not None)
    return ImportResult(delegates, replace(checked, rows=rows))
