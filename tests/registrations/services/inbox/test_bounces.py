"""What is read from bounces. The files are described in bounces/README.md."""

import time
from email.header import Header
from pathlib import Path

import pytest

from registrations.models import BounceAction, BounceReason
from registrations.services.inbox.bounces import BounceReport, parse_bounce
from registrations.services.inbox.parsing import parse_mail

FOLDER = Path(__file__).parent / "bounces"
TOKEN = "0f1e2d3c4b5a69788796a5b4c3d2e1f0.0"
MESSAGE_ID = f"<{TOKEN}@example.org>"
ANA = "ana.paz@example.org"
REPORT = (
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
    b"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n"
)


@pytest.fixture(autouse=True)
def _bounce_address(settings) -> None:
    settings.BOUNCE_ADDRESS = "bounces@example.org"


def read(name: str) -> BounceReport | None:
    return parse_bounce(parse_mail((FOLDER / f"{name}.eml").read_bytes()))


def bounce(action: str, reason: str, status: str = "", **others: tuple[str, ...]) -> BounceReport:
    values = {"tokens": (TOKEN,), "message_ids": (MESSAGE_ID,), "addresses": (ANA,), **others}
    return BounceReport(BounceAction(action), BounceReason(reason), status, **values)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("postfix_unknown_user", bounce("failed", "unknown_address", "5.1.1")),
        ("office365_unknown_recipient", bounce("failed", "unknown_address", "5.1.10")),
        (
            "sendmail_unknown_domain",
            bounce("failed", "unknown_domain", "5.1.2", addresses=("ana.paz@gone.example.org",)),
        ),
        ("exim_failed_recipients", bounce("failed", "unknown_address")),
        ("qmail", bounce("failed", "unknown_address")),
        ("policy", bounce("failed", "policy", "5.7.26")),
        ("too_large", bounce("failed", "too_large", "5.3.4")),
        ("headers_only", bounce("failed", "unknown_address", "5.1.1", tokens=())),
        ("text_names_the_message", bounce("failed", "unknown_address", tokens=(), addresses=())),
        ("nobody_named", bounce("failed", "other", "5.0.0", addresses=())),
    ],
)
def test_a_failure_is_read_with_its_reason_whichever_server_reports_it(name, expected):
    assert read(name) == expected


def test_the_action_decides_and_not_the_status_code():
    assert read("mailbox_full") == bounce("failed", "mailbox_full", "4.2.2")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("postfix_delayed", bounce("delayed", "technical", "4.4.1")),
        ("exim_delayed", bounce("delayed", "temporary", message_ids=())),
        ("postfix_delivered_after_delay", bounce("delivered", "other", "2.0.0")),
    ],
)
def test_a_late_message_and_one_that_arrived_after_all_are_no_failures(name, expected):
    assert read(name) == expected


@pytest.mark.parametrize("server", ["exim", "opensmtpd"])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("unknown_user", bounce("failed", "unknown_address", "5.1.1", addresses=("unknown@example.org",))),
        ("mailbox_full", bounce("failed", "mailbox_full", "5.2.2", addresses=("full@example.org",))),
        ("policy", bounce("failed", "policy", "5.7.1", addresses=("policy@example.org",))),
        ("delayed", bounce("delayed", "technical", "4.3.0", addresses=("late@example.org",))),
    ],
)
def test_what_a_real_server_sent_back_is_read(server, name, expected):
    assert read(f"{server}/{name}") == expected


def test_of_two_addresses_of_a_recipient_both_are_named():
    expected = bounce("failed", "unknown_address", "5.1.1", addresses=(ANA, "ana@archive.example.org"))

    assert read("final_differs_from_original") == expected


@pytest.mark.parametrize(
    ("name", "address"), [("one_failed_one_delayed", ANA), ("forwarded_to_two", "ana@archive.example.org")]
)
def test_the_failure_of_another_recipient_is_not_taken_for_that_of_ours(name, address):
    assert read(name) == bounce("delayed", "technical", "4.4.1", addresses=(address,))


def test_a_wrong_token_is_passed_on_as_it_is():
    expected = bounce(
        "failed",
        "unknown_address",
        "5.1.1",
        tokens=("00000000000000000000000000000000.0",),
        message_ids=("<1122334455667788@mail.example.org>",),
    )

    assert read("wrong_token") == expected


def test_a_bounce_of_a_superseded_invitation_names_that_one():
    found = read("superseded_invitation")

    assert found.message_ids == ("<11111111111111111111111111111111.0@example.org>",)


@pytest.mark.parametrize("name", ["quotes_another_bounce", "answer_that_came_back"])
def test_a_message_that_the_one_that_came_back_quotes_did_not_come_back(name):
    assert MESSAGE_ID not in read(name).message_ids


@pytest.mark.parametrize("name", ["out_of_office", "person_about_a_failure"])
def test_an_absence_note_and_a_persons_mail_about_a_bounce_are_no_bounces(name):
    assert read(name) is None


def test_without_a_bounce_address_there_are_no_tokens(settings):
    settings.BOUNCE_ADDRESS = ""

    assert read("postfix_unknown_user") == bounce("failed", "unknown_address", "5.1.1", tokens=())


