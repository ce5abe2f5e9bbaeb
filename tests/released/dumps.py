"""Writes databases as SQL, and runs the SQL again."""

import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from django.db import connection, transaction

from tests.servers import initdb_path

# `migrate` fills these itself, also in a new database.
FILLED_BY_MIGRATE = {"auth_permission", "django_content_type", "django_migrations", "sqlite_sequence"}
INSERT = re.compile(r'INSERT INTO (?:public\.)?"?(\w+)"?')


def dump_sqlite(path: Path) -> str:
    """Return the database of the file `path` as SQL. Each INSERT names its columns, as those of the product do."""
    with closing(sqlite3.connect(path)) as database:
        return "".join(f"{_with_columns(statement, database)}\n" for statement in database.iterdump())


def _with_columns(statement: str, database: sqlite3.Connection) -> str:
    found = INSERT.match(statement)
    if found is None:
        return statement
    names = [f'"{row[1]}"' for row in database.execute(f'PRAGMA table_info("{found[1]}")')]
    return f"{found[0]} ({', '.join(names)}){statement[found.end() :]}"


def dump_postgresql(url: str) -> str:
    """Return the database of `url` as SQL, without the commands that only psql understands. Raises NotInstalled."""
    program = initdb_path().parent / "pg_dump"
    options = ["--column-inserts", "--no-owner", "--no-privileges", "--no-comments"]
    printed = subprocess.run([program, *options, "--dbname", url], check=True, capture_output=True, text=True).stdout
    return "".join(line for line in printed.splitlines(keepends=True) if not line.startswith("\\"))


def load(sql: str) -> None:
    """Run a dump on the database in use, which is empty."""
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        # Rows are inserted before those, and before the tables, to which they refer.
        connection.connection.executescript(f"PRAGMA foreign_keys = OFF;\n{sql}")
    else:
        with connection.cursor() as cursor:
            cursor.execute(sql)
    # The next connection checks foreign keys, and has the search path that the dump of PostgreSQL emptied.
    connection.close()


def run_inserts(sql: str) -> set[str]:
    """Run the INSERTs of a dump on the database in use, which was migrated and is empty; return the tables."""
    tables = set()
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in _statements(sql):
            found = INSERT.match(statement)
            if found and found[1] not in FILLED_BY_MIGRATE:
                cursor.execute(statement)
                tables.add(found[1])
    return tables


def _statements(sql: str) -> Iterator[str]:
    """Yield the statements of a dump. A semicolon ends one at the end of a line, unless the line ends within a text."""
    statement = ""
    for line in sql.splitlines(keepends=True):
        if not statement and (line.startswith("--") or not line.strip()):
            continue
        statement += line
        if line.endswith(";\n") and statement.count("'") % 2 == 0:
            yield statement
            statement = ""
