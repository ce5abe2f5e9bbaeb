"""Wakes the planner or senders after a commit."""

from datetime import datetime

from sessions_app.nudge import send_on_commit

PLAN_TASK = "registrations.tasks.plan"
SEND_TASK = "registrations.tasks.send"


def nudge_planner() -> None:
    """Ask a worker to plan once the present transaction is committed."""
    send_on_commit(PLAN_TASK)


def start_senders(count: int, *, planned_at: datetime) -> None:
    """Ask workers to send what is due, as the `count` senders of the plan of `planned_at`; as `nudge_planner`."""
    for _ in range(count):
        send_on_commit(SEND_TASK, planned_at.isoformat())
