"""Files of letters that no row names: left by an upload that broke off, or by a disk that did not answer."""

from datetime import datetime, timedelta

from django.core.files.storage import default_storage

from registrations.models import NominationLetter

FOLDER = "letters"
# A file is written before its row (and before anybody waits with locks for it).
MIN_ORPHAN_AGE = timedelta(days=1)


def orphaned_files(*, now: datetime) -> list[str]:
    """The names of files below `letters/` that are older than a day and that no row names."""
    try:
        _folders, names = default_storage.listdir(FOLDER)
    except FileNotFoundError:
        return []
    paths = {f"{FOLDER}/{name}" for name in names}
    named = set(NominationLetter.objects.filter(file__startswith=f"{FOLDER}/").values_list("file", flat=True))
    return [path for path in sorted(paths - named) if _is_old(path, now)]


def _is_old(path: str, now: datetime) -> bool:
    try:
        return default_storage.get_modified_time(path) < now - MIN_ORPHAN_AGE
    except FileNotFoundError:
        return False


def erase_orphans(*, now: datetime) -> int:
    """Delete them; how many there were."""
    paths = orphaned_files(now=now)
    for path in paths:
        default_storage.delete(path)
    return len(paths)
