"""Wakes the planner after a commit. Only a convenience: beat plans the same work within 30 s (design §5)."""

import kombu.exceptions
import structlog
from celery import current_app
from django.db import transaction

log = structlog.get_logger(__name__)

PLAN_TASK = "registrations.tasks.plan"


def nudge_planner() -> None:
    """Ask a worker to plan once the present transaction is committed; a broker that is away changes nothing."""
    transaction.on_commit(_send, robust=True)


def _send() -> None:
    try:
        current_app.send_task(PLAN_TASK, retry=False, expires=25)
    except (kombu.exceptions.OperationalError, OSError) as error:
        log.info("planner_not_nudged", reason=type(error).__name__)
