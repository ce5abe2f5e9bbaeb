"""Guessing what columns without a known heading hold, from their texts. The user sees the guess and confirms it."""

import re
from collections.abc import Callable, Collection, Sequence

from registrations.services.imports.columns import ADDRESS, SURNAME, ColumnLayout
from registrations.services.imports.normalising import normalised
from registrations.services.imports.tables import Table
from registrations.services.imports.words import POLICE, STEMS

PHONE = re.compile(r"[+(]?\d[\d ().+/–-]{5,20}")
DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
MIN_PHONE_DIGITS, MAX_PHONE_DIGITS = 7, 15
NAME = re.compile(r"(?:[^\W\d_][\w'\u2019.-]*,?\s+){1,6}[^\W\d_][\w'\u2019.-]*")
# Parts of the names of institutions and positions, which names of people do not have.
INSTITUTION = (
    "institu", "direcc", "minister", "secretar", "fiscalia", "procuradur", "policia", "unidad", "departament",
    "oficina", "comision", "direction", "office", "agency", "ministry", "police", "department",
    "service", "guardia", "servicio",
)  # fmt: skip
POSITION = (
    POLICE,
    "jef",
    "director",
    "agente",
    "oficial",
    "analist",
    "coordinad",
    "asesor",
    "officer",
    "agent",
    "head",
)
PROFILE = tuple(part for group in STEMS for part in group) + POSITION
# The rows that are looked at, the part of a column that must agree, and what is looked at of a cell.
SAMPLE_ROWS, HALF, BEGINNING = 100, 0.5, 200


def guess_columns(table: Table, layout: ColumnLayout, *, fields: Collection[str]) -> tuple[str, ...]:
    """Return the columns of `layout` with a guess for unknown ones that hold a field that no other column holds."""
    rows = [row for row in table.rows[layout.first_row_index :] if any(ADDRESS.search(cell) for cell in row)]
    columns = list(layout.columns)
    for field, matches in MATCHES.items():
        if field not in fields or field in columns or (field == "name" and SURNAME in columns):
            continue
        shares = {
            number: _share(rows[:SAMPLE_ROWS], number, matches) for number, known in enumerate(columns) if not known
        }
        best = max(shares, key=lambda number: (shares[number], -number), default=None)
        if best is not None and shares[best] >= HALF:
            columns[best] = field
    return tuple(columns)


def _share(rows: Sequence[Sequence[str]], number: int, matches: Callable[[str], bool]) -> float:
    """Return how many of the filled cells of a column match, as a part of 1."""
    texts = [text for row in rows if number < len(row) and (text := row[number].strip()[:BEGINNING])]
    return sum(map(matches, texts)) / len(texts) if texts else 0


def _is_address(text: str) -> bool:
    return bool(ADDRESS.search(text))


def _is_phone(text: str) -> bool:
    digits = sum(map(str.isdigit, text))
    is_number = MIN_PHONE_DIGITS <= digits <= MAX_PHONE_DIGITS and PHONE.fullmatch(text)
    return bool(is_number) and not DATE.fullmatch(text)


def is_name(text: str) -> bool:
    """Return whether `text` looks like the name of a person: several words, none of an institution or a position."""
    word = normalised(text)
    return bool(NAME.fullmatch(text)) and not any(part in word for part in (*INSTITUTION, *PROFILE))


def _is_institution(text: str) -> bool:
    return any(part in normalised(text) for part in INSTITUTION)


def _is_profile(text: str) -> bool:
    return any(part in normalised(text) for part in PROFILE)


# In this order, because the name of an institution can hold the part of a profile: "Fiscalía".
MATCHES: dict[str, Callable[[str], bool]] = {
    "email": _is_address,
    "phone": _is_phone,
    "name": is_name,
    "institution": _is_institution,
    "profile": _is_profile,
}
