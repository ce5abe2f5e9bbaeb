"""Reading the rows of a participant report of Zoom or Teams, which are found by their headings.

Most reports have one table of people. Zoom's "Attendee Report" of a webinar has a block for each kind of people (host,
panelists, attendees, others), each with a title and headings; it is recognised by its column "Attended".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.exceptions import UnreadableTable
from registrations.services.imports.csv_text import DELIMITERS, decode, not_a_table_error, split_cells
from registrations.services.imports.normalising import normalised
from registrations.services.imports.reading import COMPOUND_FILE, NO_TABLES, ZIP

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 50_000
# Reports have a summary of the meeting above the headings.
ROWS_WITH_HEADINGS = 60
CHARACTERS_WITH_HEADINGS = 30_000
# Limits of what an error message quotes from the file.
MAX_FOUND = 12
MAX_FOUND_LENGTH = 40
LABELS: Mapping[str, Promise] = {
    "name": gettext_lazy("Name"),
    "address": gettext_lazy("E-mail address"),
    "link": gettext_lazy("Personal link"),
    "joined": gettext_lazy("Joined"),
    "left": gettext_lazy("Left"),
    "duration": gettext_lazy("Duration"),
    "attended": gettext_lazy("Attended"),
}
# The value of the column "Attended" for people who did not come, in English and in Spanish.
DID_NOT_ATTEND = "no"


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One stay of a person, as texts; a missing column is blank."""

    name: str = ""
    address: str = ""
    link: str = ""
    joined: str = ""
    left: str = ""
    duration: str = ""


@dataclass(frozen=True)
class Headings:
    """The delimiter, the index of the row of headings, and the index of each known column."""

    delimiter: str
    at: int
    columns: Mapping[str, int]

    @property
    def is_enough(self) -> bool:
        """Whether the columns identify people and their attendance."""
        return _names_people(self.columns)

    @property
    def is_of_a_block(self) -> bool:
        """Whether the report consists of blocks."""
        return "attended" in self.columns


def read_report(data: bytes) -> list[ReportRow]:
    """Return the rows of people below the headings, up to the first blank row, or of all blocks without absent people.

    Raises UnreadableTable if the file is no text, exceeds MAX_BYTES or MAX_ROWS, or has no known headings or no rows.
    """
    if len(data) > MAX_BYTES:
        raise report_too_large_error()
    if data.startswith((*ZIP, COMPOUND_FILE)):
        raise UnreadableTable(_("This is an Excel file. Please send the CSV file as Zoom or Teams gave it."))
    if data.startswith(NO_TABLES):
        raise UnreadableTable(_("This is no participant report. Please send the CSV file as Zoom or Teams gave it."))
    text = decode(data).removeprefix("\ufeff")
    if "\x00" in text:
        raise not_a_table_error()
    known = {normalised(heading): field for field, words in settings.ATTENDANCE_COLUMNS.items() for heading in words}
    headings = _find_headings(text, known)
    rows = list(_rows_of_blocks(text, headings, known) if headings.is_of_a_block else _rows_below(text, headings))
    if not rows:
        raise UnreadableTable(_("There are headings, but no people below them."))
    return rows


