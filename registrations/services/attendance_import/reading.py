"""The rows of a participant report, as Zoom and Teams write it: found by its headings, whatever stands above them.

Most reports have one table of people. Zoom's "Attendee Report" of a webinar has a block for each kind of people (host,
panelists, attendees, others), each with a title and headings of its own; it is known by its column "Attended".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.exceptions import UnreadableTable
from registrations.services.imports.csv_text import DELIMITERS, decode, not_a_table, split_cells
from registrations.services.imports.normalising import normalised
from registrations.services.imports.reading import COMPOUND_FILE, NO_TABLES, ZIP

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 50_000
# A summary of the meeting stands above the headings.
ROWS_WITH_HEADINGS = 60
CHARACTERS_WITH_HEADINGS = 30_000
# Of a refusal that says what was found.
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
# In the column "Attended", whoever registered and did not come; the same in English and in Spanish.
DID_NOT_ATTEND = "no"


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One stay of somebody, as texts; a column that the report has not is blank."""

    name: str = ""
    address: str = ""
    link: str = ""
    joined: str = ""
    left: str = ""
    duration: str = ""


@dataclass(frozen=True)
class Headings:
    """What stands between the cells, the index of the row of headings, and which column is where."""

    delimiter: str
    at: int
    columns: Mapping[str, int]

    @property
    def is_enough(self) -> bool:
        return _names_people(self.columns)

    @property
    def is_of_a_block(self) -> bool:
        return "attended" in self.columns


def read_report(data: bytes) -> list[ReportRow]:
    """The rows below the headings, as far as the first blank one: what follows in a report is of another kind.

    Of a report in blocks, the rows of each block below its own headings, without those who did not attend.
    Raises UnreadableTable for what is no text, more than MAX_BYTES or MAX_ROWS, has no known headings, or nobody
    below.
    """
    if len(data) > MAX_BYTES:
        raise report_too_large()
    if data.startswith((*ZIP, COMPOUND_FILE)):
        raise UnreadableTable(_("This is an Excel file. Please send the CSV file as Zoom or Teams gave it."))
    if data.startswith(NO_TABLES):
        raise UnreadableTable(_("This is no participant report. Please send the CSV file as Zoom or Teams gave it."))
    text = decode(data).removeprefix("\ufeff")
    if "\x00" in text:
        raise not_a_table()
    known = {normalised(heading): field for field, words in settings.ATTENDANCE_COLUMNS.items() for heading in words}
    headings = _find_headings(text, known)
    rows = list(_rows_of_blocks(text, headings, known) if headings.is_of_a_block else _rows_below(text, headings))
    if not rows:
        raise UnreadableTable(_("There are headings, but no people below them."))
    return rows


def report_too_large() -> UnreadableTable:
    return UnreadableTable(
        _("This file is larger than %(megabytes)s MB, which no report of one session is.")
        % {"megabytes": MAX_BYTES // 1024**2}
    )


def _find_headings(text: str, known: Mapping[str, str]) -> Headings:
    """Those that the most columns are known by, whatever stands between the cells. Raises UnreadableTable."""
    beginning = text[:CHARACTERS_WITH_HEADINGS]
    candidates = [
        Headings(delimiter, index, _known_columns(row, known))
        for delimiter in DELIMITERS
        for index, row in enumerate(islice(split_cells(beginning, delimiter), ROWS_WITH_HEADINGS))
    ]
    best = max(candidates, key=lambda one: (one.is_enough, len(one.columns)), default=None)
    if best is None or not best.is_enough:
        delimiter = max(DELIMITERS, key=beginning.count)
        raise _no_headings(
            _(
                "No row of headings is known in it. Needed are a name, and when somebody joined or how long they "
                "stayed."
            ),
            islice(split_cells(beginning, delimiter), ROWS_WITH_HEADINGS),
        )
    return best


def _known_columns(row: Sequence[str], known: Mapping[str, str]) -> dict[str, int]:
    """Of two columns of one kind the first."""
    columns: dict[str, int] = {}
    for number, cell in enumerate(row):
        if field := known.get(normalised(cell)):
            columns.setdefault(field, number)
    return columns


def _names_people(columns: Mapping[str, int]) -> bool:
    return "name" in columns and not columns.keys().isdisjoint({"joined", "duration"})


def _no_headings(why: str, rows: Iterable[Sequence[str]]) -> UnreadableTable:
    """Which columns were looked for, and what was found in the widest of `rows` instead."""
    looked_for = "; ".join(
        f"{LABELS[field]} ({', '.join(words)})" for field, words in settings.ATTENDANCE_COLUMNS.items()
    )
    stripped = [[cell.strip() for cell in row] for row in rows]
    widest = max(stripped, key=lambda row: sum(map(bool, row)), default=[])
    # An address is a person's, and no heading.
    found = ", ".join(cell[:MAX_FOUND_LENGTH] for cell in widest[:MAX_FOUND] if cell and "@" not in cell)
    return UnreadableTable(
        why
        + " "
        + _("Looked for: %(columns)s.") % {"columns": looked_for}
        + " "
        + (_("Found: %(headings)s.") % {"headings": found} if found else _("Nothing was found."))
    )


def _rows_below(text: str, headings: Headings) -> Iterator[ReportRow]:
    """Raises UnreadableTable."""
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
    """Whoever attended, of each block. A row with one text alone is the title of a block, whose headings follow it.

    Raises UnreadableTable, also where a block has other headings than are known: nobody in it is left out in silence.
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
            raise _no_headings(
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
