"""The rows of an import that are to be corrected, as a table with one input for each cell."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from registrations.models import Delegation
from registrations.services.imports.checking import CellError, CheckedRow, CheckedRows, RowState
from registrations.services.imports.columns import LABELS
from registrations.services.imports.normalising import normalised
from registrations.services.imports.people import LANGUAGE_WORDS, profiles_by_word, shown_fields

# More rows would exceed the number of inputs that a form may have. The others follow when these are corrected.
MAX_SHEET_ROWS = 40

Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class SheetCell:
    """One input: its text as written, its errors, and the choices where it is a list."""

    row: int
    field: str
    text: str
    errors: tuple[str, ...]
    choices: Choices = ()

    @property
    def name(self) -> str:
        """The name and the id of the input."""
        return f"cell-{self.row}-{self.field}"

    @property
    def label(self) -> str:
        """The heading of the column."""
        return str(LABELS[self.field])


@dataclass(frozen=True)
class SheetRow:
    """One row of inputs; `errors` are about the row, or about a column that is not shown."""

    row: int
    cells: tuple[SheetCell, ...]
    errors: tuple[CellError, ...]


@dataclass(frozen=True)
class Sheet:
    """The rows to be corrected that fit on the page, and the number of those that follow later."""

    headings: tuple[str, ...]
    rows: tuple[SheetRow, ...]
    later: int

    @property
    def errors(self) -> list[tuple[int, str, CellError]]:
        """The number of the row, the id of the input ("" without one) and the error, for all errors."""
        return [
            *((row.row, "", error) for row in self.rows for error in row.errors),
            *(
                (row.row, cell.name, CellError(cell.field, message))
                for row in self.rows
                for cell in row.cells
                for message in cell.errors
            ),
        ]


def build_sheet(checked: CheckedRows, delegation: Delegation, *, opened: Iterable[int]) -> Sheet:
    """Return the invalid rows of `checked` and the `opened` ones, in the order of the list."""
    opened = frozenset(opened)
    rows = [row for row in checked.rows if row.state == RowState.INVALID or row.person.row in opened]
    fields = shown_fields([row.person for row in checked.rows], delegation)
    choices = _Choices(checked, default_language=delegation.body.default_language)
    return Sheet(
        tuple(str(LABELS[field]) for field in fields),
        tuple(_sheet_row(row, fields, choices) for row in rows[:MAX_SHEET_ROWS]),
        len(rows[MAX_SHEET_ROWS:]),
    )


def _sheet_row(row: CheckedRow, fields: Sequence[str], choices: "_Choices") -> SheetRow:
    number = row.person.row
    cells = []
    for field in fields:
        text = row.person.text(field)
        errors = tuple(error.message for error in row.errors if error.field == field)
        offered = choices.of(field, text)
        # A word that is one of the choices is shown as that choice.
        cells.append(SheetCell(number, field, choices.value_of(field, text), errors, offered))
    return SheetRow(number, tuple(cells), tuple(error for error in row.errors if error.field not in fields))


class _Choices:
    """The choices of a cell's list: ours, and the word as written where it is none of them."""

    def __init__(self, checked: CheckedRows, *, default_language: str) -> None:
        profiles = [seat.profile for seat in checked.seats]
        self.offered: Mapping[str, Choices] = {
            "profile": [(profile.code, str(profile)) for profile in profiles],
            "language": [(code, str(label)) for code, label in settings.LANGUAGES],
        }
        self.codes: Mapping[str, Mapping[str, str]] = {
            "profile": {word: profile.code for word, profile in profiles_by_word(profiles).items()},
            # A blank cell means the language of the country.
            "language": {**LANGUAGE_WORDS, "": default_language},
        }
        self.meanings = {
            (word.field, word.word): label
            for word in checked.words
            for code, label in word.choices
            if code == word.choice
        }

    def value_of(self, field: str, text: str) -> str:
        """Return the code that `text` stands for, or `text` itself."""
        return self.codes.get(field, {}).get(normalised(text), text)

    def of(self, field: str, text: str) -> Choices:
        """Return the choices of a cell with `text`; none for a field that is typed."""
        offered = self.offered.get(field, ())
        if not offered or normalised(text) in self.codes[field]:
            return offered
        return [(text, self._label(field, text)), *offered]

    def _label(self, field: str, text: str) -> str:
        if not text.strip():
            return _("Please choose")
        meaning = self.meanings.get((field, normalised(text)))
        return f"«{text}» → {meaning}" if meaning else f"«{text}»"
