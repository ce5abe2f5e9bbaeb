"""Wakes a worker after a commit. Only a convenience: beat plans each 30 s (design §5)."""

from functools import partial

import kombu.exceptions
import structlog
from celery import current_app
from django.db import transaction

log = structlog.get_logger(__name__)

# A nudge that nobody took in this time is stale: beat has planned since.
EXPIRES_SECONDS = 25


def send_on_commit(task: str, *arguments: object) -> None:
    """Ask a worker for `task` once the present transaction is committed; a broker that is away changes nothing."""
    transaction.on_commit(partial(_send, task, arguments), robust=True)


def _send(task: str, arguments: tuple[object, ...]) -> None:
    try:
        current_app.send_task(task, arguments, retry=False, expires=EXPIRES_SECONDS)
    except (kombu.exceptions.OperationalError, OSError) as error:
        log.info("nudge_lost", task=task, reason=type(error).__name__)
