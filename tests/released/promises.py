"""Finds operations of a migration after which the version that was released before could not use the database."""

from collections.abc import Iterator, Sequence

from django.db import models
from django.db.migrations import Migration, operations
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

DROPS = (operations.DeleteModel, operations.RemoveField)
RENAMES = (operations.AlterModelTable, operations.RenameField, operations.RenameModel)


def broken_promises(migrations: Sequence[Migration], state: ProjectState) -> list[str]:
    """Return a sentence for each forbidden operation of `migrations`, which follow on `state` in this order.

    Changes `state` to the one after them.
    """
    found = []
    for migration in migrations:
        for operation in migration.operations:
            found += [f"{migration}: {why}" for why in _reasons(operation, migration.app_label, state)]
            operation.state_forwards(migration.app_label, state)
    return found


def _reasons(operation: Operation, app: str, state: ProjectState) -> Iterator[str]:
    what = operation.describe()
    if isinstance(operation, operations.SeparateDatabaseAndState):
        for part in operation.database_operations:
            yield from _reasons(part, app, state)
    elif isinstance(operation, DROPS):
        yield f"{what}: nothing is dropped before 1.1."
    elif isinstance(operation, RENAMES):
        yield f"{what}: nothing is renamed before 1.1."
    elif isinstance(operation, operations.RunSQL):
        yield f"{what}: SQL cannot be checked. Use an operation of Django."
    elif isinstance(operation, operations.AddField) and not _may_be_left_out(operation.field):
        yield f"{what}: a new column is nullable or has a db_default."
    elif isinstance(operation, operations.AlterField):
        old = state.models[app, operation.model_name_lower].fields[operation.name]
        if old.db_column != operation.field.db_column:
            yield f"{what}: nothing is renamed before 1.1."
        if _may_be_left_out(old) and not _may_be_left_out(operation.field):
            yield f"{what}: a column that was nullable or had a db_default stays so."


def _may_be_left_out(field: models.Field) -> bool:
    """Return whether an INSERT that does not name the column of `field` succeeds."""
    return field.many_to_many or field.null or field.has_db_default()
