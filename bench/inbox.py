"""Reads 1,000 mails in one pass, as `manage.py read_inbox` does, against the limits of time and memory.

The mail is a mixture of answers, bounces, absence notes and letters. The pass runs in a process of its own, whose peak
memory is that of the whole command. A second row measures a pass over an empty inbox.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from random import Random

from django.db import connection
from django.db.models import F
from django.utils import timezone

from bench.timing import Ratio
from registrations.models import Delivery, DeliveryKind
from sessions_app.releases import release_webinar
from tests.factories import NOW, make_country, make_delegates, make_delegation, make_quotas, make_webinar
from tests.registrations.services.deliveries import plan_and_send
from tests.registrations.services.inbox.generated import Post, known
from tests.registrations.services.inbox.stories import OUR_SERVER, Inbox

MAILS, PEOPLE = 1000, 250
SECONDS_ALLOWED, MEGABYTES_ALLOWED = 60, 150


def measure() -> Sequence[Ratio]:
    now = timezone.now()
    webinar = make_webinar()
    make_quotas(webinar)
    webinar.sessions.update(starts_at=F("starts_at") - NOW + now)
    release_webinar(webinar, by=None, now=now)
    make_delegates(PEOPLE, make_delegation(webinar, make_country(), status="accepted"), admitted_at=now)
    plan_and_send(now)
    deliveries = list(Delivery.objects.filter(kind=DeliveryKind.INVITATION).select_related("entry__session"))
    with tempfile.TemporaryDirectory() as folder:
        inbox = Inbox(Path(folder) / "Maildir")
        post = Post(Random(1), deliveries, now=now - timedelta(minutes=1))
        inbox.deliver(*(post.mail() for _ in range(MAILS)))
        seconds, megabytes = _read(inbox)
        empty, _ = _read(inbox)
    assert known() == post.expected
    return [
        Ratio(f"Reading {MAILS} mails in one pass", seconds, "allowed", SECONDS_ALLOWED, "s"),
        Ratio("Its peak memory", megabytes, "allowed", MEGABYTES_ALLOWED, "MB"),
        Ratio("A pass over an empty inbox, with the start of Python", empty, "allowed", SECONDS_ALLOWED, "s"),
    ]


def _read(inbox: Inbox) -> tuple[float, float]:
    """Run the command; return its seconds and the megabytes of its peak memory."""
    settings = connection.settings_dict
    url = f"postgres://{settings['USER']}@{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"
    environment = os.environ | {"DATABASE_URL": url, "INBOX_URL": inbox.url, "INBOX_AUTHSERV_ID": OUR_SERVER}
    started = time.perf_counter()
    subprocess.run([sys.executable, "manage.py", "read_inbox"], env=environment, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - started
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
