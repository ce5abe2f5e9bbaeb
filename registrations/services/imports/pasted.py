"""Reading rows pasted from a spreadsheet, a mail or a PDF: the last two have no delimiter between cells."""

import re
from collections.abc import Iterator
from itertools import pairwise

from registrations.services.imports.csv_text import not_a_table_error, read_text
from registrations.services.imports.tables import Table, make_table

ADDRESS = re.compile(r"<?([^\s<>;,|()]{1,320}@[^\s<>;,|()]{1,320})>?")
# An address in CSV stands beside a delimiter. In "Ana Ejemplo <ana@example.org>, Fiscalía" it is in angle brackets.
IN_CSV = re.compile(r'[\t;,]\s?"?[^\s<>;,|()]{1,320}@|@[^\s<>;,|()]{1,320}\s?[\t;,]')
# In CSV a number without a sign is a cell.
NUMBER_WITH_SIGN = re.compile(r"\s{0,20}(?:\d{1,4}[.)]|[-•*–·])\s{1,20}")
NUMBER_OR_BULLET = re.compile(r"\s{0,20}(?:\d{1,4}[.)-]?\s|[-•*–·]\s)\s{0,20}")
GAP = re.compile(r"\s{2,}")
AFTER_AN_ADDRESS = re.compile(r"\s{2,}|\s?[;,|]\s?|\s[–-]\s")


def read_pasted(text: str) -> Table:
    """Return the table in `text`, split at delimiters, or at gaps and around addresses. Raises UnreadableTable."""
    if "\x00" in text:
        raise not_a_table_error()
    lines = text.splitlines()
    people = [line for line in lines if "@" in line and ADDRESS.search(line)]
    if "\t" in text or not people:
        return read_text(text)
    if any(IN_CSV.search(line) for line in people):
        return read_text("\n".join(NUMBER_WITH_SIGN.sub("", line, count=1) for line in lines))
    if length := _lines_of_a_person(lines):
        return make_table(_folded(lines, length))
    return make_table(map(_cells_of, lines))


def _cells_of(line: str) -> list[str]:
    """Return the cells of a line: the address alone, and the texts around it at gaps."""
    line = line[found.end() :] if (found := NUMBER_OR_BULLET.match(line)) else line
    address = ADDRESS.search(line)
    if address is None:
        return GAP.split(line.strip())
    before, after = line[: address.start()].strip(" ,;:–-|("), line[address.end() :].strip(" ,;:–-|)")
    return [*GAP.split(before), address[1], *(AFTER_AN_ADDRESS.split(after) if after else [])]


def _lines_of_a_person(lines: list[str]) -> int:
    """Return the number of lines of each person if a PDF was copied cell by cell, a cell on each line; else 0."""
    filled = [line.strip() for line in lines if line.strip()]
    places = [number for number, line in enumerate(filled) if ADDRESS.fullmatch(line)]
    distances = {after - before for before, after in pairwise(places)}
    return distances.pop() if len(distances) == 1 and distances != {1} else 0


def _folded(lines: list[str], length: int) -> Iterator[list[str]]:
    """Yield rows of `length` cells that end with the last line; titles above are rows of their own."""
    filled = [line.strip() for line in lines if line.strip()]
    titles = len(filled) % length
    yield from ([line] for line in filled[:titles])
    for number in range(titles, len(filled), length):
        yield filled[number : number + length]
