"""Mail of the sign-in is sent after the response, which neither waits for the mail server nor reveals its state."""

import os
import subprocess
import sys
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone

from rcm_webinar import background_mail
from tests.environment import ROOT
from tests.factories import make_user
from tests.faults.smtp_server import SmtpServer

# The cache may use the database, which the threads then query.
pytestmark = pytest.mark.django_db(transaction=True)
EMAIL = "known@example.org"
PATHS = ["login/code/", "password/reset/"]


@pytest.fixture(autouse=True)
def wait_for_sign_in_mail() -> Iterator[None]:
    """Wait at the end of the test only: these tests decide when the mail server replies."""
    yield
    background_mail.wait_until_sent()


@pytest.fixture
def server(settings) -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


def ask(path: str, email: str = EMAIL) -> str:
    """Return the text of the page after a request for `email`, without the address."""
    client = Client()
    answer = client.post(f"/accounts/{path}", {"email": email}, follow=True)
    assert answer.status_code == 200
    token = answer.context["csrf_token"]
    return answer.text.replace(email, "…").replace(str(token), "…")


def logged(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    """Return the fields of the log entries about mail."""
    entries = [record.msg for record in caplog.records if record.name == "rcm_webinar.background_mail"]
    return [{name: entry[name] for name in entry.keys() - {"level", "logger", "timestamp"}} for entry in entries]


def sign_in_mail() -> dict[str, object]:
    return Client().get("/readyz").json()["sign_in_mail"]


@pytest.mark.parametrize("path", PATHS)
def test_the_response_does_not_wait_for_a_silent_mail_server(server: SmtpServer, path: str) -> None:
    make_user(EMAIL)
    server.is_silent = True

    ask(path)
    before = list(server.received)
    server.is_silent = False
    background_mail.wait_until_sent()

    assert before == []
    (received,) = server.received
    message = message_from_bytes(received.content, policy=policy.default)
    assert (received.to, message["To"]) == (EMAIL, EMAIL)


@pytest.mark.parametrize("path", PATHS)
def test_a_failure_is_logged_and_degrades_readiness_until_a_message_is_sent_but_no_page_shows_it(
    server: SmtpServer, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    for address in (EMAIL, "other@example.org"):
        make_user(address)
    server.refused = frozenset({EMAIL})

    failed = ask(path)
    background_mail.wait_until_sent()
    degraded = sign_in_mail()
    unknown = ask(path, "nobody@example.org")
    background_mail.wait_until_sent()
    still_degraded = sign_in_mail()
    sent = ask(path, "other@example.org")
    background_mail.wait_until_sent()

    assert failed == unknown == sent
    assert logged(caplog) == [{"event": "sign_in_mail_failed", "reason": "SMTPRecipientsRefused"}]
    assert (degraded["status"], still_degraded["status"]) == ("degraded", "degraded")
    assert sign_in_mail() == {"status": "ok", "failed_seconds_ago": None}


def test_an_error_while_building_a_message_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> EmailMessage:
        raise TypeError("somebody@example.org")

    background_mail.send_later(broken)
    background_mail.wait_until_sent()

    (entry,) = logged(caplog)
    assert (entry["event"], entry["reason"]) == ("sign_in_mail_failed", "TypeError")
    assert "in broken\n" in str(entry["exception"])


def test_a_failure_degrades_readiness_for_ten_minutes() -> None:
    background_mail.send_later(lambda: EmailMessage("Subject", "Text", "broken\n@example.org", [EMAIL]))
    background_mail.wait_until_sent()

    now = timezone.now()
    statuses = [
        background_mail.sign_in_mail_readiness(now + after)["status"]
        for after in (now - now, background_mail.DEGRADED_FOR)
    ]
    assert statuses == ["degraded", "ok"]


def test_a_message_above_the_limit_of_pending_messages_is_dropped_and_logged(
    server: SmtpServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(background_mail, "MAX_PENDING", 2)
    addresses = [make_user().email for _ in range(4)]
    server.is_silent = True

    said = {ask("login/code/", address) for address in addresses}
    degraded = sign_in_mail()
    server.is_silent = False
    background_mail.wait_until_sent()

    assert len(said) == 1
    assert logged(caplog) == [{"event": "sign_in_mail_dropped", "waiting": 2}] * 2
    assert degraded["status"] == "degraded"
    assert sorted(received.to for received in server.received) == sorted(addresses[:2])


def test_requests_for_unknown_addresses_do_not_count_as_pending_messages(
    server: SmtpServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(background_mail, "MAX_PENDING", 2)
    addresses = [make_user().email for _ in range(2)]
    server.is_silent = True

    unknown = {ask("login/code/", f"nobody{number}@example.org") for number in range(3)}
    known = {ask("login/code/", address) for address in addresses}
    server.is_silent = False
    background_mail.wait_until_sent()

    assert len(unknown | known) == 1
    assert logged(caplog) == []
    assert sorted(received.to for received in server.received) == sorted(addresses)


def test_a_process_that_ends_sends_its_pending_messages_first(tmp_path: Path) -> None:
    program = """
import django
django.setup()
from django.core.mail import EmailMessage
from rcm_webinar.background_mail import send_later
for number in range(9):
    send_later(lambda: EmailMessage("Subject", "Text", None, ["known@example.org"]))
"""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "rcm_webinar.settings",
        "EMAIL_URL": f"filemail://{tmp_path}/mail",
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
        "CACHE_URL": "database",
    }
    for command in (["manage.py", "createcachetable"], ["-c", program]):
        subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, check=True)

    assert len(list((tmp_path / "mail").glob("*.eml"))) == 9
