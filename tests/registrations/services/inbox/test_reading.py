from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registrations.health import inbox_readiness
from registrations.models import (
    AnswerState,
    AttentionReason,
    Bounce,
    CalendarAnswer,
    CalendarEntry,
    Delivery,
    DeliveryState,
    InboxState,
    IncomingKind,
    IncomingMail,
    MailForAPerson,
)
from registrations.services.inbox.mailboxes import FOR_A_PERSON, PROCESSED
from registrations.services.inbox.reading import take_lease
from tests.factories import make_user
from tests.logged import warnings_in
from tests.registrations.services.deliveries import SOON
from tests.registrations.services.inbox.stories import (
    A_LETTER,
    AN_ABSENCE_NOTE,
    OUR_SERVER,
    Inbox,
    bounce_mail,
    entry_of,
    read,
    reply_mail,
)
from tests.registrations.services.reminding import MINUTE, invited

pytestmark = pytest.mark.django_db
LATER = SOON + 5 * MINUTE


@pytest.fixture
def inbox(tmp_path: Path, settings) -> Inbox:
    inbox = Inbox(tmp_path / "Maildir")
    settings.INBOX_URL, settings.INBOX_AUTHSERV_ID = inbox.url, OUR_SERVER
    return inbox


def test_without_an_inbox_nothing_is_read(settings):
    settings.INBOX_URL = ""

    with CaptureQueriesContext(connection) as queries:
        report = read()

    assert (report.counts, report.failure, len(queries)) == ({}, "", 0)
    assert inbox_readiness(LATER) == {"status": "ok", "last_read_seconds_ago": None}


def test_each_mail_is_recognised_recorded_and_moved(inbox):
    person = invited()
    first, second = Delivery.objects.filter(delegate=person).order_by("pk")
    inbox.deliver(A_LETTER, AN_ABSENCE_NOTE, reply_mail(entry_of(person), stamp=LATER), bounce_mail(second))

    report = read(LATER)

    assert report.counts == dict.fromkeys(IncomingKind, 1)
    assert (report.moved, inbox.count(), inbox.count(PROCESSED), inbox.count(FOR_A_PERSON)) == (4, 0, 3, 1)
    assert list(CalendarEntry.objects.exclude(answered_at=None).values_list("ical_partstat", "answered_at")) == [
        ("ACCEPTED", LATER)
    ]
    assert dict(Delivery.objects.values_list("pk", "state")) == {first.pk: "sent", second.pk: "bounced"}
    assert MailForAPerson.objects.get().subject == "A question"


def test_an_answer_that_is_not_proven_waits_for_staff(inbox):
    inbox.deliver(reply_mail(entry_of(invited()), is_proven=False))

    read(LATER)

    assert CalendarAnswer.objects.get().state == AnswerState.TO_CONFIRM
    assert not CalendarEntry.objects.exclude(answered_at=None).exists()
    assert (inbox.count(PROCESSED), inbox.count(FOR_A_PERSON)) == (1, 0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"UID": "unknown"}, AttentionReason.UNKNOWN_SESSION),
        ({"METHOD": "COUNTER"}, AttentionReason.COUNTER_PROPOSAL),
        ({"ATTENDEE;PARTSTAT=ACCEPTED": "mailto:other@example.org"}, AttentionReason.SEVERAL_ATTENDEES),
    ],
)
def test_an_answer_that_is_not_clear_is_for_a_person_and_keeps_nothing_of_the_mail(inbox, change, reason):
    entry = entry_of(invited())
    mail = reply_mail(entry, "DECLINED")
    for name, value in change.items():
        if name == "METHOD":
            mail = mail.replace(b"METHOD:REPLY", f"METHOD:{value}".encode())
        elif name == "UID":
            mail = mail.replace(str(entry.session.ical_uid).encode(), value.encode())
        else:
            mail = mail.replace(b"END:VEVENT", f"{name}:{value}\r\nEND:VEVENT".encode())
    inbox.deliver(mail)

    read(LATER)

    stored = MailForAPerson.objects.get()
    assert (stored.reason, stored.excerpt, inbox.count(FOR_A_PERSON)) == (reason, "", 1)
    assert not CalendarAnswer.objects.exists()


def test_a_bounce_that_proves_nothing_is_a_guess_and_marks_nothing(inbox):
    person = invited(email="wrong@example.org")
    delivery = Delivery.objects.filter(delegate=person).earliest("pk")
    delivery.message_id = "<another@example.com>"
    inbox.deliver(bounce_mail(delivery), bounce_mail(delivery, action="delayed", status="4.4.1"))

    read(LATER)

    stored = MailForAPerson.objects.get()
    assert (stored.reason, stored.delegate) == (AttentionReason.UNKNOWN_BOUNCE, person)
    assert not Bounce.objects.exists()
    assert not Delivery.objects.filter(state=DeliveryState.BOUNCED).exists()


