"""The promises to installations: released migrations never change, and the version before runs on the new schema."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection, models
from django.db.migrations import Migration, operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from pytest_django import DjangoDbBlocker

from registrations.models import Attendance, RegistrationPolicy
from registrations.services.delivering.plan import plan
from sessions_app.agenda import agenda_from_rows
from sessions_app.models import Release
from tests.databases import database_in_use, new_database
from tests.environment import ROOT
from tests.released import APPS, DUMPED_AT, released_migrations, released_versions
from tests.released.dumps import load, run_inserts
from tests.released.promises import broken_promises

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
def test_a_released_migration_never_changes(version: Path) -> None:
    released = released_migrations(version)

    present = {path: hashlib.sha256((ROOT / path).read_bytes()).hexdigest() for path in released}

    assert present == released


@each_version
@on_each_database
def test_a_released_database_is_upgraded_and_keeps_its_rows(version: Path, database: str) -> None:
    tables = upgrade(version, database)

    of_version = [model for model in our_models() if model._meta.db_table in tables]
    assert len(of_version) > 20
    assert [model._meta.label for model in of_version if not model.objects.exists()] == []


@each_version
@on_each_database
def test_an_upgrade_changes_no_figure_of_an_attendance_counted_before(version: Path, database: str) -> None:
    """0.1.0 had no minimum stay."""
    load((version / f"{database}.sql").read_text())
    attended = Attendance.objects.filter(delegate__isnull=False).count()
    call_command("migrate", verbosity=0)

    assert set(RegistrationPolicy.objects.values_list("minimum_stay_minutes", flat=True)) == {0}
    assert Attendance.objects.long_enough().count() == attended > 0


@each_version
@on_each_database
def test_a_plan_after_an_upgrade_owes_nothing(version: Path, database: str) -> None:
    upgrade(version, database)

    report = plan(now=DUMPED_AT)

    assert (report.is_skipped, report.counts) == (False, {})


@each_version
@on_each_database
def test_an_upgraded_agenda_is_stored_as_it_was_released(version: Path, database: str) -> None:
    upgrade(version, database)
    releases = Release.objects.latest_of_each()

    drafts = [agenda_from_rows(release.webinar).to_json() for release in releases]

    assert drafts == [release.agenda for release in releases] != []


@each_version
@on_each_database
def test_a_released_version_writes_its_rows_into_the_present_schema(version: Path, database: str) -> None:
    call_command("migrate", verbosity=0)

    tables = run_inserts((version / f"{database}.sql").read_text())

    connection.check_constraints()
    assert {"registrations_delivery", "sessions_app_session"} <= tables
    filled = [model for model in our_models() if model._meta.db_table in tables]
    assert [model._meta.label for model in filled if not model.objects.exists()] == []


@pytest.mark.usefixtures("migrations")
def test_the_version_before_can_use_the_schema_of_later_migrations() -> None:
    first, *_ = released_versions()
    loader = MigrationLoader(None)
    released = [(Path(path).parts[0], Path(path).stem) for path in released_migrations(first)]
    later = [key for key in in_order(loader) if key[0] in APPS and key not in released]

    state = loader.project_state(released)

    assert broken_promises([loader.graph.nodes[key] for key in later], state) == []


def in_order(loader: MigrationLoader) -> Iterator[tuple[str, str]]:
    """Yield the migrations of all apps, each after those on which it depends."""
    seen = set()
    for leaf in loader.graph.leaf_nodes():
        for key in loader.graph.forwards_plan(leaf):
            if key not in seen:
                seen.add(key)
                yield key


SHORT = models.CharField(max_length=10)
KEPT = [
    operations.AddField("webinar", "note", models.CharField(max_length=10, null=True)),
    operations.AddField("webinar", "note", models.CharField(max_length=10, default="", db_default="")),
    operations.AddField("webinar", "also", models.ManyToManyField("sessions_app.webinar")),
    operations.AlterField("webinar", "slug", models.SlugField(max_length=90)),
    operations.CreateModel("Room", [("id", models.BigAutoField(primary_key=True)), ("name", SHORT)]),
    operations.RunPython(operations.RunPython.noop),
]
BROKEN = [
    (operations.AddField("webinar", "note", models.CharField(max_length=10, default="")), "nullable or has"),
    (operations.RemoveField("webinar", "slug"), "dropped"),
    (operations.DeleteModel("Webinar"), "dropped"),
    (operations.RenameField("webinar", "slug", "code"), "renamed"),
    (operations.RenameModel("Webinar", "Seminar"), "renamed"),
    (operations.AlterModelTable("webinar", "seminar"), "renamed"),
    (operations.AlterField("webinar", "slug", models.SlugField(db_column="code")), "renamed"),
    (operations.AlterField("webinar", "closed_at", models.DateTimeField()), "stays so"),
    (operations.RunSQL("DROP TABLE sessions_app_webinar"), "cannot be checked"),
    (operations.SeparateDatabaseAndState([operations.DeleteModel("Webinar")]), "dropped"),
]


def found_in(operation: Operation) -> list[str]:
    """Return what is wrong with a migration of one operation, after one with a webinar."""
    first, second = Migration("0001_initial", "sessions_app"), Migration("0002_next", "sessions_app")
    fields = [
        ("id", models.BigAutoField(primary_key=True)),
        ("slug", models.SlugField()),
        ("closed_at", models.DateTimeField(null=True)),
    ]
    first.operations, second.operations = [operations.CreateModel("Webinar", fields)], [operation]
    return broken_promises([second], first.mutate_state(ProjectState()))


@pytest.mark.parametrize("operation", KEPT, ids=lambda operation: operation.describe())
def test_an_operation_that_the_version_before_does_not_notice_is_allowed(operation: Operation) -> None:
    assert found_in(operation) == []


@pytest.mark.parametrize(("operation", "why"), BROKEN)
def test_an_operation_that_breaks_the_version_before_is_found(operation: Operation, why: str) -> None:
    (sentence,) = found_in(operation)

    assert why in sentence
