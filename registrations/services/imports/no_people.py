"""Recognising rows that are not about a person: titles, totals, signatures, notes, and headings that are repeated."""

import re
from collections.abc import Sequence

from registrations.services.imports.columns import ADDRESS, ColumnLayout
from registrations.services.imports.guessing import is_name
from registrations.services.imports.normalising import without_accents
from registrations.services.imports.tables import Table

SIGNATURE = re.compile(
    r"\W*((elaborad|preparad|realizad|revisad|aprobad|autorizad|enviad|remitid|firmad)[oa] por"
    r"|atentamente|saludos|cordialmente|vo\.? ?bo"
    r"|(prepared|made|compiled|reviewed|approved|authori[sz]ed|submitted|signed) by"
    r"|sincerely|yours|(kind |best )?regards)\b"
)
# A person may have such a name, but then an address too.
REMARK = re.compile(
    r"\W*(sub)?(total|totales|firmas?|sellos?|notas?|observacion|observaciones|fecha|lugar y fecha|fuente|cc|c\.c\.|ps"
    r"|signatures?|stamps?|seals?|notes?|remarks?|date|place and date|source)\b"
)
# What is looked at of a cell.
BEGINNING = 200


def rows_without_a_person(table: Table, layout: ColumnLayout) -> frozenset[int]:
    """Return the numbers of rows below the headings that are about nobody. The user can still take them."""
    headings = () if layout.headings_index is None else table.rows[layout.headings_index]
    below = enumerate(table.rows[layout.first_row_index :], start=layout.first_row_index + 1)
    return frozenset(number for number, row in below if _is_about_nobody(row) or (row and row == headings))


def _is_about_nobody(row: Sequence[str]) -> bool:
    texts = [text for cell in row if any(map(str.isalpha, text := cell.strip()[:BEGINNING]))]
    if not texts:
        return bool(row)
    first = without_accents(texts[0])
    if SIGNATURE.match(first):
        return True
    if any(ADDRESS.search(text) for text in texts):
        return False
    is_title = len(texts) == 1 and not is_name(texts[0].rstrip(" .,;"))
    return bool(REMARK.match(first)) or is_title