@pytest.mark.parametrize(
    ("recipients", "reason"),
    [
        ("Final-Recipient: rfc822; bob@elsewhere.example.org", "technical"),
        (
            "Original-Recipient: rfc822; ana@example.org\nFinal-Recipient: rfc822; bob@elsewhere.example.org",
            "unknown_address",
        ),
        ("Final-Recipient: rfc822; ANA@example.org", "unknown_address"),
        ("X-Note: nobody is named", "unknown_address"),
    ],
)
def test_the_failure_of_an_address_that_ours_forwards_to_does_not_make_ours_wrong(recipients, reason, inbox):
    delivery = Delivery.objects.filter(delegate=invited(email="ana@example.org")).earliest("pk")
    report = bounce_mail(delivery).decode().replace(" <ana@example.org>", "")
    inbox.deliver(report.replace("Final-Recipient: rfc822; ana@example.org", recipients).encode())

    read(LATER)

    bounce = Bounce.objects.get()
    assert (bounce.delivery, bounce.action, bounce.reason) == (delivery, "failed", reason)
    assert Bounce.objects.of_wrong_addresses().exists() == (reason == "unknown_address")


def test_a_domain_that_is_not_ascii_is_known_in_a_bounce(inbox):
    delivery = Delivery.objects.filter(delegate=invited(email="zoe@correo.españa.example")).earliest("pk")
    delivery.email = "zoe@correo.xn--espaa-rta.example"
    inbox.deliver(bounce_mail(delivery))

    read(LATER)

    assert Bounce.objects.get().reason == "unknown_address"


def test_a_bounce_is_known_by_its_envelope_where_it_has_one(inbox, settings):
    settings.BOUNCE_ADDRESS = "bounces@example.org"
    delivery = Delivery.objects.filter(delegate=invited()).earliest("pk")
    token = delivery.message_id.strip("<>").partition("@")[0]
    mail = bounce_mail(delivery).replace(delivery.message_id.encode(), b"<rewritten@relay.example.net>")
    inbox.deliver(mail.replace(b"To: webinars@example.org", f"To: bounces+{token}@example.org".encode()))

    read(LATER)

    assert Bounce.objects.get().delivery == delivery


def test_mail_that_was_read_and_numbered_anew_is_moved_and_not_processed_again(inbox):
    person = invited()
    inbox.deliver(A_LETTER, reply_mail(entry_of(person), stamp=SOON))
    read(LATER)
    answered = CalendarEntry.objects.values("ical_partstat", "answered_at")
    before = list(answered)

    inbox.put_back()
    report = read(LATER + MINUTE)

    assert (report.counts, report.moved, inbox.count()) == ({}, 2, 0)
    assert (list(answered), IncomingMail.objects.count(), MailForAPerson.objects.count()) == (before, 2, 1)
    assert (inbox.count(PROCESSED), inbox.count(FOR_A_PERSON)) == (1, 1)


def test_mail_that_was_recorded_but_not_moved_is_only_moved(inbox):
    inbox.deliver(A_LETTER)
    IncomingMail.objects.create(
        mailbox=str(inbox.path), uid="000001.example.org", digest="0" * 64, kind="for_a_person", read_at=SOON
    )

    report = read(LATER)

    assert (report.moved, inbox.count(FOR_A_PERSON), MailForAPerson.objects.count()) == (1, 1, 0)


def test_a_pass_ends_when_its_time_is_up_and_the_next_one_goes_on(inbox):
    inbox.deliver(A_LETTER)

    assert read(LATER, within=timedelta(0)).has_more
    assert inbox.count() == 1
    assert not read(LATER).has_more
    assert inbox.count() == 0


def test_an_inbox_that_is_away_is_degraded_after_ten_minutes_and_nothing_is_lost(inbox, caplog):
    read(SOON)
    inbox.deliver(A_LETTER)
    away = inbox.path.rename(inbox.path.with_name("away"))

    failure = read(SOON + MINUTE).failure
    assert failure == "ENOENT"
    assert [(line["event"], line["reason"]) for line in warnings_in(caplog)] == [("inbox_away", "ENOENT")]
    assert inbox_readiness(SOON + 10 * MINUTE)["status"] == "ok"
    assert inbox_readiness(SOON + 11 * MINUTE) == {
        "status": "degraded",
        "last_read_seconds_ago": 660,
        "failure": "ENOENT",
    }

    away.rename(inbox.path)
    assert read(SOON + 12 * MINUTE).moved == 1
    assert inbox_readiness(SOON + 12 * MINUTE) == {"status": "ok", "last_read_seconds_ago": 0, "failure": ""}


def test_a_mail_that_cannot_be_moved_does_not_keep_the_others_from_being_read(inbox):
    inbox.deliver(A_LETTER, AN_ABSENCE_NOTE)
    blocker = inbox.path / ".For a person"
    blocker.write_text("no folder can be made here")

    report = read(SOON)

    assert (report.failure, report.moved, inbox.count(), IncomingMail.objects.count()) == ("ENOTDIR", 1, 1, 2)
    assert inbox_readiness(SOON)["status"] == "degraded"
    blocker.unlink()
    assert read(SOON + MINUTE).moved == 1


