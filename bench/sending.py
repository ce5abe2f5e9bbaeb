"""Sending what is owed by real workers, against one process that builds the same from memory over one connection."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta

from celery import Celery
from django.conf import settings
from django.core.mail import get_connection
from django.db import connection
from django.db.models import Max, Min, QuerySet
from django.test import override_settings
from django.utils import timezone

from bench.building import plainly
from bench.timing import Ratio
from registrations.mail import build_invitation
from registrations.models import Delivery, DeliveryState
from registrations.services.nudge import PLAN_TASK
from registrations.services.planning import plan
from sessions_app.releases import release_webinar
from tests.environment import ROOT
from tests.factories import make_country, make_delegate, make_delegation, make_session, make_webinar
from tests.servers import accepts, free_port, wait_until

PEOPLE = 1000
ROUNDS = 3
PATIENCE_SECONDS = 300
WORKERS = 2


def measure() -> Sequence[Ratio]:
    owed = _invitations()
    messages = owed.count()
    prepared = list(
        owed.select_related("delegate", "entry", "previous_release", "session__released", "session__webinar")
    )
    taken: dict[str, list[float]] = {"memory": [], "plain": [], "one": [], "two": []}
    with _mail_server() as port, _workers(port) as broker:
        for number in range(-1, ROUNDS):
            times = {
                "memory": _in_memory(prepared, port),
                "plain": _in_memory_plainly(prepared, port),
                "one": _by_workers(1, owed, broker),
                "two": _by_workers(2, owed, broker),
            }
            if number >= 0:
                for who, seconds in times.items():
                    taken[who].append(seconds * 1000)
    memory, plain, one, two = (statistics.median(each) for each in taken.values())
    return [
        Ratio(f"Sending {messages:,} invitations, one worker", one, "built in memory, one connection", memory),
        Ratio("The same", one, "Django's classes and icalendar, as above", plain),
        Ratio("The same by two workers at once", two, "one worker", one),
    ]


def _invitations() -> "QuerySet[Delivery]":
    """Those of 1,000 people to both sessions of a webinar in three weeks."""
    now = timezone.now()
    webinar = make_webinar("sending", sessions=0)
    for number in (1, 2):
        make_session(webinar, number=number, starts_at=now + timedelta(days=20 + number))
    release_webinar(webinar, by=None, now=now)
    delegation = make_delegation(webinar, make_country("CR"), status="accepted")
    for _ in range(PEOPLE):
        make_delegate(delegation, admitted_at=now, hold_until=now)
    plan(now=now)
    return Delivery.objects.filter(kind="invitation", delegate__webinar=webinar)


def _in_memory(prepared: Sequence[Delivery], port: int) -> float:
    backend = "django.core.mail.backends.smtp.EmailBackend"
    with override_settings(EMAIL_BACKEND=backend, EMAIL_HOST="127.0.0.1", EMAIL_PORT=port):
        begun = time.perf_counter()
        with get_connection() as mail_server:
            for delivery in prepared:
                mail_server.send_messages([build_invitation(delivery)])
        return time.perf_counter() - begun


def _in_memory_plainly(prepared: Sequence[Delivery], port: int) -> float:
    with plainly():
        return _in_memory(prepared, port)


def _by_workers(count: int, owed: "QuerySet[Delivery]", broker: Celery) -> float:
    """From the first message that is begun to the last one that is kept, by the first `count` workers."""
    owed.update(state=DeliveryState.DUE, claim_token=None, lease_expires_at=None, sent_at=None, attempts=0)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE registrations_delivery")
    names = sorted(name for reply in broker.control.ping(timeout=1) for name in reply)
    for number, name in enumerate(names):
        control = broker.control.add_consumer if number < count else broker.control.cancel_consumer
        control(broker.conf.task_default_queue, destination=[name], reply=True)
    broker.send_task(PLAN_TASK)
    begun = time.monotonic()
    while owed.exclude(state=DeliveryState.SENT).exists():
        if time.monotonic() - begun > PATIENCE_SECONDS:
            raise RuntimeError("The workers did not send everything.")
        time.sleep(0.1)
    times = owed.aggregate(first=Min("attempted_at"), last=Max("sent_at"))
    return float((times["last"] - times["first"]).total_seconds())


@contextmanager
def _mail_server() -> Iterator[int]:
    """One that takes everything and keeps nothing; its port."""
    port = free_port()
    sink = [sys.executable, "-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{port}", "-c", "aiosmtpd.handlers.Sink"]
    with subprocess.Popen(sink) as server:
        try:
            wait_until(lambda: accepts(port), server)
            yield port
        finally:
            server.terminate()


@contextmanager
def _workers(port: int) -> Iterator[Celery]:
    """Workers of an installation on this database; what reaches them."""
    base, redis = os.environ["DATABASE_URL"].rpartition("/")[0], settings.CACHE_URL.rpartition("/")[0]
    environment = os.environ | {
        "DATABASE_URL": f"{base}/{connection.settings_dict['NAME']}",
        "CELERY_BROKER_URL": f"{redis}/0",
        "EMAIL_URL": f"smtp://127.0.0.1:{port}",
    }
    flags = ["--without-gossip", "--without-mingle", "--concurrency=1"]
    broker = Celery()
    # Celery prefers the broker of this process's own environment to a plain one.
    broker.conf.update(broker_read_url=f"{redis}/0", broker_write_url=f"{redis}/0")
    with ExitStack() as stack:
        for number in range(WORKERS):
            command = [sys.executable, "-m", "celery", "-A", "rcm_webinar", "worker", *flags, f"--hostname={number}@%h"]
            worker = stack.enter_context(
                subprocess.Popen(
                    command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
            )
            stack.callback(worker.terminate)
        wait_until(lambda: len(broker.control.ping(timeout=1)) == WORKERS, worker)
        yield broker
