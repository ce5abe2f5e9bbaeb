from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from registrations.messages.composing.mail_message import LONGEST_LINE, MailMessage, mailbox
from tests.hostile_text import hostile_texts

CALENDAR = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
lines_of_text = hostile_texts.map(lambda text: " ".join(text.split()))
texts = hostile_texts.map(lambda text: text.replace("\r", "\n"))


def make_message(subject: str = "-", body: str = "-", html: str = "-", to: str = "ana@example.org") -> MailMessage:
    message = MailMessage(subject, body, "rcm@example.org", [to], headers={"Message-ID": "<1@example.org>"})
    message.attach_alternative(html, "text/html")
    return message


def add_calendar(message: MailMessage) -> MailMessage:
    message.attach_alternative(CALENDAR.decode(), "text/calendar; method=REQUEST")
    message.attach("invite.ics", CALENDAR, "application/ics")
    return message


def received(message: MailMessage, linesep: str = "\r\n") -> EmailMessage:
    return message_from_bytes(message.message().as_bytes(linesep=linesep), policy=policy.default)


def contents(message: EmailMessage) -> list[object]:
    return [part.get_content() for part in message.walk() if not part.is_multipart()]


@given(subject=lines_of_text, body=texts, html=texts, linesep=st.sampled_from(["\n", "\r\n"]))
@settings(deadline=None)
def test_what_was_written_is_what_is_received(subject: str, body: str, html: str, linesep: str) -> None:
    message = received(make_message(subject, body, html), linesep)

    assert str(message["Subject"]) == subject
    assert [part.replace("\r\n", "\n") for part in contents(message)] == [body, html]


@given(body=texts, html=texts)
@settings(deadline=None)
def test_beside_a_calendar_every_part_arrives_byte_for_byte(body: str, html: str) -> None:
    message = received(add_calendar(make_message(body=body, html=html)))

    assert contents(message) == [body, html, CALENDAR.decode(), CALENDAR]


@given(name=lines_of_text)
@settings(deadline=None)
def test_a_message_to_one_person_has_one_recipient_of_that_name(name: str) -> None:
    message = message_from_bytes(make_message(to=mailbox(name, "ana@example.org")).message().as_bytes())

    ((words, address),) = getaddresses([message["To"]])
    assert (str(make_header(decode_header(words))), address) == (name, "ana@example.org")


@pytest.mark.parametrize("subject", ["Invitation." * 15, "Invitación, " * 15 + "a", "−" * 100])
def test_a_subject_is_never_folded_and_its_encoded_words_are_short(subject: str) -> None:
    head = make_message(subject).message().as_bytes().partition(b"\n\n")[0]

    (line,) = [line for line in head.splitlines() if line.startswith(b"Subject: ")]
    assert len(line) <= LONGEST_LINE
    assert [word for word in line.split() if word.startswith(b"=?") and len(word) > 75] == []
    assert str(received(make_message(subject))["Subject"]) == subject


@pytest.mark.parametrize("name", ["Subject", "To", "X-Sample"])
@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_a_line_break_never_becomes_a_header(name: str, end: str) -> None:
    value = f"a{end}Bcc: eva@example.org"
    message = make_message(**{name.lower(): value}) if name != "X-Sample" else make_message()
    message.extra_headers |= {name: value} if name == "X-Sample" else {}

    with pytest.raises(ValueError, match="one line"):
        message.message()


@pytest.mark.parametrize(("length", "encoding"), [(LONGEST_LINE, "7bit"), (LONGEST_LINE + 1, "base64")])
def test_a_line_that_is_too_long_for_mail_is_encoded(length: int, encoding: str) -> None:
    message = make_message(body="a" * length)

    (text, _html) = received(message).iter_parts()
    assert text["Content-Transfer-Encoding"] == encoding
    assert max(map(len, message.message().as_bytes().splitlines())) <= LONGEST_LINE


def test_a_subject_that_is_too_long_for_a_line_is_folded_between_its_encoded_words() -> None:
    subject = "−" * 600

    message = make_message(subject).message().as_bytes()

    assert max(map(len, message.splitlines())) <= LONGEST_LINE
    assert b"Subject: =?" in message
    assert str(received(make_message(subject))["Subject"]) == subject


@pytest.mark.parametrize("with_calendar", [False, True])
def test_each_line_ends_as_a_mail_server_asks(with_calendar: bool) -> None:
    message = make_message("Hola, año nuevo", "One\nTwo\n", "<p>One</p>\n")
    if with_calendar:
        message.attach("invite.ics", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "application/ics")

    by_django_5 = message.message().as_bytes(linesep="\r\n")
    by_django_6 = message.message(policy=policy.SMTP).as_bytes()

    for written in (by_django_5, by_django_6):
        assert written.count(b"\n") == written.count(b"\r\n") > 5
