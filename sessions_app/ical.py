"""Calendars: what RFC 5545 and RFC 5546 ask, built with icalendar. An attendee is a value passed in.

Hours are written in UTC, so that no client has to trust a VTIMEZONE; every stamp is stored by the caller, so that
equal data give equal bytes. The room's address is never in a calendar.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

from icalendar import Alarm, Calendar, Event, Timezone, TimezoneStandard, vCalAddress, vText

from sessions_app.agenda import Agenda

PRODID = "-//rcm-webinar//Regional Conference on Migration//EN"
REFRESH = timedelta(hours=1)
ALARM_LEAD = timedelta(minutes=-15)
LONGEST_LOCATION = 255
# The lines of an invitation that differ from reader to reader, and what stands in their place while it is written.
_PERSONAL = ("ATTENDEE", "DESCRIPTION", "LOCATION", "URL")
# Those of an event in a feed: each mailbox was told of it at another time.
_PERSONAL_IN_FEED = ("DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "DESCRIPTION", "LOCATION", "URL")
_HERE = "here"
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Method(StrEnum):
    """RFC 5546 §1.4."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True)
class Attendee:
    """The one person a calendar message is for; `partstat` as in RFC 5545 §3.2.12. The name may be empty."""

    name: str
    email: str
    partstat: str = "NEEDS-ACTION"


@dataclass(frozen=True)
class CalendarSession:
    """What a calendar shows of one session, in one reader's language. Instants are UTC.

    `description` is plain text; `link` is the join page (or, in a public file, the webinar's page), or empty.
    """

    uid: UUID
    sequence: int
    stamp: datetime
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: str
    link: str
    is_cancelled: bool = False


def build_invitation(session: CalendarSession, *, method: Method, organizer: str, attendee: Attendee) -> bytes:
    """The calendar of one invitation, update (REQUEST) or cancellation (CANCEL), RFC 5546 §3.2.2 and §3.2.5.

    One VEVENT, one ATTENDEE; `organizer` is the bare address the mail comes from. A CANCEL carries
    STATUS:CANCELLED only where the session itself is cancelled, not where this one person is taken off.
    """
    shared = replace(session, description=_HERE, link=session.link and _HERE)
    personal = Event()
    personal.add("ATTENDEE", _attendee(attendee))
    _add_description_and_link(personal, session)
    return _invitation_to_all(shared, method, organizer) % _lines(personal)


@lru_cache(maxsize=128)
def _invitation_to_all(session: CalendarSession, method: Method, organizer: str) -> bytes:
    """What an invitation says to everyone alike, written once; `%(NAME)b` where a line of `_PERSONAL` belongs."""
    event = build_vevent(session)
    event.add("ORGANIZER", vCalAddress(f"mailto:{organizer}"))
    event.add("ATTENDEE", vCalAddress(_HERE))
    if method is Method.CANCEL:
        if session.is_cancelled:
            event["STATUS"] = "CANCELLED"
        else:
            del event["STATUS"]
    else:
        alarm = Alarm()
        alarm.add("ACTION", "DISPLAY")
        alarm.add("DESCRIPTION", _text(session.summary))
        alarm.add("TRIGGER", ALARM_LEAD)
        event.add_component(alarm)
    calendar = _calendar([event])
    calendar.add("METHOD", method.value)
    return _with_gaps(_written(calendar), _PERSONAL)


def _with_gaps(text: bytes, names: Iterable[str]) -> bytes:
    """`%(NAME)b` in place of the first line of each of `names`, which fits into one."""
    text = text.replace(b"%", b"%%")
    for name in names:
        # Once: the alarm, below the lines of the event, has a DESCRIPTION too.
        text = re.sub(rb"\r\n%b:[^\r]*\r\n" % name.encode(), b"\r\n%%(%b)b\r\n" % name.encode(), text, count=1)
    return text


def _lines(personal: Event) -> dict[bytes, bytes]:
    """What belongs into such gaps, by name."""
    return {name.encode(): personal.content_line(name, value).to_ical() for name, value in personal.property_items()}


def render_download(session: CalendarSession) -> bytes:
    """One session as a file to import: the UID of the invitation, and nobody's address.

    Like every file that is no message it has neither METHOD nor ORGANIZER: PUBLISH wants an ORGANIZER (RFC 5546
    §3.2.1), which a calendar that invites nobody must not name (RFC 5545 §3.8.4.3).
    """
    return _written(_calendar([build_vevent(session)]))


def render_feed(sessions: Iterable[CalendarSession], *, name: str) -> bytes:
    """A calendar to subscribe to; cancelled sessions stay, as STATUS:CANCELLED.

    Without sessions it is empty but for a time zone: RFC 5545 §3.6 asks for a component at least, and strict readers
    would refuse the file and keep what they have.
    """
    events = b"".join(_feed_event(session) for session in sessions)
    before, end, after = _empty_feed(name).rpartition(b"END:VCALENDAR")
    return before + (events or _utc_zone().to_ical()) + end + after


