"""How many senders a plan starts, and which of them go on."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from celery import current_app
from django.utils import timezone
from pytest_django import Settings

from registrations import tasks
from registrations.models import Delivery, DeliveryState
from registrations.services.nudge import SEND_TASK
from registrations.services.planning import last_planned_at
from registrations.services.sending import BATCH_SIZE
from sessions_app.releases import release_webinar
from tests.factories import make_country, make_delegates, make_delegation, make_session, make_webinar

# Outside of a test's transaction, in which nothing would ever be committed.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nothing_is_queued() -> Iterator[None]:
    queued_senders()
    yield
    queued_senders()


def queued_senders() -> list[list[str]]:
    """The arguments of the senders that were started since the last call."""
    with current_app.connection_for_read() as broker:
        queue = broker.SimpleQueue(current_app.conf.task_default_queue)
        found = []
        while queue.qsize():
            message = queue.get()
            message.ack()
            if message.headers["task"] == SEND_TASK:
                found.append(message.payload[0])
        queue.close()
        return found


def owe_invitations(count: int) -> None:
    now = timezone.now()
    webinar = make_webinar(sessions=0)
    make_session(webinar, starts_at=now + timedelta(days=20))
    release_webinar(webinar, by=None, now=now)
    delegation = make_delegation(webinar, make_country(), status="accepted")
    make_delegates(count, delegation, admitted_at=now, registered_at=now, hold_until=now)


@pytest.mark.parametrize(
    ("owed", "senders"), [(0, 0), (1, 1), (BATCH_SIZE, 1), (BATCH_SIZE + 1, 2), (BATCH_SIZE * 3 + 1, 3)]
)
def test_a_plan_starts_a_sender_for_each_batch_up_to_the_most(settings: Settings, owed: int, senders: int) -> None:
    settings.SENDERS_AT_ONCE = 3
    owe_invitations(owed)
    queued_senders()

    tasks.plan()

    planned_at = last_planned_at()
    assert planned_at is not None
    assert queued_senders() == [[planned_at.isoformat()]] * senders


def test_a_sender_whose_time_is_over_starts_one_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "SEND_WITHIN", timedelta(0))
    owe_invitations(3)
    tasks.plan()
    [[planned_at]] = queued_senders()

    tasks.send(planned_at)

    assert queued_senders() == [[planned_at]]


def test_a_sender_that_leaves_nothing_starts_none() -> None:
    owe_invitations(3)
    tasks.plan()
    [[planned_at]] = queued_senders()

    tasks.send(planned_at)

    assert queued_senders() == []
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.SENT}


def test_senders_of_an_earlier_plan_end_so_that_their_number_does_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "SEND_WITHIN", timedelta(0))
    owe_invitations(3)
    for _ in range(5):
        tasks.plan()
    of_five_plans = queued_senders()

    for arguments in of_five_plans:
        tasks.send(*arguments)

    assert queued_senders() == of_five_plans[-1:]
