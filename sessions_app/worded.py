"""Questions on the busiest way, worded once: the ORM takes longer to word them than the database to answer."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

# What stands in a wording where each asker puts their own; nothing that is stored.
NUMBER, OTHER_NUMBER = 2**63 - 1, 2**63 - 2
TEXT = "\N{REPLACEMENT CHARACTER} stands in"
INSTANT = datetime.max.replace(tzinfo=UTC)
DAY = date.max


class Worded:
    """The rows of a queryset of `values_list` that holds stand-ins for what changes from one asking to the next.

    Rows hold what the driver gives, so they should be of numbers and texts, or of instants read by `instant`.
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


def instant(stored: datetime) -> datetime:
    """What the driver gives for an instant, in UTC: that of SQLite knows no zones."""
    return stored.astimezone(UTC) if stored.tzinfo else stored.replace(tzinfo=UTC)


def _stored(value: Any) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return connection.ops.adapt_datefield_value(value) if isinstance(value, date) else value
