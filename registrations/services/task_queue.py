"""Sends Celery tasks after a commit, so that work starts at once; beat starts the same work soon in any case."""

from functools import partial

import kombu.exceptions
import structlog
from celery import current_app
from django.db import transaction

log = structlog.get_logger(__name__)

# A task that no worker took within this time is useless: beat has planned since.
EXPIRES_SECONDS = 25


def enqueue_on_commit(task: str, *arguments: object) -> None:
    """Send `task` to a worker once the present transaction is committed; log, not raise, where the broker is away."""
    transaction.on_commit(partial(_enqueue, task, arguments), robust=True)


def _enqueue(task: str, arguments: tuple[object, ...]) -> None:
    try:
        current_app.send_task(task, arguments, retry=False, expires=EXPIRES_SECONDS)
    except (kombu.exceptions.OperationalError, OSError) as error:
        log.info("task_not_enqueued", task=task, reason=type(error).__name__)
