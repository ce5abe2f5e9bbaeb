"""Deleting files of letters without a row, left by an interrupted upload or a failed deletion."""

from datetime import datetime, timedelta

from django.core.files.storage import default_storage

from registrations.models import NominationLetter

LETTERS_FOLDER = "letters"
# A file is written before its row, so a new file without a row may belong to a running upload.
MIN_ORPHAN_AGE = timedelta(days=1)


def orphaned_files(*, now: datetime) -> list[str]:
    """Return the paths of files below `letters/` that are older than a day and belong to no row."""
    try:
        _folders, names = default_storage.listdir(LETTERS_FOLDER)
    except FileNotFoundError:
        return []
    paths = {f"{LETTERS_FOLDER}/{name}" for name in names}
    named = set(NominationLetter.objects.filter(file__startswith=f"{LETTERS_FOLDER}/").values_list("file", flat=True))
    return [path for path in sorted(paths - named) if _is_old(path, now)]


def _is_old(path: str, now: datetime) -> bool:
    try:
        return default_storage.get_modified_time(path) < now - MIN_ORPHAN_AGE
    except FileNotFoundError:
        return False


def erase_orphans(*, now: datetime) -> int:
    """Delete the orphaned files and return how many there were."""
    paths = orphaned_files(now=now)
    for path in paths:
        default_storage.delete(path)
    return len(paths)
