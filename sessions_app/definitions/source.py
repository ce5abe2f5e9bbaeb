"""Reads a definition file, and finds the line on which each value begins.

Python's TOML parser gives no line numbers. A second, lenient pass over the text, which is known to be valid by then,
finds where each key begins.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

# Keys and positions that lead to a value: ("session", 0, "item", 2, "title").
KeyPath = tuple[str | int, ...]

LARGEST_FILE = 1_000_000
_HEADER = re.compile(r"[ \t]*(\[\[?)[ \t]*([^\]\n]+?)[ \t]*\]\]?[ \t]*(?:#[^\n]*)?$", re.MULTILINE)
_KEY = re.compile(r"[ \t]*([A-Za-z0-9_.\-\"' \t]+?)[ \t]*=[ \t]*")
_STRING = re.compile(r"\"\"\".*?(?<!\\)\"{3,5}|'''.*?'{3,5}|\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'", re.DOTALL)
_TOML_LINE = re.compile(r"\(at (?:line (\d+), column \d+|end of document)\)")


@dataclass(frozen=True, order=True)
class Problem:
    """What is wrong on one line, and what is allowed instead."""

    line: int
    message: str = field(compare=False)


class DefinitionRefused(Exception):
    """The file cannot be loaded; `problems` holds everything that is wrong, sorted by line. Nothing was changed."""

    def __init__(self, name: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        lines = (
            _("%(file)s, line %(line)s: %(message)s") % {"file": name, "line": each.line, "message": each.message}
            for each in self.problems
        )
        super().__init__("\n".join(lines))


@dataclass
class Source:
    """A file that was read; parsing its tables adds to `problems`."""

    name: str
    data: Mapping[str, Any]
    lines: Mapping[KeyPath, int]
    problems: list[Problem] = field(default_factory=list)

    def line_of(self, path: KeyPath) -> int:
        """Return the line on which the value at `path` begins, or else that of the table around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def report(self, path: KeyPath, message: str) -> None:
        """Report a problem on the line of the value at `path`."""
        self.report_at(self.line_of(path), message)

    def report_at(self, line: int, message: str) -> None:
        """Report a problem on `line`."""
        self.problems.append(Problem(line, message))

    def raise_if_problems(self) -> None:
        """Raise DefinitionRefused if a problem was found so far."""
        if self.problems:
            raise DefinitionRefused(self.name, self.problems)


def read_source(path: Path) -> Source:
    """Read a definition file. Raises DefinitionRefused if it is not TOML in UTF-8, OSError if it cannot be read."""
    if path.stat().st_size > LARGEST_FILE:
        raise DefinitionRefused(path.name, [Problem(1, _("The file is larger than 1 MB."))])
    try:
        text = path.read_text(encoding="utf-8").replace("\r\n", "\n")
        data = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise DefinitionRefused(path.name, [Problem(line, _("The file is not written in UTF-8."))]) from error
    except tomllib.TOMLDecodeError as error:
        raise DefinitionRefused(path.name, [_syntax_problem(str(error), text)]) from error
    return Source(path.name, data, lines_by_key(text))


def _syntax_problem(message: str, text: str) -> Problem:
    found = _TOML_LINE.search(message)
    line = int(found[1]) if found and found[1] else text.count("\n") + 1
    reason = _TOML_LINE.sub("", message).strip()
    return Problem(line, _("This is not valid TOML: %(reason)s") % {"reason": reason})


def lines_by_key(text: str) -> dict[KeyPath, int]:
    """Return the line of each key and table of a valid TOML text; keys inside a value are not looked for."""
    lines: dict[KeyPath, int] = {}
    tables: dict[KeyPath, int] = {}
    table: KeyPath = ()
    at = 0
    while at < len(text):
        line = text.count("\n", 0, at) + 1
        if header := _HEADER.match(text, at):
            table = _header_path(_split_key(header[2]), header[1] == "[[", tables)
            lines.setdefault(table, line)
            at = header.end()
        elif key := _KEY.match(text, at):
            path = table
            for part in _split_key(key[1]):
                path = (*path, part)
                lines.setdefault(path, line)
            at = _end_of_value(text, key.end())
        at = _start_of_next_line(text, at)
    return lines


def _split_key(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _header_path(parts: tuple[str, ...], is_array: bool, counts: dict[KeyPath, int]) -> KeyPath:
    """Return the path of a table header; a table of an array gets the next index, a table inside it the latest one."""
    path: KeyPath = ()
    for depth, part in enumerate(parts, start=1):
        path = (*path, part)
        if is_array and depth == len(parts):
            counts[path] = counts.get(path, 0) + 1
        if path in counts:
            path = (*path, counts[path] - 1)
    return path


def _end_of_value(text: str, at: int) -> int:
    """Return where the value that begins at `at` ends; arrays and strings may span several lines."""
    depth = 0
    while at < len(text):
        if string := _STRING.match(text, at):
            at = string.end()
            continue
        if text[at] == "#":
            at = text.find("\n", at)
            if at < 0:
                return len(text)
        if text[at] == "\n" and depth == 0:
            return at
        depth += (text[at] in "[{") - (text[at] in "]}")
        at += 1
    return at


def _start_of_next_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1
