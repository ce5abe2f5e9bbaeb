"""Lets a test use a database of its own in place of the one of the test run."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from django.db import connection, connections

from rcm_webinar import env


@contextmanager
def database_in_use(url: str) -> Iterator[None]:
    """Let this process and its threads read and write the database of `url` in place of the run's own."""
    own, own_connection = connections.databases["default"], connections["default"]
    wanted = env.read.db_url_config(url)
    # SQLite and PostgreSQL refuse each other's options.
    options = own["OPTIONS"] if wanted["ENGINE"] == own["ENGINE"] else {}
    connections.databases["default"] = own | wanted | {"OPTIONS": options}
    connections["default"] = connections.create_connection("default")
    try:
        yield
    finally:
        connections["default"].close()
        connections.databases["default"], connections["default"] = own, own_connection


@contextmanager
def new_database(server_url: str, *, template: str = "template1") -> Iterator[str]:
    """Create a copy of the database `template` on the PostgreSQL server of `server_url`; yield its URL."""
    base, name = server_url.rpartition("/")[0], f"rcm_{uuid4().hex}"
    with database_in_use(f"{base}/postgres"), connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield f"{base}/{name}"
    finally:
        with database_in_use(f"{base}/postgres"), connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
