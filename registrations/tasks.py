"""What Celery runs. Ids or nothing as arguments; the work is in the services."""

from datetime import datetime, timedelta

from celery import shared_task
from django.utils import timezone

from registrations.services.nudge import start_senders
from registrations.services.personal_data.purging import purge as purge_what_is_due
from registrations.services.planning import last_planned_at
from registrations.services.planning import plan as plan_messages
from registrations.services.sending import send_due, senders_needed

# Short, so that a worker asked to stop is done soon; what is left is sent by the next task.
SEND_WITHIN = timedelta(seconds=4)


@shared_task(name="registrations.tasks.plan")
def plan() -> None:
    now = timezone.now()
    if not plan_messages(now=now).is_skipped:
        start_senders(senders_needed(now=timezone.now()), planned_at=now)


@shared_task(name="registrations.tasks.send")
def send(planned_at: str) -> None:
    """Send for a few seconds, then let the next task go on.

    A plan starts as many senders as are needed; those of an earlier one end, so that their number never grows.
    """
    plan_of_sender = datetime.fromisoformat(planned_at)
    if plan_of_sender == last_planned_at() and send_due(clock=timezone.now, within=SEND_WITHIN).has_more:
        start_senders(1, planned_at=plan_of_sender)


@shared_task(name="registrations.tasks.purge")
def purge() -> None:
    purge_what_is_due(now=timezone.now())
