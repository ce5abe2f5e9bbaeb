"""A sender and a planner write the same rows at the same moment, on PostgreSQL with real locks."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction

from registrations.models import Delivery, DeliveryState
from registrations.services.delivering import result
from registrations.services.delivering.claim import claim_batch, give_back
from registrations.services.delivering.plan import plan
from registrations.services.delivering.smtp import SENT
from tests.registrations.services.deliveries import admitted, released_delegation

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

WAITING_FOR_US = (
    "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
)


def wait_until_someone_waits_for_us() -> None:
    for _ in range(3_000):
        with connection.cursor() as cursor:
            cursor.execute(WAITING_FOR_US)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def test_a_worker_that_gives_its_batch_back_takes_nothing_that_a_planner_is_about_to_take(now):
    admitted(released_delegation())
    plan(now=now)
    batch = claim_batch(size=2, now=now)
    first, second = sorted(delivery.pk for delivery in batch.deliveries)
    # By due time, and by where they lie, the second comes before the first.
    Delivery.objects.filter(pk=second).update(due_at=now - timedelta(hours=1))
    Delivery.objects.filter(pk=first).update(due_at=now)

    def give_it_back() -> int:
        try:
            return give_back(batch, due_at=now)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as worker:
        with transaction.atomic():
            # As planners do, one after the other.
            Delivery.objects.select_for_update().get(pk=first)
            given_back = worker.submit(give_it_back)
            wait_until_someone_waits_for_us()
            Delivery.objects.select_for_update().get(pk=second)

        assert given_back.result() == 2


def test_a_sender_waits_for_a_planner_and_begins_nothing_that_the_planner_took(now):
    admitted(released_delegation())
    plan(now=now)
    batch = claim_batch(size=1, now=now)
    (delivery,) = batch.deliveries

    def begin() -> bool:
        try:
            return result.begin_attempt(delivery, token=batch.token, now=now)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as worker:
        with transaction.atomic():
            # As planners do where a newer message is owed.
            Delivery.objects.filter(pk=delivery.pk).update(
                state=DeliveryState.SUPERSEDED, claim_token=None, lease_expires_at=None
            )
            is_begun = worker.submit(begin)
            wait_until_someone_waits_for_us()

        assert not is_begun.result()

    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.may_have_arrived) == (DeliveryState.SUPERSEDED, 0, False)


def test_what_was_sent_is_kept_although_a_planner_holds_the_next_one(now):
    admitted(released_delegation())
    plan(now=now)
    batch = claim_batch(size=2, now=now)
    first, second = sorted(batch.deliveries, key=lambda delivery: delivery.pk)
    result.begin_attempt(first, token=batch.token, now=now)

    def keep() -> bool:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '50ms'")
            result.record_result(first, SENT, token=batch.token, now=now)
            return result.begin_attempt(second, token=batch.token, now=now)
        except OperationalError:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as worker, transaction.atomic():
        Delivery.objects.select_for_update().get(pk=second.pk)
        is_begun = worker.submit(keep).result()

    assert not is_begun
    assert list(Delivery.objects.order_by("pk").values_list("state", "attempts")) == [("sent", 1), ("claimed", 0)]
