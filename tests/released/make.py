"""`python -m tests.released.make` makes the dumps of the version in `pyproject.toml`; it needs PostgreSQL.

A version that was released is never made again: the program refuses to overwrite its folder. The story and the clock
are fixed; only random values, such as the UIDs of sessions, differ between two runs.
"""

import hashlib
import importlib
import os
import sys
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path

import django
from django.core.cache import caches
from django.core.management import call_command

from tests import servers
from tests.environment import ROOT
from tests.released import APPS, FOLDER


def main() -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "rcm_webinar.settings"
    django.setup()
    folder = FOLDER / tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    if folder.exists():
        print(f"{folder.name} was released: its dumps never change. A new version needs its number in pyproject.toml.")
        return 1
    dumps = importlib.import_module("tests.released.dumps")
    with tempfile.TemporaryDirectory() as scratch, servers.postgresql() as server:
        path = Path(scratch) / "db.sqlite3"
        sqlite = _fill(f"sqlite:///{path}", lambda: dumps.dump_sqlite(path))
        postgresql = _fill(server.url, lambda: dumps.dump_postgresql(server.url))
    folder.mkdir()
    (folder / "sqlite.sql").write_text(sqlite)
    (folder / "postgresql.sql").write_text(postgresql)
    (folder / "migrations.txt").write_text("".join(f"{line}\n" for line in _digests()))
    print(f"Made {folder.relative_to(ROOT)}.")
    return 0


def _fill(url: str, dump: Callable[[], str]) -> str:
    """Migrate the empty database of `url`, tell the story in it, and return what `dump` makes of it."""
    database_in_use = importlib.import_module("tests.databases").database_in_use
    tell_story = importlib.import_module("tests.released.story").tell_story
    with database_in_use(url):
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        tell_story()
        # Nothing in the cache has to survive an upgrade.
        caches["database"].clear()
        return dump()


def _digests() -> list[str]:
    """Return a line with the SHA-256 and the path of each migration, as `sha256sum` prints it."""
    paths = [path for app in APPS for path in sorted((ROOT / app / "migrations").glob("[0-9]*.py"))]
    return [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(ROOT)}" for path in paths]


if __name__ == "__main__":
    sys.exit(main())
