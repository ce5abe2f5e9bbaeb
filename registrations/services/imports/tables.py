"""A bounded table of texts, and its conversion to the text form in which spreadsheets copy rows."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from registrations.exceptions import EmptyTable, UnreadableTable

MAX_ROWS = 1_000
MAX_COLUMNS = 50
# The limit of all cells together: a quarter of the size limit of a form, since a character takes up to four bytes.
MAX_CHARACTERS = 600_000
# Styled rows without text below the table are common. This many blank rows are skipped.
MAX_BLANK_ROWS_BELOW = 5_000


@dataclass(frozen=True)
class Table:
    """Rows of texts, with blank rows as in the spreadsheet, so that row numbers agree, and without blank last cells.

    `sheet` is the name of the sheet where there are several.
    """

    rows: tuple[tuple[str, ...], ...]
    sheet: str = field(default="", compare=False)

    @property
    def width(self) -> int:
        """The number of columns."""
        return max(len(row) for row in self.rows)


def make_table(rows: Iterable[Sequence[str]]) -> Table:
    """Build the table of `rows`, reading no more than it may hold.

    Raises UnreadableTable if there are too many, and EmptyTable if they hold no text.
    """
    kept: list[tuple[str, ...]] = []
    blank: list[tuple[str, ...]] = []
    characters = 0
    for number, cells in enumerate(rows, start=1):
        row = _without_blank_end(cells)
        if not row:
            if number > MAX_ROWS + MAX_BLANK_ROWS_BELOW:
                break
            blank.append(row)
            continue
        if number > MAX_ROWS:
            raise UnreadableTable(
                _("These are more than %(most)s rows. Please keep only the rows that you need.") % {"most": MAX_ROWS}
            )
        if len(row) > MAX_COLUMNS:
            raise UnreadableTable(
                _("Row %(row)s has more than %(most)s columns. Please keep only the columns of the template.")
                % {"row": number, "most": MAX_COLUMNS}
            )
        characters += sum(map(len, row))
        if characters > MAX_CHARACTERS:
            raise UnreadableTable(_("The cells hold too much text. Please keep only the rows that you need."))
        kept += [*blank, row]
        blank.clear()
    if not kept:
        raise EmptyTable(
            _(
                "There is no text in the first %(rows)s rows and %(columns)s columns. Please choose another file, "
                "or paste the rows."
            )
            % {"rows": MAX_ROWS, "columns": MAX_COLUMNS}
        )
    return Table(tuple(kept))


def _without_blank_end(cells: Sequence[str]) -> tuple[str, ...]:
    end = len(cells)
    while end and not cells[end - 1].strip():
        end -= 1
    return tuple(cells[:end])


def table_to_text(table: Table) -> str:
    """Return the rows with tabs between cells; `csv_text.read_text` gives the same table back."""
    text = io.StringIO()
    csv.writer(text, delimiter="\t").writerows(table.rows)
    return text.getvalue()
