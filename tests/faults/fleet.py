"""An installation that faults are done to: its own PostgreSQL, Redis and mail server, and people to invite.

Its rows are read and written through Django's ORM, in this process.
"""

import signal
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from celery import Celery
from django.db import connection
from django.utils import timezone

from registrations.models import CalendarEntry, Delegate, Delivery, DeliveryState
from registrations.services.delivering.plan import plan
from registrations.services.nudge import PLAN_TASK
from sessions_app.models import Webinar
from sessions_app.releases import release_webinar
from tests.calendar_client import CalendarClient
from tests.factories import make_country, make_delegates, make_delegation, make_session, make_webinar
from tests.faults.smtp_server import SmtpServer
from tests.installation import TOLD_OF_A_LOG, Installation
from tests.running_demo import shell
from tests.servers import Server
from tests.sizes import IS_DRILL

PEOPLE = 500 if IS_DRILL else 200
SESSIONS = 2
INVITATIONS = PEOPLE * SESSIONS
# Ends early: only what is lost waits so long.
PATIENCE_SECONDS = 240
# What each mailbox holds: by UID the start and the sequence.
Calendars = dict[str, dict[str, tuple[datetime, int]]]


class Fleet(Installation):
    """Its `settings` may be changed until a process is started that reads them."""

    webinar: Webinar

    def __init__(self, folder: Path, database_url: str, *, database: Server, redis: Server, mail: SmtpServer) -> None:
        self.database = database
        self.redis = redis
        self.mail = mail
        settings = {
            "DATABASE_URL": database_url,
            "CACHE_URL": f"{redis.url}/1",
            "CELERY_BROKER_URL": f"{redis.url}/0",
            "EMAIL_URL": f"smtp://127.0.0.1:{mail.port}",
            "SECRET_KEY": "of-a-fleet-under-test-and-longer-than-fifty-characters-0123456789",
            "MESSAGE_ID_KEY": "of-the-messages-of-a-fleet-and-longer-than-fifty-characters-0123",
            "ALLOWED_HOSTS": "webinars.example.org",
            "BASE_URL": "https://webinars.example.org",
            "DEFAULT_FROM_EMAIL": "RCM webinars <webinars@example.org>",
            "MEDIA_ROOT": str(folder / "media"),
            "PLAN_EVERY_SECONDS": "2",
        }
        super().__init__(folder, shell() | settings)

    def register_everyone(self) -> None:
        """Admitted delegates of a webinar in three weeks, which is released."""
        now = timezone.now().replace(microsecond=0)
        self.webinar = make_webinar(sessions=0)
        for number in range(1, SESSIONS + 1):
            make_session(self.webinar, number=number, starts_at=now + timedelta(days=20 + number))
        release_webinar(self.webinar, by=None, now=now)
        delegation = make_delegation(self.webinar, make_country(), status="accepted")
        make_delegates(PEOPLE, delegation, admitted_at=now, registered_at=now, mail_not_before=now)

    def invite_everyone(self) -> None:
        """The same, each owed an invitation to both sessions."""
        self.register_everyone()
        assert plan(now=timezone.now()).count("calendar") == INVITATIONS

    def plan(self) -> None:
        """Plan what is owed by now: a planner at work may have looked before."""
        self.wait_until(lambda: not plan(now=timezone.now()).is_skipped)

    def ask_for_a_plan(self) -> None:
        """Let one of the workers plan, once all of them are there."""
        broker = Celery()
        # Celery prefers the broker of this process's own environment to a plain one.
        url = self.settings["CELERY_BROKER_URL"]
        broker.conf.update(broker_read_url=url, broker_write_url=url)
        self.wait_until(lambda: len(broker.control.ping(timeout=1)) == len(self.processes))
        broker.send_task(PLAN_TASK)
        broker.close()

    def wait_for_more(self, messages: int) -> None:
        """Until the mail server has taken so many more than it has now."""
        enough = len(self.mail.received) + messages
        self.wait_until(lambda: len(self.mail.received) >= enough)

    def wait_until_nothing_is_owed(self) -> None:
        waiting = Delivery.objects.filter(state__in=[DeliveryState.DUE, DeliveryState.CLAIMED])
        self.wait_until(lambda: not waiting.exists())

    def restart_database(self, number: signal.Signals) -> None:
        """End PostgreSQL with this signal under everyone who talks to it, and start it again."""
        self.database.end(number)
        self.database.start()
        connection.close()

    def wait_until(self, is_so: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS) -> None:
        super().wait_until(is_so, seconds=seconds)

    def logs(self) -> str:
        """The end of what each process wrote, PostgreSQL among them."""
        return f"{super().logs()}\n== postgresql\n{(self.database.folder / 'log').read_text()[-TOLD_OF_A_LOG:]}"

    def calendars(self) -> CalendarClient:
        """What the mailboxes make of the messages that the mail server took, in its order."""
        return CalendarClient().receive_all(message.content for message in self.mail.received)

    def wanted(self) -> Calendars:
        """What each mailbox should hold by now."""
        entries = {(entry.session_id, entry.address): entry for entry in CalendarEntry.objects.all()}
        sessions = list(self.webinar.sessions.all())
        return {
            delegate.address: {
                str(session.ical_uid): (session.starts_at, entries[session.pk, delegate.address].sequence)
                for session in sessions
            }
            for delegate in Delegate.objects.active()
        }


def held_in(client: CalendarClient) -> Calendars:
    return {
        address: {uid: (held.starts_at, held.sequence) for uid, held in box.items()}
        for address, box in client.mailboxes.items()
    }


def states() -> dict[str, int]:
    """How many deliveries are in each state."""
    return dict(Counter(Delivery.objects.values_list("state", flat=True)))