def test_one_reader_reads_at_a_time_until_its_lease_ends(inbox):
    inbox.deliver(A_LETTER)
    assert take_lease(until=SOON + MINUTE, now=SOON)

    assert (read(SOON).is_skipped, inbox.count()) == (True, 1)
    assert not take_lease(until=SOON + MINUTE, now=SOON)
    assert read(SOON + MINUTE).moved == 1
    assert take_lease(until=SOON + 2 * MINUTE, now=SOON + MINUTE)


def test_an_inbox_that_was_never_read_is_degraded(inbox):
    assert inbox_readiness(SOON)["status"] == "degraded"


def test_a_pass_over_an_empty_inbox_takes_two_statements(inbox):
    read(SOON)

    with CaptureQueriesContext(connection) as queries:
        read(LATER)

    assert len(queries) == 2
    assert InboxState.objects.get().read_at == LATER


def nested(depth: int) -> bytes:
    head = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (i, i) for i in range(depth))
    return b"From: a@example.org\n" + head + b"\n\ntext\n"


def calendar_mail(lines: bytes) -> bytes:
    return (
        b"From: a@example.org\nContent-Type: text/calendar\n\n"
        b"BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nUID:1\nATTENDEE;PARTSTAT=ACCEPTED:mailto:a@example.org\n"
        + lines
        + b"\nEND:VEVENT\nEND:VCALENDAR\n"
    )


HOSTILE = {
    "nothing": b"",
    "no header": b"\n\n",
    "NUL": b"\0" * 1000,
    "50 MB": A_LETTER + b"x" * 50_000_000,
    "10,000 parts": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 10_000,
    "2,000 parts within each other": nested(2000),
    "headers of 100 kB": b"From: " + b"a" * 100_000 + b"@example.org\nSubject: " + b"=?utf-8?q?" * 10_000 + b"\n\nx",
    "encoded words that do not end": b"From: =?utf-8?q?=C3 <a@example.org>\nSubject: =?utf-8?b?4\n\nx",
    "a charset that does not exist": b"From: a@example.org\nContent-Type: text/plain; charset=nonsense\n\n\xff\xfe",
    "a charset that is a codec": b"From: a@example.org\nContent-Type: text/plain; charset=zlib\n\nx",
    "NUL in the subject and the sender": b"From: a\0b@example.org\nSubject: \0\n\n\0",
    "a rule that recurs for ever": calendar_mail(b"RRULE:FREQ=SECONDLY;COUNT=999999999"),
    "a calendar of 1 MB in one line": calendar_mail(b"SUMMARY:" + b"x" * 1_000_000),
    "a year that does not exist": calendar_mail(b"DTSTAMP:99999999T999999Z\nSEQUENCE:99999999999999999999"),
    "a forged result of authentication on top": b"Authentication-Results: mx.example.org; dmarc=pass\n" * 100
    + A_LETTER,
    "10,000 references": b"From: a@example.org\nReferences: " + b"<a@b>\n " * 10_000 + b"\n\nx",
    "a bounce that quotes another bounce": b"Return-Path: <>\nContent-Type: multipart/report; boundary=c\n\n--c\n"
    b"Content-Type: message/rfc822\n\nReturn-Path: <>\nContent-Type: message/delivery-status\n\nAction: failed\n"
    b"--c--\n",
    "a mail loop of ours": b"From: webinars@example.org\nAuto-Submitted: auto-generated\nSubject: Invitation\n\nx",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=list(HOSTILE))
def test_no_mail_stops_a_pass(content, inbox, capsys):
    inbox.deliver(content, A_LETTER)

    report = read(LATER)

    assert (report.moved, inbox.count(), report.failure) == (2, 0, "")
    assert IncomingMail.objects.count() == 2
    assert "example.org" not in capsys.readouterr().err.replace(str(inbox.path), "")


@pytest.mark.postgresql
def test_a_mail_that_the_database_refuses_is_left_to_a_person_and_the_next_is_read(inbox):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE registrations_mailforaperson ADD CHECK (subject <> 'A question')")
    inbox.deliver(A_LETTER, A_LETTER.replace(b"A question", b"Another"))

    assert read(LATER).moved == 2
    reasons = MailForAPerson.objects.order_by("pk").values_list("subject", "reason")
    assert list(reasons) == [("", AttentionReason.UNREADABLE), ("Another", AttentionReason.WRITTEN_BY_A_PERSON)]


def test_what_was_read_is_logged_without_persons(inbox, caplog):
    person = invited(email="secret@example.org", name="Ana Secret")
    inbox.deliver(reply_mail(entry_of(person)), A_LETTER.replace(b"Olga", b"Secret"))

    read(LATER)

    assert "ecret" not in caplog.text.replace(str(inbox.path), "")


def test_a_person_who_has_an_account_is_known(inbox):
    account = make_user("olga@example.org")
    inbox.deliver(A_LETTER)

    read(LATER)

    assert MailForAPerson.objects.get().user == account
