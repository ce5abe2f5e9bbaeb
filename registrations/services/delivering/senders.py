"""Starts one sender for each batch that is due, and never more than `SENDERS_AT_ONCE` at a time.

Each sender holds a numbered slot until it ends. The slots are kept in the database's cache, so that they do not depend
on Redis. A slot expires after a while: the worker may have been killed, or the broker may have lost the task.
"""

from datetime import datetime
from math import ceil
from uuid import uuid4

from django.conf import settings
from django.core.cache import caches

from registrations.services.delivering.claim import count_due
from registrations.services.delivering.send import BATCH_SIZE
from registrations.services.nudge import nudge_sender

# Longer than one run of a sender. A task that waits longer in the queue is replaced too, which does no harm.
SLOT_LEASE_SECONDS = 10


def start_senders(*, now: datetime) -> None:
    """Start a sender for each batch that is due and not claimed, as far as there are free slots."""
    most: int = settings.SENDERS_AT_ONCE
    needed = ceil(count_due(now=now, at_most=most * BATCH_SIZE) / BATCH_SIZE)
    for number in range(most):
        token = str(uuid4())
        if needed and caches["database"].add(_slot_key(number), token, SLOT_LEASE_SECONDS):
            nudge_sender(number, token)
            needed -= 1


def renew_slot(number: int, token: str) -> bool:
    """Return whether the sender may begin, and renew its slot; False if another sender was started in its place."""
    if caches["database"].get(_slot_key(number), token) != token:
        return False
    caches["database"].set(_slot_key(number), token, SLOT_LEASE_SECONDS)
    return True


def release_slot(number: int, token: str) -> None:
    """Free the slot, unless another sender has it by now."""
    if caches["database"].get(_slot_key(number)) == token:
        caches["database"].delete(_slot_key(number))


def _slot_key(number: int) -> str:
    return f"registrations:sender:{number}"
