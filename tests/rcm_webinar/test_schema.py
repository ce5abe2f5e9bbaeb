import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from rcm_webinar.schema import SchemaDifference, compare_schema, migrations_of_code


@pytest.fixture
def readyz(settings: Settings) -> Client:
    """A client that asks for /readyz; the schema is the only check besides the database and the broker."""
    settings.READINESS_CHECKS = {"schema": settings.READINESS_CHECKS["schema"]}
    return Client()


def test_a_database_with_the_migrations_of_the_code_is_ok(migrated: MigrationRecorder, readyz: Client) -> None:
    response = readyz.get("/readyz")

    assert response.status_code == 200
    assert response.json()["schema"] == {"status": "ok", "unapplied": 0, "unknown": 0}


def test_a_migration_that_the_database_lacks_degrades(migrated: MigrationRecorder, readyz: Client) -> None:
    migrated.record_unapplied("registrations", "0001_initial")

    response = readyz.get("/readyz")

    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    assert response.json()["schema"] == {"status": "degraded", "unapplied": 1, "unknown": 0}
    assert compare_schema() == SchemaDifference(["registrations.0001_initial"], [])


def test_a_migration_of_a_newer_version_degrades(migrated: MigrationRecorder, readyz: Client) -> None:
    migrated.record_applied("registrations", "9999_newer")

    response = readyz.get("/readyz")

    assert response.json()["schema"] == {"status": "degraded", "unapplied": 0, "unknown": 1}
    assert compare_schema() == SchemaDifference([], ["registrations.9999_newer"])


def test_a_migration_of_an_app_that_is_not_installed_is_ignored(migrated: MigrationRecorder) -> None:
    migrated.record_applied("removed_app", "0001_initial")

    assert compare_schema() == SchemaDifference([], [])


@pytest.mark.usefixtures("empty_database")
def test_a_database_that_was_never_migrated_is_degraded_and_no_error(readyz: Client) -> None:
    response = readyz.get("/readyz")

    assert (response.status_code, response.json()["schema"]) == (200, {"status": "degraded"})


def test_comparing_takes_one_query(migrated: MigrationRecorder) -> None:
    migrations_of_code.cache_clear()

    with CaptureQueriesContext(connection) as queries:
        compare_schema()

    assert len(queries) == 1
