"""Questions on the busiest way, worded once: the ORM takes longer to word them than the database to answer."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators
from django.db.transaction import TransactionManagementError

# What stands in a wording where each asker puts their own; nothing that is stored.
NUMBER, OTHER_NUMBER, THIRD_NUMBER = 2**63 - 1, 2**63 - 2, 2**63 - 3
TEXT = "\N{REPLACEMENT CHARACTER} stands in"
INSTANT = datetime.max.replace(tzinfo=UTC)
OTHER_INSTANT = INSTANT - timedelta(days=1)
DAY = date.max


Rows = list[tuple[Any, ...]]
M = TypeVar("M", bound=Model)


class Worded(Generic[M]):
    """A queryset that holds stand-ins for what changes from one asking to the next. One query each time."""

    def __init__(self, question: Callable[[], "QuerySet[M, Any]"]) -> None:
        self._question = question
        self._wording: _Wording | None = None

    def ask(self, values: Mapping[Any, Any]) -> Rows:
        """The rows, a tuple of their columns each. `values` by their stand-ins."""
        return self._worded().rows(values)

    def find(self, values: Mapping[Any, Any]) -> list[M]:
        """The objects, with those that the queryset selects with them; of annotations nothing is kept."""
        wording = self._worded()
        return [wording.made(row) for row in wording.rows(values)]

    def _worded(self) -> "_Wording":
        if self._wording is None:
            self._wording = _Wording(self._question())
        return self._wording


class _Wording:
    """Statement and parameters, and how values of Python, and objects, are made out of what the driver gives."""

    def __init__(self, question: "QuerySet[Any, Any]") -> None:
        self.compiler = question.query.get_compiler(DEFAULT_DB_ALIAS)
        self.statement, self.parameters = self.compiler.as_sql()
        columns = [column[0] for column in self.compiler.select[: self.compiler.col_count]]
        self.converters = self.compiler.get_converters(columns)
        self.is_locking = question.query.select_for_update and connection.features.has_select_for_update

    def rows(self, values: Mapping[Any, Any]) -> Rows:
        if self.is_locking and connection.get_autocommit():
            # Django asks this when it words the statement, which is once.
            raise TransactionManagementError("A lock outside of a transaction holds nothing.")
        own = {_stored(stand_in): _stored(value) for stand_in, value in values.items()}
        with connection.cursor() as cursor:
            cursor.execute(self.statement, [own.get(parameter, parameter) for parameter in self.parameters])
            rows: Rows = cursor.fetchall()
        if not self.converters:
            return rows
        return [tuple(row) for row in self.compiler.apply_converters(rows, self.converters)]

    @cached_property
    def made(self) -> Callable[[tuple[Any, ...]], Any]:
        """What makes an object of a row, as a queryset does."""
        info, select = self.compiler.klass_info, self.compiler.select
        span = slice(info["select_fields"][0], info["select_fields"][-1] + 1)
        columns = [column[0].target.attname for column in select[span]]
        populators = get_related_populators(info, select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]  # the stubs know a later Django

        def make(row: tuple[Any, ...]) -> Any:
            made = info["model"].from_db(DEFAULT_DB_ALIAS, columns, row[span])
            for populator in populators:
                populator.populate(row, made)
            return made

        return make


def _stored(value: Any) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return connection.ops.adapt_datefield_value(value) if isinstance(value, date) else value