@pytest.mark.parametrize(
    ("recipient", "tokens"),
    [
        (f"BOUNCES+{TOKEN.upper()}@Example.Org", (TOKEN,)),
        (f"<bounces+{TOKEN}@example.org>, <bounces+{TOKEN}@example.org>", (TOKEN,)),
        (f"more.bounces+{TOKEN}@example.org", ()),
        (f"bounces+{TOKEN}@example.org.example.com", ()),
        ("bounces@example.org", ()),
        (f"bounces+{'a' * 1000}@example.org", ()),
    ],
)
def test_a_token_is_read_from_an_address_of_ours_alone(recipient, tokens):
    mail = parse_mail(f"To: {recipient}\n".encode() + REPORT)

    assert parse_bounce(mail).tokens == tokens


def test_of_many_tokens_the_first_are_read():
    recipients = ", ".join(f"bounces+{number}@example.org" for number in range(100))

    assert len(parse_bounce(parse_mail(f"To: {recipients}\n".encode() + REPORT)).tokens) == 10


@pytest.mark.parametrize(
    ("status", "diagnostic", "reason"),
    [
        ("5.1.0", "", "unknown_address"),
        ("5.1.10", "550 5.1.10 Recipient address has null MX", "unknown_domain"),
        ("5.4.4", "Host or domain name not found", "unknown_domain"),
        ("4.0.0", "DNS lookup responded with code NXDOMAIN", "unknown_domain"),
        ("5.4.1", "Recipient address rejected: Access denied", "unknown_address"),
        ("5.1.1", "552 5.2.2 Over quota", "mailbox_full"),
        ("5.2.3", "", "too_large"),
        ("5.6.1", "", "content_refused"),
        ("4.7.1", "greylisted for too long", "policy"),
        ("5.1.8", "sender address rejected", "policy"),
        ("4.4.7", "message expired", "technical"),
        ("4.3.2", "system not accepting network messages", "technical"),
        ("4.2.0", "try again", "temporary"),
        ("5.0.0", "no such user here", "unknown_address"),
        ("5.0.0", "computer says no", "other"),
    ],
)
def test_the_reason_comes_from_the_code_or_from_the_text(status, diagnostic, reason):
    fields = f"Final-Recipient: rfc822; {ANA}\nAction: failed\nStatus: {status}\nDiagnostic-Code: {diagnostic}\n\n"

    assert parse_bounce(parse_mail(REPORT + fields.encode())).reason == reason


@pytest.mark.parametrize("parameter", ["report-type=disposition-notification; ", "report-type=feedback-report; ", ""])
def test_a_report_that_a_mail_was_read_is_no_bounce(parameter):
    mail = f"Return-Path: <>\nFrom: {ANA}\nContent-Type: multipart/report; {parameter}boundary=b\n\n".encode()

    assert parse_bounce(parse_mail(mail)) is None


def test_nothing_with_a_control_character_is_passed_on():
    # The database refuses NUL.
    mail = (
        b"From: MAILER-DAEMON@example.org\nTo: bounces+a\x00@example.org\nX-Failed-Recipients: ana\x00@example.org\n"
        b"Subject: failure notice\nIn-Reply-To: <a\x00@example.org>\n\nMessage-ID: <\x00@example.org>\n"
    )

    found = parse_bounce(parse_mail(mail))

    assert (found.tokens, found.message_ids, found.addresses) == ((), (), ())


@pytest.mark.parametrize(
    "headers",
    [
        "Return-Path: <postmaster@example.com>\nSubject: Is this yours?",
        "Return-Path: <>\nSubject: RE: Undeliverable: Invitation",
        "Return-Path: <postmaster@example.com>\nSubject: Fwd: failure notice",
    ],
)
def test_a_person_who_writes_as_postmaster_is_not_taken_for_a_server(headers):
    text = f"We could not deliver your message.\nMessage-ID: {MESSAGE_ID}\n"
    mail = f"From: postmaster@example.com\n{headers}\nIn-Reply-To: {MESSAGE_ID}\n\n{text}"

    assert parse_bounce(parse_mail(mail.encode())) is None


@pytest.mark.parametrize(
    "subject",
    [
        "No se puede entregar: Invitación",
        "El mensaje no ha podido ser entregado",
        "Correo devuelto al remitente",
        "Notificación de estado de entrega",
        "Não entregue: Convite",
        "Non remis : Invitation",
    ],
)
def test_a_bounce_in_another_language_is_known_by_its_subject(subject):
    mail = f"From: MAILER-DAEMON@example.org\nReturn-Path: <>\nSubject: {Header(subject, 'utf-8').encode()}\n\n"

    assert parse_bounce(parse_mail(mail.encode())).action == BounceAction.FAILED


HEAD = b"Return-Path: <>\nFrom: MAILER-DAEMON@example.org\nSubject: failure notice\n"


@pytest.mark.parametrize(
    "mail",
    [
        HEAD + b"\n" + b"Message-ID" * 26_000,
        HEAD + b"\n" + b"Message-ID<" + b"a" * 256_000,
        HEAD + b"\n" + b"mailbox " * 32_000,
        HEAD + b"\n" + b" " * 256_000,
        HEAD + b"\n" + b"<" * 256_000,
        HEAD + b"\n" + b"a@" * 128_000,
        HEAD + b"\n" + b"Action: failed\n" + b" a\n" * 39_000,
        HEAD + b"To: a@example.org\n" * 14_000 + b"\n",
        HEAD + b"To: " + b"bounces+" * 32_000 + b"\n\n",
        HEAD + b"References: " + b"<a@b> " * 42_000 + b"\n\n",
        HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 12_000,
        HEAD + REPORT + b"a: b\n\n" * 19_000,
    ],
    ids=range(12),
)
def test_a_mail_made_to_take_long_is_read_soon(mail):
    message = parse_mail(mail)
    began = time.process_time()

    parse_bounce(message)

    assert time.process_time() - began < 0.2
