"""The line to a mail server, with a real one at its end."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.mail import EmailMessage, get_connection

from registrations.models import Delivery
from registrations.services.planning import plan
from registrations.services.sending import send_due
from registrations.services.sending.claims import claim_batch
from registrations.services.sending.writing import Desk
from tests.faults.smtp_server import SmtpServer
from tests.registrations.services.deliveries import SOON, admitted, released_delegation

BACKEND = "registrations.services.sending.line.EmailBackend"


@pytest.fixture
def mail_server(settings) -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        settings.EMAIL_BACKEND = BACKEND
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


def test_work_is_done_after_the_message_left_and_before_the_answer_is_read(mail_server) -> None:
    # It keeps a message long before it answers.
    mail_server.pace = 0.5
    taken: list[int] = []

    def look() -> None:
        for _ in range(40):
            if len(mail_server.received) > len(taken):
                break
            time.sleep(0.01)
        taken.append(len(mail_server.received))

    with get_connection() as line:
        line.do_meanwhile(look)
        line.send_messages([EmailMessage("First", "text", to=["a@example.org"]) for _ in range(2)])
        line.do_meanwhile(None)
        line.send_messages([EmailMessage("Second", "text", to=["a@example.org"])])

    assert taken == [1, 2]
    assert len(mail_server.received) == 3


@pytest.mark.django_db
def test_what_cannot_be_written_ahead_is_tried_at_its_turn_and_what_was_is_used_once() -> None:
    admitted(released_delegation())
    plan(now=SOON)
    (delivery, *_others) = claim_batch(size=2, now=SOON).deliveries
    desk, stamp = Desk(), delivery.ical_stamp
    delivery.ical_stamp = None

    desk.write_ahead(delivery)
    with pytest.raises(ValueError, match="stamp"):
        desk.write(delivery)
    delivery.ical_stamp = stamp
    desk.write_ahead(delivery)
    delivery.ical_stamp = None
    message = desk.write(delivery)
    with pytest.raises(ValueError, match="stamp"):
        desk.write(delivery)

    assert message.to == [f"{delivery.delegate.name} <{delivery.email}>"]


@pytest.mark.django_db
def test_when_time_is_up_nothing_is_begun_that_is_not_sent(mail_server) -> None:
    delegation = released_delegation()
    people = [admitted(delegation) for _ in range(3)]
    plan(now=SOON)
    seconds = iter(range(1000))

    report = send_due(clock=lambda: SOON + timedelta(seconds=next(seconds)), within=timedelta(seconds=8))

    left = Delivery.objects.exclude(state="sent")
    assert report.has_more
    assert 0 < report.sent == len(mail_server.received) < 2 * len(people)
    assert set(left.values_list("state", "attempts", "may_have_arrived")) == {("due", 0, False)}