def _utc_zone() -> Timezone:
    standard = TimezoneStandard()
    standard.add("DTSTART", datetime(1970, 1, 1))  # noqa: DTZ001 RFC 5545 §3.6.5 asks for a local time.
    standard.add("TZOFFSETFROM", timedelta())
    standard.add("TZOFFSETTO", timedelta())
    zone = Timezone()
    zone.add("TZID", "Etc/UTC")
    zone.add_component(standard)
    return zone


@lru_cache(maxsize=32)
def _empty_feed(name: str) -> bytes:
    return _written(_subscribable(_calendar([]), name))


def _feed_event(session: CalendarSession) -> bytes:
    shared = replace(session, sequence=0, stamp=session.starts_at, description=_HERE, link=session.link and _HERE)
    personal = Event()
    _add_revision(personal, session)
    _add_description_and_link(personal, session)
    return _feed_event_to_all(shared) % _lines(personal)


@lru_cache(maxsize=128)
def _feed_event_to_all(session: CalendarSession) -> bytes:
    """What the event says to everyone alike, written once; `%(NAME)b` where a line of `_PERSONAL_IN_FEED` belongs."""
    return _with_gaps(build_vevent(session).to_ical(), _PERSONAL_IN_FEED)


def render_agenda(agenda: Agenda, *, language: str, link: str) -> bytes:
    """The public file of a released agenda: UIDs of its own, no ORGANIZER; `link` is the webinar's page."""
    stamp = agenda.released_at
    if stamp is None:
        raise ValueError("Only a released agenda has a public calendar.")
    events = [
        build_vevent(
            CalendarSession(
                uid=each.public_ical_uid,
                sequence=agenda.release_number or 0,
                stamp=stamp,
                starts_at=each.starts_at,
                ends_at=each.ends_at,
                summary=each.title.render(language).text,
                description=f"{link}\n{agenda.title.render(language).text}",
                link=link,
                is_cancelled=each.is_cancelled,
            )
        )
        for each in agenda.sessions
    ]
    return _written(_subscribable(_calendar(events), agenda.title.render(language).text))


def build_vevent(session: CalendarSession) -> Event:
    """The VEVENT without people, RFC 5545 §3.6.1. Raises ValueError for a datetime that is not UTC."""
    event = Event()
    event.add("UID", str(session.uid))
    _add_revision(event, session)
    event.add("DTSTART", _utc(session.starts_at))
    event.add("DTEND", _utc(session.ends_at))
    event.add("SUMMARY", _text(session.summary))
    _add_description_and_link(event, session)
    event.add("STATUS", "CANCELLED" if session.is_cancelled else "CONFIRMED")
    event.add("TRANSP", "OPAQUE")
    return event


def _add_revision(event: Event, session: CalendarSession) -> None:
    event.add("DTSTAMP", _utc(session.stamp))
    event.add("LAST-MODIFIED", _utc(session.stamp))
    event.add("SEQUENCE", session.sequence)


def _add_description_and_link(event: Event, session: CalendarSession) -> None:
    event.add("DESCRIPTION", _text(session.description))
    if session.link:
        event.add("LOCATION", _text(session.link)[:LONGEST_LOCATION])
        event.add("URL", session.link)


def _calendar(events: Iterable[Event]) -> Calendar:
    calendar = Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", PRODID)
    calendar.add("CALSCALE", "GREGORIAN")
    for event in events:
        calendar.add_component(event)
    return calendar


def _written(calendar: Calendar) -> bytes:
    content: bytes = calendar.to_ical()
    return content


def _subscribable(calendar: Calendar, name: str) -> Calendar:
    # In one line: icalendar refuses to write others of a name that is no property of the RFC, and writes what is no
    # vText without escaping it.
    name = vText(" ".join(_text(name).split()))
    calendar.add("NAME", name)
    calendar.add("X-WR-CALNAME", name)
    # RFC 7986 §5.7 wants VALUE=DURATION, which the library's shortcut leaves out.
    calendar.add("REFRESH-INTERVAL", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", "PT1H")
    return calendar


def _attendee(attendee: Attendee) -> vCalAddress:
    address = vCalAddress(f"mailto:{attendee.email}")
    address.params["CUTYPE"] = "INDIVIDUAL"
    address.params["ROLE"] = "REQ-PARTICIPANT"
    address.params["PARTSTAT"] = attendee.partstat
    address.params["RSVP"] = "TRUE"
    # A double quote would become ^' (RFC 6868), which many clients show raw.
    if name := " ".join(_text(attendee.name).replace('"', "'").split()):
        address.params["CN"] = name
    return address


def _utc(instant: datetime) -> datetime:
    """`instant` without fractions of a second. Raises ValueError unless it is an aware UTC datetime."""
    if instant.tzinfo is None or instant.utcoffset() != timedelta():
        raise ValueError("A calendar takes UTC datetimes only: others become floating or unknown hours.")
    return instant.replace(microsecond=0, tzinfo=UTC)


def _text(text: str) -> str:
    return _CONTROL_CHARACTERS.sub("", text).strip()
