"""Turning rows into people: texts by field, and parsing the words in a cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from django.utils.translation import gettext as _

from registrations.models import Delegation, ParticipantProfile
from registrations.services.imports.columns import LABELS, SURNAME, ColumnLayout, fields_of, required_fields_of
from registrations.services.imports.normalising import normalised
from registrations.services.imports.tables import Table
from sessions_app.bilingual import LANGUAGES
from sessions_app.hours import zone_city
from sessions_app.zone_choices import zone_groups
from sessions_app.zones import known_zones

YES = frozenset(["yes", "y", "si", "s", "x", "1", "true", "verdadero"])
NO = frozenset(["", "no", "n", "0", "false", "falso"])
LANGUAGE_WORDS = {
    **dict.fromkeys(["es", "esp", "espanol", "castellano", "spanish"], "es"),
    **dict.fromkeys(["en", "eng", "ingles", "english"], "en"),
}
# The template contains these values in rows that are still empty.
PREFILLED = frozenset(["timezone", "language"])


@dataclass(frozen=True)
class ImportRow:
    """One row of an import: its number in the table, and the texts of its cells by field."""

    row: int
    texts: Mapping[str, str]

    def text(self, field: str) -> str:
        """Return the text of `field`, or the empty string."""
        return self.texts.get(field, "")

    @property
    def summary(self) -> str:
        """All texts of the row in one line."""
        return " · ".join(text.strip() for text in self.texts.values() if text.strip())


def people_from_table(table: Table, layout: ColumnLayout, *, numbers: Sequence[int] = ()) -> list[ImportRow]:
    """Return the rows below the headings that hold more than the prefilled values of the template.

    `numbers` are the numbers of these rows in the file that they were read from, if `people_to_table` wrote the table.
    """
    people = []
    used = [(index, field) for index, field in enumerate(layout.columns) if field]
    rows = table.rows[layout.first_row_index :]
    if len(numbers) < len(rows):
        numbers = range(layout.first_row_index + 1, len(table.rows) + 1)
    for number, row in zip(numbers, rows, strict=False):
        texts = {field: row[column] for column, field in used if column < len(row) and field != SURNAME}
        if layout.profile_source:
            texts["profile"] = texts.get(layout.profile_source, "")
        if surnames := [row[column].strip() for column, field in used if field == SURNAME and column < len(row)]:
            texts["name"] = " ".join(filter(None, [texts.get("name", "").strip(), *surnames]))
        if any(text.strip() for field, text in texts.items() if field not in PREFILLED):
            people.append(ImportRow(number, texts))
    return people


def corrected(people: Sequence[ImportRow], corrections: Mapping[int, Mapping[str, str]]) -> list[ImportRow]:
    """Return `people` with the texts of `corrections`, by number and field, in place of theirs."""
    return [
        ImportRow(
            person.row,
            {**person.texts, **{field: text for field, text in corrections[person.row].items() if field in LABELS}},
        )
        if person.row in corrections
        else person
        for person in people
    ]


def shown_fields(people: Sequence[ImportRow], delegation: Delegation) -> list[str]:
    """Return the fields that a table of `people` needs: the required ones, and those with a text."""
    needed = required_fields_of(delegation)
    return [field for field in fields_of(delegation) if field in needed or any(person.text(field) for person in people)]


def people_to_table(people: Sequence[ImportRow], delegation: Delegation) -> Table:
    """Return `people` as a table with headings in the reader's language, which a later import recognises."""
    shown = shown_fields(people, delegation)
    rows = [tuple(str(LABELS[field]) for field in shown)]
    rows += [tuple(person.text(field) for field in shown) for person in people]
    return Table(tuple(rows))


def profiles_by_word(profiles: Sequence[ParticipantProfile]) -> dict[str, ParticipantProfile]:
    """Return profiles by their normalised code and names in both languages."""
    return {
        normalised(word): profile
        for profile in profiles
        for word in (profile.code, profile.name_es, profile.name_en)
        if normalised(word)
    }


def parse_zone(word: str, *, delegation: Delegation) -> str:
    """Return the time zone for a city in either language or an IANA name; else the text unchanged.

    A blank cell means the country's zone if it has exactly one (rule 13). The country's own cities have priority over
    others with the same name.
    """
    word = word.strip()
    if not word:
        return delegation.body.single_timezone
    if word in known_zones():
        return word
    own = {normalised(zone_city(zone, language)): zone for zone in delegation.body.timezones for language in LANGUAGES}
    return own.get(normalised(word)) or _zone_words().get(normalised(word), word)


@cache
def _zone_words() -> dict[str, str]:
    words = {normalised(name): name for name in known_zones()}
    for language in LANGUAGES:
        # The first groups are those of the region. They come last here, so that they override cities with the same
        # name.
        for group in reversed(zone_groups(language)):
            words |= {normalised(city): zone for zone, city in group.zones}
    return words


def parse_language(word: str, *, delegation: Delegation) -> str | None:
    """Return "es" or "en", the country's language for a blank cell, or None for an unknown word."""
    return LANGUAGE_WORDS.get(normalised(word)) if word.strip() else delegation.body.default_language


def parse_yes_or_no(word: str) -> bool | None:
    """Return whether the word means yes, or None if it means neither yes nor no."""
    return True if normalised(word) in YES else False if normalised(word) in NO else None


def formula_message(text: str) -> str:
    """Return an error message if the cell holds a formula or a spreadsheet error, else the empty string."""
    if text.lstrip().startswith("="):
        return _("This cell holds a formula. Please write the text itself.")
    if text.strip() in SPREADSHEET_ERRORS:
        return _("This cell holds an error of the spreadsheet. Please write the text itself.")
    return ""


SPREADSHEET_ERRORS = frozenset(
    ["#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#¡DIV/0!", "#¡VALOR!", "#¡REF!", "#¿NOMBRE?"]
)
