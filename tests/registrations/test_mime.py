import re
from copy import deepcopy
from email.charset import Charset
from email.errors import HeaderParseError
from email.utils import formataddr

import hypothesis.strategies as st
import pytest
import time_machine
from django.core.mail import EmailMultiAlternatives
from hypothesis import HealthCheck, given, settings

from registrations.calendars import calendar_session, organizer_address
from registrations.mail.mime import IN_BASE64, QuickMessage, WrittenMessage
from registrations.models import (
    Delegate,
    Delivery,
    DeliveryKind,
    HistoryEvent,
    HistoryKind,
    IcalMethod,
    ReminderRule,
)
from registrations.services.sending.writing import BUILDERS
from sessions_app.ical import Attendee, Method
from tests.factories import NOW, make_user
from tests.hostile_text import HOSTILE, hostile_texts
from tests.plain_mail import plain_calendar, plain_message
from tests.registrations.participants import make_entry
from tests.registrations.services.deliveries import admitted, released_delegation

BOUNDARY = re.compile(rb"={15}\d{19}==")
CALENDAR_METHODS = {
    DeliveryKind.INVITATION: IcalMethod.REQUEST,
    DeliveryKind.UPDATE: IcalMethod.REQUEST,
    DeliveryKind.CANCELLATION: IcalMethod.CANCEL,
}
NOTICES = {DeliveryKind.DECISION: HistoryKind.RETURNED, DeliveryKind.CLASH_ALERT: HistoryKind.ADDRESS_CLASH}
line_ends = st.sampled_from(["\n", "\r\n"])


def written(message: EmailMultiAlternatives, linesep: str = "\n") -> bytes | type[Exception]:
    """The bytes of `message` under a clock that stands still, its boundaries numbered; or what was raised instead."""
    with time_machine.travel(NOW, tick=False):
        try:
            data = message.message().as_bytes(linesep=linesep)
        except (ValueError, HeaderParseError) as error:
            return type(error)
    for number, boundary in enumerate(dict.fromkeys(BOUNDARY.findall(data))):
        data = data.replace(boundary, b"boundary %d" % number)
    return data


def quick_message(subject: str = "-", body: str = "-", html: str = "-", **headers: str) -> QuickMessage:
    """With a Message-ID of its own, as all ours have."""
    message = QuickMessage(subject, body, headers={"Message-ID": "<1@example.org>", **headers})
    message.attach_alternative(html, "text/html")
    return message


@given(
    subject=hostile_texts,
    name=hostile_texts,
    body=hostile_texts,
    html=hostile_texts,
    calendar=st.none() | hostile_texts,
    linesep=line_ends,
)
@settings(deadline=None)
def test_a_message_is_written_as_django_writes_it(
    subject: str, name: str, body: str, html: str, calendar: str | None, linesep: str
) -> None:
    message = quick_message(subject, body, html)
    message.to = [formataddr((name, "ana@example.org"))]
    if calendar is not None:
        message.encoding = IN_BASE64
        message.attach_alternative(calendar, "text/calendar; method=REQUEST")
        message.attach("invite.ics", calendar.encode(), "application/ics")

    assert written(message, linesep) == written(plain_message(message), linesep)


@given(
    header=st.text(max_size=120) | st.text(st.characters(max_codepoint=127), max_size=90),
    name=st.sampled_from(["To", "Subject", "References"]),
)
@settings(deadline=None)
def test_a_header_is_folded_encoded_or_refused_as_django_does(header: str, name: str) -> None:
    message = quick_message(**{name: header})

    assert written(message) == written(plain_message(message))


@pytest.mark.parametrize("length", [*range(70, 82), 990, 1_100])
@pytest.mark.parametrize("word", ["a", "a ", "a, ", "é"])
def test_a_header_near_the_end_of_a_line_is_folded_as_django_does(word: str, length: int) -> None:
    message = quick_message((word * length)[:length])

    assert written(message) == written(plain_message(message))


def test_headers_that_our_mails_do_not_have_are_written_too() -> None:
    message = quick_message(**{"From": "RCM <rcm@example.org>", "X-Sample": "1"})
    plain = plain_message(message)
    plain.cc, plain.reply_to = message.cc, message.reply_to = ["luis@example.org"], ["sam@example.org"]

    assert b"Cc: luis@example.org\nReply-To: sam@example.org" in written(message)
    assert written(message) == written(plain)


@pytest.mark.parametrize("length", range(996, 1_001))
@pytest.mark.parametrize("end", ["", "é"])
def test_a_line_near_the_longest_is_encoded_where_django_encodes_it(end: str, length: int) -> None:
    message = quick_message(body="\n".join(["-", f"{'a' * length}{end}", "-"]))

    assert written(message) == written(plain_message(message))


