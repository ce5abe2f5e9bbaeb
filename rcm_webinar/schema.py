"""Compares the migrations of this code with those that the database has, for /readyz and `manage.py doctor`."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

# The app and the name of a migration.
MigrationName = tuple[str, str]


@dataclass(frozen=True)
class SchemaDifference:
    """How the database's schema differs from the one that this code expects; both lists are empty if it does not.

    `unapplied` are migrations of the code that the database lacks. `unknown` are migrations in the database that the
    code lacks: a newer version has migrated it.
    """

    unapplied: list[str]
    unknown: list[str]

    def __bool__(self) -> bool:
        return bool(self.unapplied or self.unknown)


@cache
def migrations_of_code() -> tuple[set[MigrationName], set[MigrationName]]:
    """Return the migrations of the installed apps, and those that squashed migrations among them replace."""
    found = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    return set(found), {name for migration in found.values() for name in migration.replaces}


def compare_schema() -> SchemaDifference:
    """Return the difference between code and database, by the names of migrations such as "registrations.0001_initial".

    Takes one query; the files are read once per process. Raises DatabaseError if nothing was ever migrated.
    """
    expected, replaced = migrations_of_code()
    if not expected:
        # Django creates the table of applied migrations when it applies the first one.
        return SchemaDifference([], [])
    applied = set(MigrationRecorder(connection).migration_qs.values_list("app", "name"))
    apps = {app for app, _ in expected}
    # The rows of an app that was removed from INSTALLED_APPS say nothing about this code.
    unknown = {migration for migration in applied if migration[0] in apps} - expected - replaced
    return SchemaDifference(_sorted_names(expected - applied), _sorted_names(unknown))


def schema_readiness(now: datetime) -> dict[str, object]:
    """Return "degraded" for /readyz, with the numbers of unapplied and unknown migrations, if the schema differs."""
    difference = compare_schema()
    return {
        "status": "degraded" if difference else "ok",
        "unapplied": len(difference.unapplied),
        "unknown": len(difference.unknown),
    }


def _sorted_names(migrations: set[MigrationName]) -> list[str]:
    return [f"{app}.{name}" for app, name in sorted(migrations)]
