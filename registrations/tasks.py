"""The Celery tasks. They take ids or nothing, and call one service each."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from registrations.services.delivering.plan import plan as plan_messages
from registrations.services.delivering.send import send_due
from registrations.services.delivering.senders import release_slot, renew_slot, start_senders
from registrations.services.inbox.reading import read_inbox as read_inbox_within
from registrations.services.personal_data.purging import purge as purge_what_is_due

# Short, so that a worker that is asked to stop ends soon; the next task sends the rest.
SEND_WITHIN = timedelta(seconds=4)
# Beat starts a pass each minute.
READ_WITHIN = timedelta(seconds=50)


@shared_task(name="registrations.tasks.plan")
def plan() -> None:
    plan_messages(now=timezone.now())
    start_senders(now=timezone.now())


@shared_task(name="registrations.tasks.send")
def send(number: int, token: str) -> None:
    if renew_slot(number, token):
        report = send_due(clock=timezone.now, within=SEND_WITHIN)
        release_slot(number, token)
        if report.has_more:
            start_senders(now=timezone.now())


@shared_task(name="registrations.tasks.purge")
def purge() -> None:
    purge_what_is_due(now=timezone.now())


@shared_task(name="registrations.tasks.read_inbox")
def read_inbox() -> None:
    read_inbox_within(clock=timezone.now, within=READ_WITHIN)
