"""Limits imports to one at a time and IMPORTS_PER_MINUTE per account, because a file can cost much CPU time."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.core.cache import cache
from django.utils.translation import gettext as _

from registrations.exceptions import NotPossibleNow
from registrations.models import User

IMPORTS_PER_MINUTE = 10
# Longer than any import takes. The lock of a process that died expires by itself.
LOCK_TIMEOUT_SECONDS = 60


@contextmanager
def limit_imports(by: User, *, now: datetime) -> Iterator[None]:
    """Hold the account's lock during one step of an import.

    Raises NotPossibleNow while another import of `by` runs, and once they have begun IMPORTS_PER_MINUTE in this minute.
    The cache keeps both; without Redis it is the database's.
    """
    running, minute = f"import-running:{by.pk}", int(now.timestamp()) // 60
    if not cache.add(running, value=True, timeout=LOCK_TIMEOUT_SECONDS):
        raise NotPossibleNow(
            _(
                "Another import of yours is still running. Please wait a few seconds and send this one again: "
                "nobody is registered twice."
            )
        )
    try:
        if _increment(f"imports:{minute}:{by.pk}") > IMPORTS_PER_MINUTE:
            raise NotPossibleNow(
                _("You have sent %(most)s imports within a minute. Please wait a minute and send this again.")
                % {"most": IMPORTS_PER_MINUTE}
            )
        yield
    finally:
        cache.delete(running)


def _increment(key: str) -> int:
    """Count one more under `key` and return the number. Only the holder of the account's lock calls it."""
    number = int(cache.get(key, 0)) + 1
    cache.set(key, number, timeout=2 * LOCK_TIMEOUT_SECONDS)
    return number
