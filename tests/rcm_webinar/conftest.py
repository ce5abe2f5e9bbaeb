from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import DjangoDbBlocker

from rcm_webinar.schema import migrations_of_code
from tests.databases import database_in_use


@pytest.fixture
def empty_database(migrations: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Use a database without any table in place of the run's own."""
    with django_db_blocker.unblock(), database_in_use("sqlite://:memory:"):
        yield


@pytest.fixture
def migrated(empty_database: None) -> MigrationRecorder:
    """Use a database in which every migration of the code is recorded as applied; it has no other table."""
    recorder = MigrationRecorder(connection)
    recorder.ensure_schema()
    for app, name in migrations_of_code()[0]:
        recorder.record_applied(app, name)
    return recorder
