"""How many senders there are: one for each batch that is due, at most `SENDERS_AT_ONCE`, whatever starts them.

A sender has one of that many numbers, from its start until it ends. The numbers in use are kept in the database's
cache, so that they do not depend on Redis. One is free again when nothing was heard of its sender for a while: the
worker may have been killed, or the broker may have lost the task.
"""

from datetime import datetime
from math import ceil
from uuid import uuid4

from django.conf import settings
from django.core.cache import caches

from registrations.services.nudge import nudge_sender
from registrations.services.sending import BATCH_SIZE
from registrations.services.sending.claims import count_due

# More than one run of a sender takes; one whose task waits longer in the queue is replaced as well, which does no harm.
SLOT_LEASE_SECONDS = 10


def start_senders(*, now: datetime) -> None:
    """Start a sender for each batch that is due and not claimed, as far as there are free numbers."""
    most: int = settings.SENDERS_AT_ONCE
    needed = ceil(count_due(now=now, at_most=most * BATCH_SIZE) / BATCH_SIZE)
    for number in range(most):
        token = str(uuid4())
        if needed and caches["database"].add(_key(number), token, SLOT_LEASE_SECONDS):
            nudge_sender(number, token)
            needed -= 1


def renew_slot(number: int, token: str) -> bool:
    """Whether the sender may begin: False where another one was started in its place. Keeps the number for it."""
    if caches["database"].get(_key(number), token) != token:
        return False
    caches["database"].set(_key(number), token, SLOT_LEASE_SECONDS)
    return True


def release_slot(number: int, token: str) -> None:
    """Free the number, unless another sender has it by now."""
    if caches["database"].get(_key(number)) == token:
        caches["database"].delete(_key(number))


def _key(number: int) -> str:
    return f"registrations:sender:{number}"
