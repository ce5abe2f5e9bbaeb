"""Saving the valid rows of an import in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from registrations.models import Delegate, Delegation, User
from registrations.services.imports.checking import CheckedRows, check_import
from registrations.services.imports.normalising import normalised
from registrations.services.imports.people import ImportRow
from registrations.services.imports.words import Answers, remember_words
from registrations.services.nominations import register_delegates


@dataclass(frozen=True)
class ImportResult:
    """The registered people, and all rows; a row that was refused while saving is invalid, too."""

    delegates: tuple[Delegate, ...]
    checked: CheckedRows


def import_delegates(
    delegation: Delegation, *, people: Sequence[ImportRow], by: User, now: datetime, answers: Answers | None = None
) -> ImportResult:
    """Register `people` whose rows are valid, by `register_delegates`; the result reports the other rows.

    Rows are checked before and decided under the locks. An address of another delegation is refused (rule 8) and counts
    against the daily limit; after the limit the remaining rows are refused. Raises NotPossibleNow while the delegation
    does not attend, and what `check_time` raises. A second call registers nobody. What words for profiles stand for in
    saved rows is remembered for the country.
    """
    checked = check_import(delegation, people, by=by, now=now, answers=answers)
    wanted = [row.details for row in checked.new if row.details is not None]
    outcomes = register_delegates(delegation, people=wanted, by=by, now=now)
    # Keyed by row number, because two rows can have the same address.
    refusals = {
        row.person.row: outcome.refusal
        for row, outcome in zip(checked.new, outcomes, strict=True)
        if outcome.refusal is not None
    }
    rows = tuple(
        row.as_refused(refusals[row.person.row]) if row.person.row in refusals else row for row in checked.rows
    )
    result = replace(checked, rows=rows)
    if checked.words:
        _remember_words(result, delegation)
    delegates = tuple(outcome.delegate for outcome in outcomes if outcome.delegate is not None)
    return ImportResult(delegates, result)


def _remember_words(checked: CheckedRows, delegation: Delegation) -> None:
    """Remember the words of the saved rows; those of another row may come from a column that was mistaken for it."""
    saved = {normalised(row.person.text("profile")) for row in checked.new}
    words = [word for word in checked.words if word.word in saved]
    remember_words(words, [seat.profile for seat in checked.seats], body=delegation.body)
