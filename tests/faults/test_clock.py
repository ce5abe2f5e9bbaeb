"""The clock steps back an hour, as a mistaken host's does."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from registrations.models import Delivery, DeliveryKind
from registrations.services.delivering.plan import plan
from registrations.services.delivering.send import send_due
from tests.calendar_client import parse
from tests.factories import make_reminder_rule
from tests.faults.fleet import INVITATIONS, PEOPLE, Fleet, held_in, states
from tests.faults.smtp_server import SmtpServer

pytestmark = pytest.mark.postgresql

HOUR = timedelta(hours=1)


class SteppingClock:
    """Says `at`, and once the mail server has `messages` an hour less."""

    def __init__(self, at: datetime, server: SmtpServer, *, messages: int) -> None:
        self.at = at
        self.server = server
        self.messages = messages

    def __call__(self) -> datetime:
        return self.at if len(self.server.received) < self.messages else self.at - HOUR


def test_a_clock_that_steps_back_an_hour_reminds_nobody_twice(fleet: Fleet, settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", fleet.mail.port
    fleet.invite_everyone()
    make_reminder_rule(fleet.webinar, 24, "hours", created_at=timezone.now())
    at = fleet.webinar.sessions.get(number=1).starts_at - 24 * HOUR

    assert plan(now=at).count("reminder") == PEOPLE
    # In the midst of a batch of reminders.
    send_due(clock=SteppingClock(at, fleet.mail, messages=INVITATIONS + PEOPLE // 2 + 10))
    on_the_way = states()
    for now in (at - HOUR, at, at - HOUR, at + timedelta(minutes=1)):
        plan(now=now)
        send_due(clock=lambda now=now: now)

    assert on_the_way["sent"] > INVITATIONS
    assert on_the_way["due"] > 0
    calendars = fleet.calendars()
    assert held_in(calendars) == fleet.wanted()
    assert calendars.ignored == 0
    assert states() == {"sent": INVITATIONS + PEOPLE}
    reminded = Delivery.objects.filter(kind=DeliveryKind.REMINDER)
    received = Counter(parse(message.content)["Message-ID"] for message in fleet.mail.received)
    assert {received[delivery.message_id] for delivery in reminded} == {1}
