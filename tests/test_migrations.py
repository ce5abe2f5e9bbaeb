"""A released database is upgraded, and the version before runs on the new schema."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection, models
from pytest_django import DjangoDbBlocker

from registrations.services.delivering.plan import plan
from tests.databases import database_in_use, new_database
from tests.released import APPS, DUMPED_AT, released_versions
from tests.released.dumps import load, run_inserts

each_version = pytest.mark.parametrize("version", released_versions(), ids=lambda folder: folder.name)
on_each_database = pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)


@pytest.fixture
def database(
    request: pytest.FixtureRequest, migrations: None, tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    """Use an empty database of the kind that the test names, in place of the run's own."""
    with django_db_blocker.unblock():
        if request.param == "sqlite":
            with database_in_use(f"sqlite:///{tmp_path / 'db.sqlite3'}"):
                yield request.param
        else:
            with new_database(os.environ["DATABASE_URL"]) as url, database_in_use(url):
                yield request.param
    # `migrate` gave the content types other ids than those of the run's own database.
    ContentType.objects.clear_cache()


def upgrade(version: Path, database: str) -> set[str]:
    """Load the dump of `version` and migrate it; return the tables of the dump."""
    load((version / f"{database}.sql").read_text())
    tables = set(connection.introspection.table_names())
    call_command("migrate", verbosity=0)
    connection.check_constraints()
    return tables


def our_models() -> list[type[models.Model]]:
    return [model for app in APPS for model in apps.get_app_config(app).get_models()]


def test_every_version_has_a_dump_of_each_database() -> None:
    names = {folder.name: sorted(path.name for path in folder.iterdir()) for folder in released_versions()}

    assert "0.1.0" in names
    assert [found for found in names.values() if found != ["migrations.txt", "postgresql.sql", "sqlite.sql"]] == []


@each_version
@on_each_database
def test_a_released_database_is_upgraded_and_keeps_its_rows(version: Path, database: str) -> None:
    tables = upgrade(version, database)

    of_version = [model for model in our_models() if model._meta.db_table in tables]
    assert len(of_version) > 20
    assert [model._meta.label for model in of_version if not model.objects.exists()] == []


@each_version
@on_each_database
def test_a_plan_after_an_upgrade_owes_nothing(version: Path, database: str) -> None:
    upgrade(version, database)

    report = plan(now=DUMPED_AT)

    assert (report.is_skipped, report.counts) == (False, {})


@each_version
@on_each_database
def test_a_released_version_writes_its_rows_into_the_present_schema(version: Path, database: str) -> None:
    call_command("migrate", verbosity=0)

    tables = run_inserts((version / f"{database}.sql").read_text())

    connection.check_constraints()
    assert {"registrations_delivery", "sessions_app_session"} <= tables
    filled = [model for model in our_models() if model._meta.db_table in tables]
    assert [model._meta.label for model in filled if not model.objects.exists()] == []
