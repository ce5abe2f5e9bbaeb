import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from tests.databases import database_in_use, new_database
from tests.environment import ROOT
from tests.faults.fleet import Fleet
from tests.faults.smtp_server import SmtpServer
from tests.servers import Server, postgresql, redis


@pytest.fixture(scope="session")
def migrated() -> Iterator[Server]:
    """A PostgreSQL that may be restarted, with the tables of an installation."""
    with postgresql(synchronous_commit="on") as server:
        # In a process of its own: this one makes its tables from the models.
        for command in ("migrate", "createcachetable"):
            subprocess.run(
                [sys.executable, "manage.py", command, "--verbosity=0"],
                cwd=ROOT,
                env=os.environ | {"DATABASE_URL": server.url},
                check=True,
            )
        yield server


@pytest.fixture
def fleet(migrated: Server, tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Fleet]:
    with (
        redis() as broker,
        SmtpServer() as mail,
        django_db_blocker.unblock(),
        new_database(migrated.url, template="rcm") as url,
        database_in_use(url),
        Fleet(tmp_path, url, database=migrated, redis=broker, mail=mail) as running,
    ):
        yield running
        # Shown with a test that failed.
        sys.stdout.write(running.logs())
