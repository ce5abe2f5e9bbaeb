"""The cases have the numbers under which they were asked for (R1, R3, …); the even ones are our own."""

import time
from dataclasses import replace
from datetime import UTC, datetime

import hypothesis.strategies as st
import pytest
from hypothesis import given

from registrations.models import AttentionReason, Partstat
from registrations.services.inbox.authentication import is_proven
from registrations.services.inbox.calendar_replies import MAX_CALENDAR, CalendarReply, UnclearReply, find_reply
from registrations.services.inbox.parsing import Unreadable, parse_mail
from tests.registrations.services.inbox.replies import ADDRESS, ATTENDEE, PROGRAMS, UID, calendar, mail, program_mail

NOW = datetime(2026, 10, 30, 17, 0, tzinfo=UTC)
SENT = datetime(2026, 10, 30, 16, 30, tzinfo=UTC)
STAMP = datetime(2026, 10, 30, 16, 0, tzinfo=UTC)
ACCEPTED = CalendarReply(UID, ADDRESS, Partstat.ACCEPTED, 1, STAMP, "")


def read(content: bytes) -> CalendarReply | None:
    return find_reply(parse_mail(content), now=NOW)


def why_unclear(*parts) -> AttentionReason:
    with pytest.raises(UnclearReply) as unclear:
        read(mail(*parts))
    return unclear.value.reason


@pytest.mark.parametrize(
    ("program", "partstat", "minute", "second", "comment"),
    [
        # R1: the same object twice, 8bit, a blank line at its end.
        ("thunderbird", Partstat.ACCEPTED, 5, 12, ""),
        # R2: no ORGANIZER, windows-1256, a zone of Windows, a blank COMMENT.
        ("outlook", Partstat.TENTATIVE, 7, 0, ""),
        # R3: a calendar part and invite.ics; the comment is a parameter.
        ("gmail", Partstat.DECLINED, 9, 0, "Viajo ese dia"),
        # R4: the object is the whole mail; a zone with commas.
        ("exchange", Partstat.ACCEPTED, 13, 0, "Gracias, allí estaré."),
        # R6: sent from another account of the person, as an attachment.
        ("apple", Partstat.ACCEPTED, 11, 0, ""),
    ],
)
def test_answers_as_programs_write_them(program, partstat, minute, second, comment):
    stamp = STAMP.replace(minute=minute, second=second)

    assert read(program_mail(program)) == CalendarReply(UID, ADDRESS, partstat, 1, stamp, comment)


def test_r6_an_answer_from_another_account_of_the_person_is_not_proven():
    passed = b"Authentication-Results: mx.example.net; dmarc=pass header.from=example.com\r\n"
    message = parse_mail(passed + program_mail("apple"))

    assert is_proven(message, attendee="ana.private@example.com", authserv_id="mx.example.net")
    assert not is_proven(message, attendee=ADDRESS, authserv_id="mx.example.net")


@pytest.mark.parametrize(
    "attendee",
    [
        # R5.
        "ATTENDEE;PARTSTAT=ACCEPTED:MAILTO:ANA@Example.ORG",
        "attendee;partstat=accepted:ana@example.org",
        'ATTENDEE;PARTSTAT=ACCEPTED;CN="Paz; Ana: 1";SENT-BY="mailto:b@example.org":mailto: ana@example.org ',
        "ATTENDEE;PART\r\n\tSTAT=ACCEPTED:mailto:an\r\n a@example.org",
        f"{ATTENDEE}\r\n{ATTENDEE}",
    ],
)
def test_the_address_is_found_however_it_is_written(attendee):
    assert read(mail(calendar(attendee))) == ACCEPTED


def test_r8_lines_that_end_as_on_unix_and_a_byte_order_mark():
    assert read(mail("\ufeff" + calendar().replace("\r\n", "\n"))) == ACCEPTED


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("DTSTAMP:20261030T160000", SENT),
        ("DTSTAMP:20261030", SENT),
        ("DTSTAMP:yesterday", SENT),
        ("DTSTAMP:00010101T000000Z", SENT),
        ("DTSTAMP;TZID=Nowhere:20261030T160000", SENT),
        ("X-NONE:1", SENT),
    ],
)
def test_r10_without_a_stamp_in_utc_the_mail_says_when_the_answer_was_given(stamp, expected):
    text = calendar().replace("DTSTAMP:20261030T160000Z", stamp)

    assert read(mail(text)) == replace(ACCEPTED, stamp=expected)


