"""Sending what is owed, against one process that builds the same in memory and sends it over one connection."""

import subprocess
import sys
from collections.abc import Sequence

from django.core.mail import get_connection
from django.test import override_settings

from bench.timing import Ratio, compare
from registrations.mail import build_invitation
from registrations.models import Delivery, DeliveryState
from registrations.services.planning import plan
from registrations.services.sending import send_due
from sessions_app.releases import release_webinar
from tests.factories import NOW, make_country, make_delegate, make_delegation, make_quotas, make_webinar
from tests.servers import accepts, free_port, wait_until

PEOPLE = 100
ROUNDS = 5


def measure() -> Sequence[Ratio]:
    webinar = make_webinar("sending")
    make_quotas(webinar)
    release_webinar(webinar, by=None, now=NOW)
    delegation = make_delegation(webinar, make_country("CR"), status="accepted")
    for _ in range(PEOPLE):
        make_delegate(delegation, admitted_at=NOW)
    plan(now=NOW)
    owed = Delivery.objects.filter(kind="invitation")
    messages = owed.count()

    def through_the_outbox() -> None:
        owed.update(state=DeliveryState.DUE, claim_token=None, lease_expires_at=None, sent_at=None, attempts=0)
        report = send_due(clock=lambda: NOW)
        assert report.sent == messages, report

    def in_memory() -> None:
        with get_connection() as connection:
            connection.send_messages([build_invitation(delivery) for delivery in prepared])

    port = free_port()
    sink = [sys.executable, "-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{port}", "-c", "aiosmtpd.handlers.Sink"]
    smtp = {"EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend", "EMAIL_HOST": "127.0.0.1"}
    prepared = list(
        owed.select_related("delegate__webinar__policy", "delegate__delegation__body", "entry", "session__released")
    )
    with subprocess.Popen(sink) as server, override_settings(**smtp, EMAIL_PORT=port):
        wait_until(lambda: accepts(port), server)
        ratio = compare(
            f"Sending {messages} invitations",
            through_the_outbox,
            "built in memory, one connection",
            in_memory,
            rounds=ROUNDS,
            warm_up=1,
        )
        server.terminate()
    return [ratio]
