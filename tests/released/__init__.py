"""Filled databases of released versions, which every later version must be able to take over.

Each folder is a version: `sqlite.sql` and `postgresql.sql` are dumps, and `migrations.txt` has the SHA-256 of each of
its migrations.
`python -m tests.released.make` makes the folder of the version in `pyproject.toml`; it never changes afterwards.
"""

from datetime import UTC, datetime
from pathlib import Path

FOLDER = Path(__file__).parent
# The apps whose tables are promised.
APPS = ("registrations", "sessions_app")
# Between the two sessions of the story. A plan at this time owes nothing, because every dump was planned and sent then.
DUMPED_AT = datetime(2026, 11, 16, 19, 0, tzinfo=UTC)


def released_versions() -> list[Path]:
    """Return the folder of each released version, the earliest first."""
    folders = (path.parent for path in FOLDER.glob("*/migrations.txt"))
    return sorted(folders, key=lambda folder: [int(number) for number in folder.name.split(".")])


def released_migrations(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each migration of a released version, by its path in the repository."""
    lines = (folder / "migrations.txt").read_text().splitlines()
    return {path: digest for digest, path in (line.split("  ") for line in lines)}