@pytest.mark.parametrize(
    "date",
    ["Date: soon", "Date: Mon, 1 Jan 0101 00:00:00 +0000", "Date: Fri, 31 Dec 9999 23:59:00 -2359", "X-Date: none"],
)
def test_r10_without_stamp_and_date_it_was_given_when_it_is_read(date):
    content = mail(calendar().replace("DTSTAMP", "X-STAMP")).decode()

    assert read(content.replace("Date: Fri, 30 Oct 2026 10:30:00 -0600", date).encode()) == replace(ACCEPTED, stamp=NOW)


def test_r10_a_missing_sequence_is_zero():
    assert read(mail(calendar().replace("SEQUENCE:1\r\n", ""))) == replace(ACCEPTED, sequence=0)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        # R11, R12, R14.
        (["SUMMARY:Yes"], AttentionReason.NO_ATTENDEE),
        (["ATTENDEE;PARTSTAT=ACCEPTED:invalid:nomail"], AttentionReason.NO_ATTENDEE),
        (["ATTENDEE;PARTSTAT=ACCEPTED:mailto:"], AttentionReason.NO_ATTENDEE),
        ([ATTENDEE, ATTENDEE.replace("ana", "bob")], AttentionReason.SEVERAL_ATTENDEES),
        ([ATTENDEE.replace("ACCEPTED", "DELEGATED")], AttentionReason.DELEGATED),
        ([ATTENDEE.replace("ACCEPTED", "NEEDS-ACTION")], AttentionReason.UNCLEAR_ANSWER),
        ([ATTENDEE.replace("ACCEPTED", "X-SOON")], AttentionReason.UNCLEAR_ANSWER),
        (["ATTENDEE:mailto:ana@example.org"], AttentionReason.UNCLEAR_ANSWER),
        (["ATTENDEE;PARTSTAT"], AttentionReason.UNREADABLE),
        ([ATTENDEE, "END:VTODO"], AttentionReason.UNREADABLE),
        ([ATTENDEE, "END:VEVENT", "BEGIN:VEVENT", ATTENDEE], AttentionReason.UNCLEAR_ANSWER),
    ],
)
def test_r11_an_answer_that_is_not_clear_is_for_a_person(lines, reason):
    assert why_unclear(calendar(*lines)) == reason


@pytest.mark.parametrize(
    ("method", "reason"),
    [
        ("COUNTER", AttentionReason.COUNTER_PROPOSAL),
        ("REFRESH", AttentionReason.UNCLEAR_ANSWER),
        ("X-REPLY", AttentionReason.UNCLEAR_ANSWER),
    ],
)
def test_r13_another_method_is_for_a_person(method, reason):
    assert why_unclear(calendar(method=method)) == reason


@pytest.mark.parametrize(
    "text",
    [
        calendar(uid=""),
        calendar(uid="u" * 256),
        calendar(sequence=-1),
        calendar(sequence=2**31),
        calendar().replace("SEQUENCE:1", "SEQUENCE:one"),
        calendar().replace("SEQUENCE:1", "SEQUENCE:" + "9" * 5_000),
        calendar().replace("END:VEVENT", "").replace("END:VCALENDAR", ""),
        "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VTODO\r\nEND:VTODO\r\nEND:VCALENDAR\r\n",
    ],
)
def test_an_object_that_is_broken_is_for_a_person(text):
    reason = why_unclear(text)

    assert reason in (AttentionReason.UNREADABLE, AttentionReason.NO_ATTENDEE)


@pytest.mark.parametrize("method", ["REQUEST", "PUBLISH", "CANCEL", ""])
def test_r16_a_forwarded_invitation_is_no_answer(method):
    assert read(mail(calendar(method=method))) is None


def test_a_mail_without_a_calendar_holds_no_answer():
    assert read(mail(("text/plain", calendar()), ("text/calendar", ""))) is None


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        # R17.
        (r'<p>Viajo.<br><a href="https://evil.example/?a=1\,2">Vea &amp\; lea</a></p>', "Viajo. Vea & lea"),
        ("<script>alert(1)</script>&lt\\;b&gt\\;", "<b>"),
        (r"Uno\nDos\, tres\; \\", "Uno Dos, tres; \\"),
        (r"\n", ""),
        ("a\x07b\x7f \u202ec", "ab c"),
        ("x" * 2_000, "x" * 500),
        ("<" * 2_000, "<" * 500),
    ],
)
def test_r17_a_comment_becomes_one_line_of_plain_text(comment, expected):
    assert read(mail(calendar(ATTENDEE, f"COMMENT:{comment}"))) == replace(ACCEPTED, comment=expected)


def test_r18_an_answer_in_an_attached_mail_is_not_given_by_who_attached_it():
    attached = mail(calendar()).decode().replace("boundary=b", "boundary=c").replace("--b", "--c")

    assert read(mail(("message/rfc822", attached))) is None
    assert read(mail(("message/rfc822", "Content-Type: text/calendar\n\n" + calendar()))) is None


