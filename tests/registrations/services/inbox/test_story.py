"""A whole story with real mail servers: sent, bounced, read, shown, corrected, sent again, answered."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from registrations.models import Bounce, CalendarEntry, Delegate, Delivery, DeliveryState, MailForAPerson
from registrations.services.inbox.mailboxes import PROCESSED, open_mailbox
from registrations.services.nominations import edit_delegate
from sessions_app.releases import release_webinar
from tests.factories import (
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_quotas,
    make_staff,
    make_webinar,
)
from tests.mail_servers import Dovecot, deliver, dovecot, postfix
from tests.registrations.services.deliveries import plan_and_send
from tests.registrations.services.inbox.stories import OUR_SERVER, entry_of, read, reply_mail
from tests.registrations.services.nominations.stories import details_of

pytestmark = [pytest.mark.mail_servers, pytest.mark.django_db]
WITHIN_SECONDS = 20


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Dovecot]:
    with dovecot() as server:
        yield server


@pytest.fixture(scope="module")
def mail_port(mailbox: Dovecot) -> Iterator[int]:
    with postfix(mailbox.maildir) as server:
        yield server.port


@pytest.fixture(autouse=True)
def installation(mailbox: Dovecot, mail_port: int, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The product as it is installed: it sends through Postfix and reads the mailbox of Dovecot."""
    monkeypatch.setenv("SSL_CERT_FILE", str(mailbox.certificate))
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mail_port
    settings.DEFAULT_FROM_EMAIL = "RCM webinars <webinars@example.org>"
    settings.INBOX_URL, settings.INBOX_AUTHSERV_ID = mailbox.url, OUR_SERVER


def registered(email: str) -> Delegate:
    """A person of an accepted delegation of a released webinar, which lies ahead of the present time."""
    now = timezone.now()
    webinar = make_webinar()
    make_quotas(webinar)
    for session in webinar.sessions.all():
        session.starts_at = now + timedelta(days=20 + session.number)
        session.save()
    webinar.policy.closes_at, webinar.policy.purge_on = now + timedelta(days=9), (now + timedelta(days=90)).date()
    webinar.policy.save()
    release_webinar(webinar, by=None, now=now)
    delegation = make_delegation(webinar, make_country(), status="accepted")
    return make_delegate(delegation, name="Ana Paz", email=email, language="en", admitted_at=now)


def read_until(is_known: Callable[[], bool]) -> None:
    """Read the inbox as beat does, until `is_known`."""
    until = time.monotonic() + WITHIN_SECONDS
    while not is_known():
        assert time.monotonic() < until, "it was not known in time"
        read(timezone.now())
        time.sleep(0.2)


@pytest.mark.parametrize("bounce_address", ["bounces@example.org", ""])
def test_mail_that_came_back_is_shown_corrected_and_sent_again(bounce_address: str, settings: Settings) -> None:
    settings.BOUNCE_ADDRESS = bounce_address
    person = registered("nobody@example.org")
    focal_point = make_focal_point(person.delegation.body).user
    plan_and_send(timezone.now())

    read_until(lambda: Bounce.objects.count() == 2)
    assert set(Bounce.objects.values_list("action", "reason", "status_code")) == {
        ("failed", "unknown_address", "5.1.1")
    }
    assert set(Delivery.objects.filter(delegate=person).values_list("state", flat=True)) == {DeliveryState.BOUNCED}

    browser = Client()
    browser.force_login(focal_point)
    page = browser.get(person.delegation.get_absolute_url()).content.decode()
    assert "There is no mailbox with this address." in page

    edit_delegate(
        person,
        details=details_of(person, email="ana@elsewhere.example.org"),
        version=person.version,
        by=make_staff(),
        now=timezone.now(),
    )
    plan_and_send(timezone.now())
    assert set(Delivery.objects.filter(email="ana@elsewhere.example.org").values_list("state", flat=True)) == {
        DeliveryState.SENT
    }
    assert not Bounce.objects.current().exists()
    page = browser.get(person.delegation.get_absolute_url()).content.decode()
    assert "There is no mailbox with this address." not in page


@pytest.mark.parametrize(
    ("address", "reason", "state"),
    [
        ("unknown@elsewhere.example.org", "unknown_address", "bounced"),
        ("full@elsewhere.example.org", "mailbox_full", "bounced"),
        ("policy@elsewhere.example.org", "policy", "bounced"),
        ("delayed@elsewhere.example.org", "temporary", "sent"),
    ],
)
def test_each_kind_of_refusal_is_read(address: str, reason: str, state: str, settings: Settings) -> None:
    settings.BOUNCE_ADDRESS = "bounces@example.org"
    registered(address)
    plan_and_send(timezone.now())

    read_until(lambda: Bounce.objects.count() == 2)

    assert set(Bounce.objects.values_list("reason", flat=True)) == {reason}
    assert set(Delivery.objects.values_list("state", flat=True)) == {state}


def test_an_answer_from_a_calendar_program_counts(mailbox: Dovecot) -> None:
    person = registered("ana@elsewhere.example.org")
    plan_and_send(timezone.now())
    deliver(mailbox.maildir, reply_mail(entry_of(person), "DECLINED", stamp=timezone.now().replace(microsecond=0)))

    read_until(lambda: CalendarEntry.objects.filter(ical_partstat="DECLINED").exists())

    assert not MailForAPerson.objects.exists()


def test_the_doctor_finds_its_own_message_in_the_inbox(mailbox: Dovecot) -> None:
    output = StringIO()

    call_command("doctor", "--mail", stdout=output)

    assert output.getvalue().endswith("mail server: ok\ninbox: ok\n")
    with open_mailbox(mailbox.url.replace("INBOX", PROCESSED)) as processed:
        newest = processed.fetch(processed.uids()[-1])
    assert newest is not None
    assert b"Subject: Test of the inbox" in newest.content


def test_the_doctor_says_that_the_inbox_cannot_be_read(settings: Settings, tmp_path: Path) -> None:
    settings.INBOX_URL = f"maildir://{tmp_path}/missing"

    with pytest.raises(CommandError, match=r"1 of 5 checks failed\."):
        call_command("doctor", "--mail", stdout=StringIO())
