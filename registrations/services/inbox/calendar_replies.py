"""Reads the answer of a calendar program (RFC 5546 §3.2.3) from a mail. Pure: no database.

A REPLY is read line by line and not parsed as a calendar: an unknown time zone, a recurrence rule or thousands of
components break nothing and cost little, because only the few properties that decide are parsed.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import cast

from icalendar.parser import Contentline, Contentlines

from registrations.models import AttentionReason, Partstat
from registrations.services.inbox.parsing import MAX_PARTS, Unreadable, header_text, one_line, text_of, text_of_html

# In characters. A longer calendar is no answer.
MAX_CALENDAR = 65_536
# In characters, before and after HTML is removed.
MAX_RAW_COMMENT = 10_000
MAX_COMMENT = 500
# That of the database, for a PositiveIntegerField.
MAX_SEQUENCE = 2**31 - 1
MAX_UID = 255
# What is stamped earlier was not, and a year such as 1 cannot be shown in every time zone.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
# A person forwarded an invitation, or an agenda: mail to be read by a person, and no answer.
NO_ANSWERS = ("", "PUBLISH", "REQUEST", "CANCEL")
ANSWERS = (Partstat.ACCEPTED, Partstat.DECLINED, Partstat.TENTATIVE)
_ADDRESS = re.compile(r"[^\s@:]{1,64}@[^\s@:]{1,189}")
_END_OF_NAME = re.compile(r"[;:]")


class UnclearReply(Exception):
    """The mail holds a calendar object that a person must look at; `reason` says why."""

    def __init__(self, reason: AttentionReason) -> None:
        self.reason = reason
        super().__init__(reason.value)


@dataclass(frozen=True)
class CalendarReply:
    """One answer to one session.

    `attendee` is a bare address, lower-cased. `partstat` is ACCEPTED, DECLINED or TENTATIVE. `stamp` is UTC.
    `comment` is one line of plain text, 500 characters at most.
    """

    uid: str
    attendee: str
    partstat: Partstat
    sequence: int
    stamp: datetime
    comment: str


@dataclass
class _Calendar:
    """One VCALENDAR: its METHOD, and the lines of each VEVENT by property name. Other components are left out."""

    method: str = ""
    events: list[dict[str, list[Contentline]]] = field(default_factory=list)


def find_reply(message: Message, *, now: datetime) -> CalendarReply | None:
    """Return the answer in `message`, or None if it holds no calendar object or one that is no answer.

    The METHOD inside the object decides, never the parameter of the part. The object is looked for as text/calendar,
    and else as application/ics; the same object twice is one answer. Without a valid DTSTAMP the answer was given on
    the Date of the mail or, without one, `now`. Raises UnclearReply, and Unreadable.
    """
    parts, sent_at = _own_parts(message), _sent_at(message) or now
    for content_type in ("text/calendar", "application/ics"):
        texts = [text_of(part) for part in parts if part.get_content_type() == content_type]
        replies = {reply for text in texts if (reply := _read_reply(text, sent_at=sent_at))}
        if len(replies) > 1:
            raise UnclearReply(AttentionReason.UNCLEAR_ANSWER)
        if replies:
            return replies.pop()
    return None


def _own_parts(message: Message) -> list[Message]:
    """Return the first `MAX_PARTS` parts that have no parts, without those of an attached mail. Raises Unreadable."""
    try:
        return list(islice(_walk(message), MAX_PARTS))
    except RecursionError as error:
        raise Unreadable(type(error).__name__) from error


def _walk(message: Message) -> Iterator[Message]:
    """Yield the parts that have no parts. An answer in an attached mail is not given by who attached it."""
    if not message.is_multipart():
        yield message
    elif message.get_content_maintype() != "message":
        for part in message.get_payload():
            yield from _walk(cast("Message", part))


def _sent_at(message: Message) -> datetime | None:
    """Return the Date of the mail, or None if it is missing, broken or before `EARLIEST`."""
    try:
        sent = parsedate_to_datetime(header_text(message, "Date"))
        sent = sent.replace(tzinfo=UTC) if sent.tzinfo is None else sent.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return sent if sent >= EARLIEST else None


def _read_reply(text: str, *, sent_at: datetime) -> CalendarReply | None:
    """Return the answer that the calendar `text` gives, or None if it is none. Raises UnclearReply."""
    if len(text) > MAX_CALENDAR:
        raise UnclearReply(AttentionReason.UNREADABLE)
    try:
        calendars = _split(text)
        methods = {calendar.method for calendar in calendars}
        if methods <= set(NO_ANSWERS):
            return None
        if methods != {"REPLY"}:
            is_counter = "COUNTER" in methods
            raise UnclearReply(AttentionReason.COUNTER_PROPOSAL if is_counter else AttentionReason.UNCLEAR_ANSWER)
        events = [event for calendar in calendars for event in calendar.events]
        if len(calendars) > 1 or len(events) > 1:
            raise UnclearReply(AttentionReason.UNCLEAR_ANSWER)
        return _read_event(events[0] if events else {}, sent_at=sent_at)
    except ValueError:
        # The message of the library quotes the line, which holds an address.
        raise UnclearReply(AttentionReason.UNREADABLE) from None


def _split(text: str) -> list[_Calendar]:
    """Return the calendars in `text`. Raises ValueError if a component does not begin or does not end."""
    calendars: list[_Calendar] = []
    path: list[str] = []
    lines = Contentlines.from_ical(text.removeprefix("\ufeff"))  # type: ignore[no-untyped-call]  # icalendar has no type for it
    for line in lines:
        name, value = _name_and_rest(line)
        if name == "BEGIN":
            path.append(value)
            if path == ["VCALENDAR"]:
                calendars.append(_Calendar())
            elif path == ["VCALENDAR", "VEVENT"]:
                calendars[-1].events.append(defaultdict(list))
        elif name == "END":
            if not path or path.pop() != value:
                raise ValueError("A component ends that did not begin.")
        elif path == ["VCALENDAR"] and name == "METHOD":
            calendars[-1].method = value
        elif path == ["VCALENDAR", "VEVENT"]:
            calendars[-1].events[-1][name].append(line)
    if path:
        raise ValueError("A component does not end.")
    return calendars


def _name_and_rest(line: str) -> tuple[str, str]:
    """Return what stands before and after the first delimiter of a content line, in upper case."""
    name, *rest = _END_OF_NAME.split(line, maxsplit=1)
    return name.strip().upper(), "".join(rest).strip().upper()


def _read_event(event: dict[str, list[Contentline]], *, sent_at: datetime) -> CalendarReply:
    """Read the answer from the lines of a VEVENT. Raises UnclearReply, and ValueError for a line that is broken."""
    uid = _value(event, "UID").strip()
    if not 0 < len(uid) <= MAX_UID:
        raise UnclearReply(AttentionReason.UNREADABLE)
    attendees = set(event.get("ATTENDEE", []))
    if len(attendees) != 1:
        raise UnclearReply(AttentionReason.SEVERAL_ATTENDEES if attendees else AttentionReason.NO_ATTENDEE)
    _name, parameters, address = attendees.pop().parts()
    return CalendarReply(
        uid=uid,
        attendee=_read_address(address),
        partstat=_read_partstat(str(parameters.get("PARTSTAT", "")).upper()),
        sequence=_read_sequence(_value(event, "SEQUENCE").strip()),
        stamp=_read_stamp(_value(event, "DTSTAMP").strip()) or sent_at,
        # The parameter is Google's.
        comment=_without_html(_value(event, "COMMENT") or str(parameters.get("X-RESPONSE-COMMENT", ""))),
    )


def _value(event: dict[str, list[Contentline]], name: str) -> str:
    """Return the unescaped value of the first property `name`; the empty string if absent."""
    lines = event.get(name)
    return lines[0].parts()[2] if lines else ""


def _read_address(value: str) -> str:
    address = value.strip().lower().removeprefix("mailto:").strip()
    if not _ADDRESS.fullmatch(address):
        raise UnclearReply(AttentionReason.NO_ATTENDEE)
    return address


def _read_partstat(value: str) -> Partstat:
    if value not in ANSWERS:
        raise UnclearReply(AttentionReason.DELEGATED if value == "DELEGATED" else AttentionReason.UNCLEAR_ANSWER)
    return Partstat(value)


def _read_sequence(value: str) -> int:
    """Return the SEQUENCE; 0 if absent (RFC 5545 §3.8.7.4). Raises ValueError for what is no revision."""
    sequence = int(value or 0)
    if not 0 <= sequence <= MAX_SEQUENCE:
        raise ValueError("A revision is a number that is not negative.")
    return sequence


def _read_stamp(value: str) -> datetime | None:
    """Return the DTSTAMP, which must be UTC (RFC 5545 §3.8.7.2), or None if it is broken or before `EARLIEST`."""
    try:
        stamp = datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return stamp if stamp >= EARLIEST else None


def _without_html(comment: str) -> str:
    """Return `comment` as one line of plain text. Programs write HTML into it, which RFC 5545 does not allow."""
    return one_line(text_of_html(comment[:MAX_RAW_COMMENT]))[:MAX_COMMENT].strip()
