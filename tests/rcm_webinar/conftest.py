from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import DjangoDbBlocker

from rcm_webinar.schema import migrations_of_code
from tests.databases import database_in_use


@pytest.fixture
def empty_database(migrations: None, tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Use a database without any table in place of the run's own; in a file, since Django closes none in memory."""
    with django_db_blocker.unblock(), database_in_use(f"sqlite:///{tmp_path / 'db.sqlite3'}"):
        yield


@pytest.fixture
def migrated(empty_database: None) -> MigrationRecorder:
    """Use a database in which every migration of the code is recorded as applied; it has no other table."""
    recorder = MigrationRecorder(connection)
    recorder.ensure_schema()
    for app, name in migrations_of_code()[0]:
        recorder.record_applied(app, name)
    return recorder
