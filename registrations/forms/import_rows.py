"""What the page of checked rows sends beside the table: numbers of rows, corrected cells, and answers about words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.http import QueryDict

from registrations.services.imports.words import Answers

# Names of inputs. Their values are read from what a browser sends, and can be forged: each is looked up, never trusted.
CELL = re.compile(r"cell-(\d{1,5})-([a-z_]+)")
WORD = re.compile(r"word-(profile|language)-(\w+)")
ROW_NUMBER = re.compile(r"\d{1,5}")


@dataclass(frozen=True)
class SentRows:
    """The inputs of the page by what they mean.

    `numbers` are the rows' numbers in the file, in the order of the table, or empty; `corrections` are texts by number
    and field; `left_out` rows are not imported; `opened` rows are shown to be corrected even if nothing is wrong.
    """

    numbers: tuple[int, ...] = ()
    corrections: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    answers: Answers = field(default_factory=dict)
    left_out: frozenset[int] = frozenset()
    opened: frozenset[int] = frozenset()


def read_sent_rows(data: QueryDict) -> SentRows:
    """Return the inputs in `data`; what has another form than the page sends is ignored."""
    corrections: dict[int, dict[str, str]] = {}
    answers: dict[tuple[str, str], str] = {}
    for name, text in data.items():
        if cell := CELL.fullmatch(name):
            # PostgreSQL stores no null character, and no browser sends one.
            corrections.setdefault(int(cell[1]), {})[cell[2]] = str(text).replace("\x00", "")
        elif word := WORD.fullmatch(name):
            answers[word[1], word[2]] = str(text)
    return SentRows(
        numbers=_numbers(data.get("numbers", "").split(",")),
        corrections=corrections,
        answers=answers,
        left_out=frozenset(_numbers(data.getlist("leave"))),
        opened=frozenset(_numbers(data.getlist("open"))),
    )


def _numbers(texts: list[str]) -> tuple[int, ...]:
    return tuple(int(text) for text in texts if ROW_NUMBER.fullmatch(text))
