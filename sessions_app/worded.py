"""Questions on the busiest way, worded once: the ORM takes longer to word them than the database to answer."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import QuerySet

# What stands in a wording where each asker puts their own; nothing that is stored.
NUMBER, OTHER_NUMBER, THIRD_NUMBER = 2**63 - 1, 2**63 - 2, 2**63 - 3
TEXT = "\N{REPLACEMENT CHARACTER} stands in"
INSTANT = datetime.max.replace(tzinfo=UTC)
DAY = date.max


Rows = list[tuple[Any, ...]]


class Worded:
    """The rows of a queryset that holds stand-ins for what changes from one asking to the next, a tuple of its columns
    each."""

    def __init__(self, question: Callable[[], "QuerySet[Any, Any]"]) -> None:
        self._question = question
        self._wording: tuple[str, tuple[Any, ...], Callable[[Rows], Rows]] | None = None

    def ask(self, values: Mapping[Any, Any]) -> Rows:
        """`values` by their stand-ins. One query."""
        if self._wording is None:
            self._wording = _worded(self._question())
        statement, parameters, read = self._wording
        own = {_stored(stand_in): _stored(value) for stand_in, value in values.items()}
        with connection.cursor() as cursor:
            cursor.execute(statement, [own.get(parameter, parameter) for parameter in parameters])
            return read(cursor.fetchall())


def _worded(question: "QuerySet[Any, Any]") -> tuple[str, tuple[Any, ...], Callable[[Rows], Rows]]:
    """Statement, parameters, and what makes the values of Python out of those that the driver gives, as in SQLite."""
    compiler = question.query.get_compiler(DEFAULT_DB_ALIAS)
    statement, parameters = compiler.as_sql()
    converters = compiler.get_converters([column[0] for column in compiler.select[: compiler.col_count]])
    if not converters:
        return statement, tuple(parameters), list
    return (
        statement,
        tuple(parameters),
        lambda rows: [tuple(row) for row in compiler.apply_converters(rows, converters)],
    )


def _stored(value: Any) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return connection.ops.adapt_datefield_value(value) if isinstance(value, date) else value