@pytest.mark.parametrize("encoding", [None, IN_BASE64, "iso-8859-1", Charset("iso-8859-1")])
def test_parts_that_our_mails_do_not_have_are_written_too(encoding: object) -> None:
    message = quick_message("-", "á", "é")
    message.attach_alternative(b"{}", "application/json")
    message.attach("notes.txt", "í", "text/plain")
    message.attach("señal.bin", b"\x00\xff", "application/octet-stream")
    message.attach("dot.png", b"\x89PNG", "image/png")
    message.encoding = encoding

    assert written(message) == written(plain_message(message))


@pytest.mark.parametrize(("body", "parts"), [("", 1), ("é", 0)])
def test_a_message_of_one_text_is_left_to_django(body: str, parts: int) -> None:
    message = quick_message(body=body)
    del message.alternatives[parts:]

    assert not isinstance(message.message(), WrittenMessage)
    assert written(message) == written(plain_message(message))


def test_a_copy_of_a_message_is_written_as_it_is() -> None:
    message = quick_message("-", "á", "é")
    message.encoding = IN_BASE64

    assert b"w6k=" in written(deepcopy(message))
    assert written(deepcopy(message)) == written(message)


def test_no_two_messages_have_a_boundary_in_common() -> None:
    message = quick_message()
    message.attach("invite.ics", b"-", "application/ics")

    boundaries = [set(BOUNDARY.findall(message.message().as_bytes())) for _ in range(2)]

    assert [len(each) for each in boundaries] == [2, 2]
    assert boundaries[0] & boundaries[1] == set()


@pytest.fixture
def ana(db: None) -> Delegate:
    return admitted(released_delegation(), language="es", timezone="America/Panama")


def delivery_of(kind: str, delegate: Delegate) -> Delivery:
    """A message of `kind`, as it is loaded for sending; no row."""
    session = delegate.webinar.sessions.get(number=1)
    delivery = Delivery(kind=kind, email=delegate.email, created_at=NOW)
    if kind in NOTICES:
        delivery.user = make_user()
        delivery.event = HistoryEvent(
            pk=1, webinar=delegate.webinar, delegation=delegate.delegation, kind=NOTICES[kind], at=NOW
        )
        return delivery
    delivery.delegate, delivery.session = delegate, session
    if kind == DeliveryKind.REMINDER:
        delivery.rule = ReminderRule(amount=60, unit="minutes")
        return delivery
    delivery.entry = make_entry(delegate, session)
    delivery.ical_method, delivery.ical_sequence, delivery.ical_stamp = CALENDAR_METHODS[kind], 3, NOW
    delivery.release = delivery.previous_release = session.released.release
    return delivery


def write_into(delivery: Delivery, name: str, title: str, language: str) -> None:
    """Have the rows that `delivery` names say something else, as if it had been typed."""
    if delivery.user is not None and delivery.event is not None:
        delivery.user.name, delivery.user.language, delivery.event.reason = name, language, title
        return
    assert delivery.delegate is not None
    assert delivery.session is not None
    delivery.delegate.name, delivery.delegate.language = name, language
    delivery.session.released.title_en = delivery.session.released.title_es = title


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("kind", [*CALENDAR_METHODS, DeliveryKind.REMINDER, *NOTICES])
def test_every_mail_is_written_as_django_writes_it_whatever_it_says(kind: str, language: str, ana: Delegate) -> None:
    delivery = delivery_of(kind, ana)

    @given(name=hostile_texts, title=hostile_texts, linesep=line_ends)
    @settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.nested_given])
    def writes(name: str, title: str, linesep: str) -> None:
        write_into(delivery, name, title, language)
        message = BUILDERS[kind](delivery)
        assert isinstance(message, QuickMessage)
        assert isinstance(message.message(), WrittenMessage)
        assert written(message, linesep) == written(plain_message(message), linesep)

    writes()


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("kind", CALENDAR_METHODS)
def test_the_calendar_in_a_mail_is_what_icalendar_writes(kind: str, name: str, ana: Delegate) -> None:
    delivery = delivery_of(kind, ana)
    write_into(delivery, name, name, "es")
    method = Method(CALENDAR_METHODS[kind])

    (_filename, data, _mimetype) = BUILDERS[kind](delivery).attachments[0]

    session = calendar_session(
        delivery.session.released, delegate=ana, sequence=3, stamp=NOW, with_link=method is Method.REQUEST
    )
    attendee = Attendee(name=name, email=ana.email)
    assert data == plain_calendar(session, method=method, organizer=organizer_address(), attendee=attendee)
