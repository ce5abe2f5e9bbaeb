"""The sender of the envelope, to which bounces go, over a real SMTP connection."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from registrations.models import Delivery
from registrations.services.inbox.bounces import parse_bounce
from registrations.services.inbox.parsing import parse_mail
from tests.faults.smtp_server import SmtpServer
from tests.registrations.services.deliveries import admitted, plan_and_send, released_delegation

pytestmark = pytest.mark.django_db
FROM = "Seminarios web de la CRM <webinars@example.org>"


@pytest.fixture
def smtp(settings) -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


def header(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=policy.default)


def test_bounces_of_each_message_go_to_an_address_of_its_own(smtp, settings):
    settings.BOUNCE_ADDRESS = "bounces@mail.example.org"
    admitted(released_delegation())

    plan_and_send()

    ids = [header(received.content)["Message-ID"] for received in smtp.received]
    tokens = [message_id.strip("<>").partition("@")[0] for message_id in ids]
    assert [received.sender for received in smtp.received] == [f"bounces+{token}@mail.example.org" for token in tokens]
    assert set(ids) == set(Delivery.objects.values_list("message_id", flat=True))
    assert len(set(tokens)) == 2


def test_the_sender_that_people_see_stays_the_same(smtp, settings):
    settings.BOUNCE_ADDRESS = "bounces@mail.example.org"
    admitted(released_delegation())

    plan_and_send()

    headers = [header(received.content) for received in smtp.received]
    assert [(message["From"], message["Sender"]) for message in headers] == [(FROM, None)] * 2
    assert b"bounces" not in b"".join(received.content for received in smtp.received)


def test_without_the_setting_bounces_go_to_the_sender(smtp, settings):
    settings.BOUNCE_ADDRESS = ""
    admitted(released_delegation())

    plan_and_send()

    assert [received.sender for received in smtp.received] == ["webinars@example.org"] * 2
    assert [header(received.content)["From"] for received in smtp.received] == [FROM] * 2


def test_the_token_in_the_address_of_a_bounce_is_read_back(smtp, settings):
    settings.BOUNCE_ADDRESS = "bounces@mail.example.org"
    admitted(released_delegation())
    plan_and_send()
    received = smtp.received[0]

    report = f"To: {received.sender}\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
    bounce = parse_bounce(parse_mail(report.encode()))

    assert f"<{bounce.tokens[0]}@example.org>" == header(received.content)["Message-ID"]
