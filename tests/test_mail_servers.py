"""The private Postfix, whose mail and bounces other tests read."""

import email
import smtplib
import time
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import pytest

from tests.mail_servers import dovecot, postfix

pytestmark = pytest.mark.mail_servers


@pytest.fixture(scope="module")
def maildir() -> Iterator[Path]:
    with dovecot() as server:
        yield server.maildir


@pytest.fixture(scope="module")
def server(maildir: Path) -> Iterator[smtplib.SMTP]:
    with postfix(maildir) as running, smtplib.SMTP("127.0.0.1", running.port) as client:
        yield client


def arrived(maildir: Path) -> Message:
    """Return the next mail, and delete it."""
    for _ in range(200):
        for path in (maildir / "new").iterdir():
            content = path.read_bytes()
            path.unlink()
            return email.message_from_bytes(content)
        time.sleep(0.05)
    raise AssertionError("no mail within ten seconds")


def send(server: smtplib.SMTP, to: str) -> None:
    text = f"From: webinars@example.org\nTo: {to}\nMessage-ID: <sent@example.org>\nSubject: Sample\n\nText\n"
    server.sendmail("bounces+token@example.org", [to], text)


@pytest.mark.parametrize("address", ["webinars@example.org", "bounces@example.org", "bounces+token@example.org"])
def test_mail_to_the_mailbox_is_delivered(address: str, server: smtplib.SMTP, maildir: Path) -> None:
    send(server, address)

    assert arrived(maildir)["Message-ID"] == "<sent@example.org>"


@pytest.mark.parametrize(
    ("address", "action", "status"),
    [
        ("nobody@example.org", "failed", "5.1.1"),
        ("unknown@elsewhere.example.org", "failed", "5.1.1"),
        ("full@elsewhere.example.org", "failed", "5.2.2"),
        ("policy@elsewhere.example.org", "failed", "5.7.1"),
        ("delayed@elsewhere.example.org", "delayed", "4.2.1"),
    ],
)
def test_mail_that_is_refused_bounces_to_its_envelope_sender(
    address: str, action: str, status: str, server: smtplib.SMTP, maildir: Path
) -> None:
    send(server, address)

    bounce = arrived(maildir)
    assert (bounce["Return-Path"], bounce["Delivered-To"]) == ("<>", "bounces+token@example.org")
    _, of_recipient = bounce.get_payload()[1].get_payload()
    assert (of_recipient["Action"], of_recipient["Status"]) == (action, status)
    assert "Message-ID: <sent@example.org>" in str(bounce.get_payload()[2])
