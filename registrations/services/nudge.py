"""Starts the planner or a sender after a commit."""

from registrations.services.task_queue import enqueue_on_commit

PLAN_TASK = "registrations.tasks.plan"
SEND_TASK = "registrations.tasks.send"


def nudge_planner() -> None:
    """Ask a worker to plan once the present transaction is committed. If the broker is away, nothing happens."""
    enqueue_on_commit(PLAN_TASK)


def nudge_sender(number: int, token: str) -> None:
    """Ask a worker to send in this slot (see `delivering/senders.py`) once the present transaction is committed."""
    enqueue_on_commit(SEND_TASK, number, token)
