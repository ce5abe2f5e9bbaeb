"""Measures real workers: how fast they send compared with one process, how soon after a decision, and their memory.

The workers and beat are started as `make serve` shows them, with a mail server that accepts every message and stores
none.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from celery import Celery
from django.conf import settings
from django.core.mail import get_connection
from django.db import connection
from django.db.models import Max, Min, QuerySet
from django.test import override_settings
from django.utils import timezone

from bench.building import built_plainly
from bench.timing import Ratio, p95
from registrations.messages import calendar
from registrations.models import Delegation, Delivery, DeliveryState
from registrations.services.delegations import accept_delegation
from registrations.services.delivering.plan import plan
from registrations.services.nudge import PLAN_TASK
from sessions_app.models import Webinar
from sessions_app.releases import release_webinar
from tests.factories import make_country, make_delegates, make_delegation, make_session, make_staff, make_webinar
from tests.installation import Installation
from tests.servers import accepts, free_port, wait_until

PEOPLE = 500
ROUNDS = 3
WORKERS = 2
PATIENCE_SECONDS = 300
DECISIONS = 3
# The limits that an operator and a focal point can rely on.
MOST_SECONDS_AFTER_A_DECISION = 10
MOST_MEMORY_OF_A_PROCESS = 120


def measure() -> Sequence[Ratio]:
    owed = _invitations()
    messages = owed.count()
    prepared = list(calendar.with_related(owed))
    ways: dict[str, Callable[[], float]]
    taken: dict[str, list[float]] = {"memory": [], "plain": [], "one": [], "two": []}
    with _mail_server() as port, _installation(port) as broker:
        workers = _Workers(broker)
        ways = {
            "memory": lambda: _in_memory(prepared, port),
            "plain": lambda: _in_memory_plainly(prepared, port),
            "one": lambda: _by_workers(owed, workers, 1),
            "two": lambda: _by_workers(owed, workers, 2),
        }
        # The first round warms up.
        for number in range(-1, ROUNDS):
            for name, send in ways.items():
                seconds = send()
                if number >= 0:
                    taken[name].append(seconds * 1000)
        seconds_after_decision = _after_decisions(workers)
        # The first worker sent at least this many messages.
        sent_by_one = (ROUNDS + 1 + DECISIONS) * messages
        megabytes = workers.peak_memory_of_the_first()
    memory, plain, one, two = (statistics.median(each) for each in taken.values())
    return [
        Ratio(f"Sending {messages:,} invitations, one worker", one, "built in memory, one connection", memory),
        Ratio("The same", one, "Django's classes and icalendar, as above", plain),
        Ratio("The same by two workers at once", two, "one worker", one),
        Ratio(
            f"From accepting {PEOPLE} people to mail handed over, p95",
            p95(seconds_after_decision),
            "the limit, with one worker",
            MOST_SECONDS_AFTER_A_DECISION,
            unit="s",
        ),
        Ratio(
            f"Memory of a worker's largest process, {sent_by_one:,} sent",
            megabytes,
            "the limit",
            MOST_MEMORY_OF_A_PROCESS,
            unit="MB",
        ),
    ]


def _webinar(slug: str) -> Webinar:
    """Create a released webinar with two sessions in three weeks."""
    now = timezone.now()
    webinar = make_webinar(slug, sessions=0)
    # Views use the present time, so registration must be open now.
    policy = webinar.policy
    policy.opens_at, policy.closes_at = now - timedelta(days=1), now + timedelta(days=1)
    policy.purge_on = (now + timedelta(days=365)).date()
    policy.save()
    for number in (1, 2):
        make_session(webinar, number=number, starts_at=now + timedelta(days=20 + number))
    release_webinar(webinar, by=None, now=now)
    return webinar


def _invitations() -> "QuerySet[Delivery]":
    """Plan and return the invitations of 500 people to both sessions of a webinar."""
    now = timezone.now()
    webinar = _webinar("sending")
    delegation = make_delegation(webinar, make_country("CR"), status="accepted")
    make_delegates(PEOPLE, delegation, admitted_at=now, mail_not_before=now)
    plan(now=now)
    return Delivery.objects.filter(kind="invitation", delegate__webinar=webinar)


def _in_memory(prepared: Sequence[Delivery], port: int) -> float:
    backend = "django.core.mail.backends.smtp.EmailBackend"
    with override_settings(EMAIL_BACKEND=backend, EMAIL_HOST="127.0.0.1", EMAIL_PORT=port):
        begun = time.perf_counter()
        with get_connection() as mail_server:
            for delivery in prepared:
                mail_server.send_messages([calendar.build(delivery)])
        return time.perf_counter() - begun


def _in_memory_plainly(prepared: Sequence[Delivery], port: int) -> float:
    with built_plainly():
        return _in_memory(prepared, port)


class _Workers:
    """The running workers; `work` sets how many of them take tasks."""

    def __init__(self, broker: Celery) -> None:
        self.broker = broker
        self.names = sorted(name for reply in broker.control.ping(timeout=1) for name in reply)

    def work(self, count: int) -> None:
        """Let only the first `count` workers take tasks."""
        for number, name in enumerate(self.names):
            control: Any = self.broker.control
            switch = control.add_consumer if number < count else control.cancel_consumer
            switch(self.broker.conf.task_default_queue, destination=[name], reply=True)

    def peak_memory_of_the_first(self) -> float:
        """Return the peak memory, in MB, of the largest process of the first worker. Works on Linux only."""
        name = self.names[0]
        stats = self.broker.control.inspect([name], timeout=10).stats()[name]
        return max(_peak_memory(pid) for pid in (stats["pid"], *stats["pool"]["processes"]))


def _peak_memory(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(kilobytes) / 1024


def _by_workers(owed: "QuerySet[Delivery]", workers: _Workers, count: int) -> float:
    """Let `count` workers send; return the seconds from the first attempt to the last recorded result."""
    owed.update(state=DeliveryState.DUE, claim_token=None, lease_expires_at=None, sent_at=None, attempts=0)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE registrations_delivery")
    workers.work(count)
    workers.broker.send_task(PLAN_TASK)
    _wait_until_sent(owed)
    times = owed.aggregate(first=Min("attempted_at"), last=Max("sent_at"))
    return float((times["last"] - times["first"]).total_seconds())


def _after_decisions(workers: _Workers) -> list[float]:
    """Return, for each invitation, the seconds from the acceptance of its delegation to the mail server's reply.

    One worker sends. As in production, the decision starts the planner, and the planner starts the sender.
    """
    staff = make_staff()
    workers.work(1)
    seconds: list[float] = []
    for number in range(DECISIONS):
        delegation = _submitted(f"decided-{number}")
        decided_at = timezone.now()
        accept_delegation(delegation, by=staff, now=decided_at, with_gap=True)
        owed = Delivery.objects.filter(kind="invitation", delegate__delegation=delegation)
        _wait_until_sent(owed, count=2 * PEOPLE)
        sent_at = owed.values_list("sent_at", flat=True)
        seconds += [(at - decided_at).total_seconds() for at in sent_at if at is not None]
    return seconds


def _submitted(slug: str) -> Delegation:
    """Create a submitted delegation with 500 people."""
    now = timezone.now()
    delegation = make_delegation(_webinar(slug), make_country(f"D{slug[-1]}"), status="submitted")
    make_delegates(PEOPLE, delegation, registered_at=now, mail_not_before=now)
    return delegation


def _wait_until_sent(owed: "QuerySet[Delivery]", *, count: int = 0) -> None:
    begun = time.monotonic()
    while owed.count() < count or owed.exclude(state=DeliveryState.SENT).exists():
        if time.monotonic() - begun > PATIENCE_SECONDS:
            raise RuntimeError("The workers did not send everything.")
        time.sleep(0.1)


@contextmanager
def _mail_server() -> Iterator[int]:
    """Start a mail server that accepts every message and stores none; yield its port."""
    port = free_port()
    sink = [sys.executable, "-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{port}", "-c", "aiosmtpd.handlers.Sink"]
    with subprocess.Popen(sink) as server:
        try:
            wait_until(lambda: accepts(port), server)
            yield port
        finally:
            server.terminate()


@contextmanager
def _installation(port: int) -> Iterator[Celery]:
    """Start beat and the workers on this database; yield a Celery application that is connected to them."""
    base, redis = os.environ["DATABASE_URL"].rpartition("/")[0], settings.CACHE_URL.rpartition("/")[0]
    environment = os.environ | {
        "DATABASE_URL": f"{base}/{connection.settings_dict['NAME']}",
        "CELERY_BROKER_URL": f"{redis}/0",
        "EMAIL_URL": f"smtp://127.0.0.1:{port}",
    }
    # The new application is the current one of this process, so tasks of the services reach the workers too.
    broker = Celery()
    # Celery prefers these two settings to `broker_url`, which it reads from this process's environment.
    broker.conf.update(broker_read_url=f"{redis}/0", broker_write_url=f"{redis}/0")
    with tempfile.TemporaryDirectory() as folder, Installation(Path(folder), dict(environment)) as installation:
        for number in range(WORKERS):
            installation.start_worker(name=f"{number}@%h")
        installation.start_beat()
        installation.wait_until(lambda: len(broker.control.ping(timeout=1)) == WORKERS, seconds=PATIENCE_SECONDS)
        yield broker