def report_too_large_error() -> UnreadableTable:
    """Build the error for a report that exceeds MAX_BYTES."""
    return UnreadableTable(
        _("This file is larger than %(megabytes)s MB, which no report of one session is.")
        % {"megabytes": MAX_BYTES // 1024**2}
    )


def _find_headings(text: str, known: Mapping[str, str]) -> Headings:
    """Return the row with the most known headings, with any delimiter. Raises UnreadableTable if none is usable."""
    beginning = text[:CHARACTERS_WITH_HEADINGS]
    candidates = [
        Headings(delimiter, index, _known_columns(row, known))
        for delimiter in DELIMITERS
        for index, row in enumerate(islice(split_cells(beginning, delimiter), ROWS_WITH_HEADINGS))
    ]
    best = max(candidates, key=lambda headings: (headings.is_enough, len(headings.columns)), default=None)
    if best is None or not best.is_enough:
        delimiter = max(DELIMITERS, key=beginning.count)
        raise _no_headings_error(
            _(
                "No row of headings is known in it. Needed are a name, and when somebody joined or how long they "
                "stayed."
            ),
            islice(split_cells(beginning, delimiter), ROWS_WITH_HEADINGS),
        )
    return best


def _known_columns(row: Sequence[str], known: Mapping[str, str]) -> dict[str, int]:
    """Return the index of each known column; of two columns with the same meaning, the first."""
    columns: dict[str, int] = {}
    for number, cell in enumerate(row):
        if field := known.get(normalised(cell)):
            columns.setdefault(field, number)
    return columns


def _names_people(columns: Mapping[str, int]) -> bool:
    return "name" in columns and not columns.keys().isdisjoint({"joined", "duration"})


def _no_headings_error(why: str, rows: Iterable[Sequence[str]]) -> UnreadableTable:
    """Build the error that names the columns looked for and the widest of `rows` as found."""
    looked_for = "; ".join(
        f"{LABELS[field]} ({', '.join(words)})" for field, words in settings.ATTENDANCE_COLUMNS.items()
    )
    stripped = [[cell.strip() for cell in row] for row in rows]
    widest = max(stripped, key=lambda row: sum(map(bool, row)), default=[])
    # An address belongs to a person and must not appear in the message.
    found = ", ".join(cell[:MAX_FOUND_LENGTH] for cell in widest[:MAX_FOUND] if cell and "@" not in cell)
    return UnreadableTable(
        why
        + " "
        + _("Looked for: %(columns)s.") % {"columns": looked_for}
        + " "
        + (_("Found: %(headings)s.") % {"headings": found} if found else _("Nothing was found."))
    )


def _rows_below(text: str, headings: Headings) -> Iterator[ReportRow]:
    """Yield the rows below the headings up to the first blank row. Raises UnreadableTable for too many rows."""
    below = islice(split_cells(text, headings.delimiter), headings.at + 1, None)
    number = 0
    for row in below:
        if not any(cell.strip() for cell in row):
            if number:
                return
            continue
        number += 1
        _check_number(number)
        yield _report_row(row, headings.columns)


def _rows_of_blocks(text: str, headings: Headings, known: Mapping[str, str]) -> Iterator[ReportRow]:
    """Yield the people of all blocks who attended. A row with a single text is the title of a block.

    Raises UnreadableTable if a block has no known headings, so that its people are not dropped silently.
    """
    columns: Mapping[str, int] | None = None
    title = ""
    number = 0
    for row in split_cells(text, headings.delimiter):
        texts = [cell.strip() for cell in row if cell.strip()]
        if not texts:
            continue
        number += 1
        _check_number(number)
        if _names_people(found := _known_columns(row, known)):
            columns, title = found, ""
        elif columns is not None and len(texts) == 1:
            title = texts[0]
        elif title:
            raise _no_headings_error(
                _("The section “%(title)s” has no row of known column headings.") % {"title": title[:MAX_FOUND_LENGTH]},
                [row],
            )
        elif columns is not None and normalised(_cell(row, columns.get("attended"))) != DID_NOT_ATTEND:
            yield _report_row(row, columns)


def _check_number(number: int) -> None:
    if number > MAX_ROWS:
        raise UnreadableTable(
            _("These are more than %(most)s rows. Is it the report of one session?") % {"most": f"{MAX_ROWS:,}"}
        )


def _report_row(row: Sequence[str], columns: Mapping[str, int]) -> ReportRow:
    return ReportRow(**{field: _cell(row, at) for field, at in columns.items() if field != "attended"})


def _cell(row: Sequence[str], at: int | None) -> str:
    return row[at].strip() if at is not None and at < len(row) else ""
