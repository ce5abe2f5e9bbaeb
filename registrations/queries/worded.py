"""Questions on the busiest way, worded once: the ORM takes longer to word them than the database to answer."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

# What stands in a wording where each asker puts their own; nothing that is stored.
NUMBER, OTHER_NUMBER, THIRD_NUMBER = 2**63 - 1, 2**63 - 2, 2**63 - 3
TEXT = "\N{REPLACEMENT CHARACTER} stands in"
INSTANT = datetime.max.replace(tzinfo=UTC)


class Worded:
    """The rows of a queryset of `values_list` that holds stand-ins for what changes from one asking to the next.

    Rows hold what the driver gives, so they should be of numbers and texts.
    """

    def __init__(self, question: Callable[[], "QuerySet[Any, Any]"]) -> None:
        self._question = question
        self._wording: tuple[str, tuple[Any, ...]] | None = None

    def ask(self, values: Mapping[Any, Any]) -> list[tuple[Any, ...]]:
        """`values` by their stand-ins. One query."""
        if self._wording is None:
            self._wording = self._question().query.sql_with_params()
        statement, parameters = self._wording
        own = {_stored(stand_in): _stored(value) for stand_in, value in values.items()}
        with connection.cursor() as cursor:
            cursor.execute(statement, [own.get(parameter, parameter) for parameter in parameters])
            return list(cursor.fetchall())


def _stored(value: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value
