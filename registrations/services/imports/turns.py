"""Limits how often one account imports: whatever a file costs, it costs it once at a time and a few times a minute."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.core.cache import cache
from django.utils.translation import gettext as _

from registrations.exceptions import NotPossibleNow
from registrations.models import User

IMPORTS_PER_MINUTE = 10
# Longer than any import takes: then a process that died during one no longer keeps its account from the next.
LONGEST_SECONDS = 60


@contextmanager
def import_turn(by: User, *, now: datetime) -> Iterator[None]:
    """Let `by` do one step of an import. Raises NotPossibleNow while another of theirs runs, and once they have begun
    IMPORTS_PER_MINUTE in this minute. The cache keeps both; without Redis it is the database's.
    """
    running, minute = f"import-running:{by.pk}", int(now.timestamp()) // 60
    if not cache.add(running, value=True, timeout=LONGEST_SECONDS):
        raise NotPossibleNow(
            _(
                "Another import of yours is still being worked on. Please wait a few seconds and send this again: "
                "nobody is named twice."
            )
        )
    try:
        if _number_in(f"imports:{minute}:{by.pk}") > IMPORTS_PER_MINUTE:
            raise NotPossibleNow(
                _("You have sent %(most)s imports within a minute. Please wait a minute and send this again.")
                % {"most": IMPORTS_PER_MINUTE}
            )
        yield
    finally:
        cache.delete(running)


def _number_in(key: str) -> int:
    """Which one this is under `key`. Nobody else counts there meanwhile: the account's turn is taken."""
    number = int(cache.get(key, 0)) + 1
    cache.set(key, number, timeout=2 * LONGEST_SECONDS)
    return number