@pytest.mark.parametrize(
    "content_type", ["text/calendar", "text/calendar; method=REQUEST", "TEXT/Calendar; method=", "application/ics"]
)
def test_r19_the_method_in_the_object_decides(content_type):
    assert read(mail((content_type, calendar()))) == ACCEPTED


def test_r1_the_same_object_twice_is_one_answer():
    assert read(mail(calendar(), calendar(), ("application/ics", calendar()))) == ACCEPTED


def test_r20_two_answers_in_one_mail_are_for_a_person():
    declined = calendar(ATTENDEE.replace("ACCEPTED", "DECLINED"))

    assert why_unclear(calendar(), declined) == AttentionReason.UNCLEAR_ANSWER
    assert why_unclear(calendar() + declined) == AttentionReason.UNCLEAR_ANSWER


@pytest.mark.parametrize(
    "line",
    [
        "DTSTART;TZID=Central America Standard Time:20261116T090000",
        'DTSTART;TZID="(UTC-06:00) Guadalajara, Mexico City":20261116T090000',
        "DTSTART:when it suits",
        "RRULE:FREQ=SECONDLY;COUNT=999999999;BYSECOND=" + ",".join(map(str, range(60))),
        "SUMMARY:\xa0Aceptada:\xa0a\x00b",
        "ORGANIZER:nobody",
        "no property at all",
        "BEGIN:VALARM\r\nUID:another\r\nATTENDEE:mailto:bob@example.org\r\nEND:VALARM",
    ],
)
def test_nothing_else_of_the_event_matters(line):
    assert read(mail(calendar(ATTENDEE, line))) == ACCEPTED


MANY = MAX_CALENDAR - 1_000
HOSTILE = {
    "1 MB in one line": calendar(ATTENDEE, "DESCRIPTION:" + "a" * 2**20),
    "10,000 components": calendar(ATTENDEE, "BEGIN:VALARM\r\nEND:VALARM\r\n" * 10_000),
    "many components": calendar(ATTENDEE, "BEGIN:VALARM\r\nEND:VALARM\r\n" * (MANY // 26)),
    "components within each other": calendar(ATTENDEE, "BEGIN:VALARM\r\n" * (MANY // 14)),
    "many properties": calendar(ATTENDEE, "A\r\n" * (MANY // 3)),
    "many attendees": calendar(*(f"ATTENDEE:{number}" for number in range(MANY // 16))),
    "many parameters": calendar(ATTENDEE.replace(";", ";A=1" * (MANY // 4) + ";", 1)),
    "blanks in parameters": calendar(ATTENDEE.replace(";", " ; A = 1" * (MANY // 8) + ";", 1)),
    "quotes": calendar(ATTENDEE.replace(";", ';A="' + '"' * MANY, 1)),
    "HTML": calendar(ATTENDEE, "COMMENT:" + "<p><a href='x'>" * (MANY // 15)),
    "a recurrence rule": calendar(ATTENDEE, "RRULE:FREQ=SECONDLY;BYSECOND=" + "1," * (MANY // 2)),
    "folded at each character": calendar(ATTENDEE, "A:" + "a\r\n " * (MANY // 4)),
    "blank lines": calendar(ATTENDEE, "\r\n" * (MANY // 2)),
    "many calendars": calendar() * (MANY // len(calendar())),
    "NUL": calendar(ATTENDEE, "\x00" * MANY),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_calendar_costs_little(text):
    content = mail(text)
    begun = time.process_time()

    try:
        assert read(content) == ACCEPTED
    except UnclearReply:
        pass
    finally:
        assert time.process_time() - begun < 0.2


def found_in(content: bytes) -> None:
    try:
        reply = read(content)
    except (UnclearReply, Unreadable):
        return
    if reply is not None:
        assert reply.attendee.count("@") == 1
        assert reply.stamp.tzinfo is UTC
        assert len(reply.comment) <= 500


@given(st.binary(max_size=300))
def test_no_bytes_raise_another_exception(noise):
    found_in(noise)
    found_in(b"Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nMETHOD:REPLY\n" + noise)
    found_in(b"Content-Type: text/calendar; charset=" + noise)


@given(st.sampled_from(PROGRAMS), st.data())
def test_no_mutation_of_a_mail_raises_another_exception(program, data):
    content = program_mail(program)
    begin = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(begin, min(begin + 40, len(content))))

    found_in(content[:begin] + data.draw(st.binary(max_size=20)) + content[end:])


@given(st.data())
def test_no_mutation_of_an_object_raises_another_exception(data):
    text = calendar(ATTENDEE, "COMMENT;LANGUAGE=es:<b>x</b>")
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, len(text)))

    found_in(mail(text[:begin] + data.draw(st.text(max_size=20)) + text[end:]))
