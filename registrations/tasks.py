"""What Celery runs. Ids or nothing as arguments; the work is in the services."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from registrations.services.nudge import nudge_sender
from registrations.services.personal_data.purging import purge as purge_what_is_due
from registrations.services.planning import plan as plan_messages
from registrations.services.sending import send_due

# Short, so that a worker asked to stop is done soon; what is left is sent by the next task.
SEND_WITHIN = timedelta(seconds=4)


@shared_task(name="registrations.tasks.plan")
def plan() -> None:
    plan_messages(now=timezone.now())
    nudge_sender()


@shared_task(name="registrations.tasks.send")
def send() -> None:
    if send_due(clock=timezone.now, within=SEND_WITHIN).has_more:
        nudge_sender()


@shared_task(name="registrations.tasks.purge")
def purge() -> None:
    purge_what_is_due(now=timezone.now())
