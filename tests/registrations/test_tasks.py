"""How many senders a plan starts, and which of them go on."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from celery import current_app
from django.core.cache import caches
from django.utils import timezone
from pytest_django import Settings
from time_machine import TimeMachineFixture

from registrations import tasks
from registrations.models import Delivery, DeliveryState
from registrations.services.delivering.send import BATCH_SIZE
from registrations.services.delivering.senders import SLOT_LEASE_SECONDS
from registrations.services.nudge import SEND_TASK
from sessions_app.releases import release_webinar
from tests.factories import NOW, make_country, make_delegates, make_delegation, make_session, make_webinar

# Outside of a test's transaction, in which nothing would ever be committed.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_sender_is_left(transactional_db: None) -> Iterator[None]:
    yield
    queued_senders()
    # Its table is none of a model, so that it is not emptied after a test.
    caches["database"].clear()


def queued_senders() -> list[tuple[int, str]]:
    """The arguments of the senders that were started since the last call."""
    with current_app.connection_for_read() as broker:
        queue = broker.SimpleQueue(current_app.conf.task_default_queue)
        found = []
        while queue.qsize():
            message = queue.get()
            message.ack()
            if message.headers["task"] == SEND_TASK:
                number, token = message.payload[0]
                found.append((number, token))
        queue.close()
        return found


def owe_invitations(count: int) -> None:
    now = timezone.now()
    webinar = make_webinar(sessions=0)
    make_session(webinar, starts_at=now + timedelta(days=20))
    release_webinar(webinar, by=None, now=now)
    delegation = make_delegation(webinar, make_country(), status="accepted")
    make_delegates(count, delegation, admitted_at=now, registered_at=now, mail_not_before=now)


@pytest.mark.parametrize(
    ("owed", "senders"), [(0, 0), (1, 1), (BATCH_SIZE, 1), (BATCH_SIZE + 1, 2), (BATCH_SIZE * 3 + 1, 3)]
)
def test_a_plan_starts_a_sender_for_each_batch_up_to_the_most(settings: Settings, owed: int, senders: int) -> None:
    settings.SENDERS_AT_ONCE = 3
    owe_invitations(owed)

    tasks.plan()

    assert [number for number, _token in queued_senders()] == list(range(senders))


def test_a_sender_whose_time_is_over_starts_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "SEND_WITHIN", timedelta(0))
    owe_invitations(3)
    tasks.plan()
    [sender] = queued_senders()

    tasks.send(*sender)

    assert [number for number, _token in queued_senders()] == [0]


def test_a_sender_that_leaves_nothing_starts_none_and_the_next_plan_does() -> None:
    owe_invitations(3)
    tasks.plan()
    [sender] = queued_senders()

    tasks.send(*sender)
    after_it = queued_senders()
    Delivery.objects.update(state=DeliveryState.DUE, sent_at=None)
    tasks.plan()

    assert after_it == []
    assert len(queued_senders()) == 1


def test_many_plans_while_much_is_due_start_no_more_senders_than_one(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SENDERS_AT_ONCE = 2
    monkeypatch.setattr(tasks, "SEND_WITHIN", timedelta(0))
    owe_invitations(BATCH_SIZE * 3)

    for _ in range(5):
        tasks.plan()
    senders = queued_senders()
    for sender in senders:
        tasks.send(*sender)
        tasks.plan()

    assert (len(senders), len(queued_senders())) == (2, 2)


def test_a_sender_of_which_nothing_is_heard_is_replaced_and_ends_when_it_comes_back(
    time_machine: TimeMachineFixture,
) -> None:
    time_machine.move_to(NOW, tick=False)
    owe_invitations(3)
    tasks.plan()
    [silent] = queued_senders()

    time_machine.shift(timedelta(seconds=SLOT_LEASE_SECONDS + 1))
    tasks.plan()
    [replacement] = queued_senders()
    tasks.send(*silent)

    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.DUE}
    tasks.send(*replacement)
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.SENT}
