"""INSERT … SELECT, which the ORM has no word for: rows go from table to table without a detour through Python."""

from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.db.models import Expression, F, Func, Model, QuerySet, UUIDField, Value


class RandomUUID(Func):
    """A version 4 UUID for each row (RFC 9562 §5.4), in the form in which the database keeps it."""

    function = "gen_random_uuid"
    arity = 0
    output_field = UUIDField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = (
            "lower(hex(randomblob(6)) || '4' || substr(hex(randomblob(2)), 2) || "
            "substr('89AB', 1 + (random() & 3), 1) || substr(hex(randomblob(8)), 2))"
        )
        return self.as_sql(compiler, connection, template=template, **context)


def insert_select(model: type[Model], rows: "QuerySet[Any]", values: Mapping[str, Expression | F]) -> int:
    """Insert a row of `model` for each of `rows`, with `values` by field; how many there are.

    A field that is not named gets its default. One statement. Where `rows` look into the table of `model` itself,
    give them an order: sorting ends their reading before the first row is written.
    """
    columns = {
        str(field.column): _value(field, values) for field in model._meta.concrete_fields if not field.primary_key
    }
    # Names of their own, since those of the columns may be fields of the rows.
    selected = {f"column_{number}": value for number, value in enumerate(columns.values())}
    select, parameters = rows.annotate(**selected).values_list(*selected).query.sql_with_params()
    quote = connection.ops.quote_name
    names = ", ".join(quote(column) for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {quote(model._meta.db_table)} ({names}) {select}", parameters)
        return int(cursor.rowcount)


def _value(field: Any, values: Mapping[str, Expression | F]) -> Expression | F:
    return values[field.name] if field.name in values else Value(field.get_default(), output_field=field)
