"""Starts the planner or a sender after a commit."""

from sessions_app.nudge import send_on_commit

PLAN_TASK = "registrations.tasks.plan"
SEND_TASK = "registrations.tasks.send"


def nudge_planner() -> None:
    """Ask a worker to plan once the present transaction is committed. If the broker is away, nothing happens."""
    send_on_commit(PLAN_TASK)


def nudge_sender(number: int, token: str) -> None:
    """Ask a worker to send in this slot (see `delivering/senders.py`) once the present transaction is committed."""
    send_on_commit(SEND_TASK, number, token)
