"""Builds calendar files by RFC 5545 and RFC 5546 with the library icalendar.

Times are written in UTC, so that no client depends on a VTIMEZONE. Callers pass every DTSTAMP, so that equal data give
equal bytes. The address of the video conference is never written into a calendar.
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
# The properties of an invitation that differ from reader to reader; the rest is built once and cached.
_PERSONAL_PROPERTIES = ("ATTENDEE", "DESCRIPTION", "LOCATION", "URL")
# In a feed the revision differs too: each mailbox was sent the session at another time.
_PERSONAL_FEED_PROPERTIES = ("DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "DESCRIPTION", "LOCATION", "URL")
# The value of a personal property while the shared text is built.
_PLACEHOLDER = "placeholder"
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Method(StrEnum):
    """RFC 5546 §1.4."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True)
class Attendee:
    """The person to whom a calendar message is sent; `partstat` is that of RFC 5545 §3.2.12. The name may be empty."""

    name: str
    email: str
    partstat: str = "NEEDS-ACTION"


@dataclass(frozen=True)
class CalendarSession:
    """One session as a calendar shows it, in one reader's language. Instants are UTC.

    `description` is plain text. `link` is the URL of the join page, that of the webinar's page in a public file, or
    empty.
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
    """Return the calendar of an invitation or update (REQUEST) or a cancellation (CANCEL), RFC 5546 §3.2.2 and §3.2.5.

    It has one VEVENT with one ATTENDEE; `organizer` is the address that the mail comes from, without a name. A CANCEL
    has STATUS:CANCELLED only if the session itself is cancelled, and not if this one person leaves it.
    """
    shared = replace(session, description=_PLACEHOLDER, link=session.link and _PLACEHOLDER)
    personal = Event()
    personal.add("ATTENDEE", _build_attendee(attendee))
    _add_description_and_link(personal, session)
    return _render_shared_invitation(shared, method, organizer) % _content_lines(personal)


@lru_cache(maxsize=128)
def _render_shared_invitation(session: CalendarSession, method: Method, organizer: str) -> bytes:
    """Return the invitation with `%(NAME)b` in place of each line of `_PERSONAL_PROPERTIES`. Cached."""
    event = build_vevent(session)
    event.add("ORGANIZER", vCalAddress(f"mailto:{organizer}"))
    event.add("ATTENDEE", vCalAddress(_PLACEHOLDER))
    if method is Method.CANCEL:
        if session.is_cancelled:
            event["STATUS"] = "CANCELLED"
        else:
            del event["STATUS"]
    else:
        alarm = Alarm()
        alarm.add("ACTION", "DISPLAY")
        alarm.add("DESCRIPTION", _without_control_characters(session.summary))
        alarm.add("TRIGGER", ALARM_LEAD)
        event.add_component(alarm)
    calendar = _new_calendar([event])
    calendar.add("METHOD", method.value)
    return _with_placeholders(_to_bytes(calendar), _PERSONAL_PROPERTIES)


def _with_placeholders(text: bytes, names: Iterable[str]) -> bytes:
    """Replace the first line of each property in `names` by `%(NAME)b`; such a line must not be folded."""
    text = text.replace(b"%", b"%%")
    for name in names:
        # Only the first: the alarm, which follows the event's own properties, has a DESCRIPTION too.
        text = re.sub(rb"\r\n%b:[^\r]*\r\n" % name.encode(), b"\r\n%%(%b)b\r\n" % name.encode(), text, count=1)
    return text


def _content_lines(personal: Event) -> dict[bytes, bytes]:
    """Return the content lines of `personal` by property name, to fill the placeholders."""
    return {name.encode(): personal.content_line(name, value).to_ical() for name, value in personal.property_items()}


def render_download(session: CalendarSession) -> bytes:
    """Return one session as a file to import, with the UID of the invitation and without any address.

    Like every file that is not a message it has neither METHOD nor ORGANIZER: PUBLISH requires an ORGANIZER (RFC 5546
    §3.2.1), which a calendar without attendees must not have (RFC 5545 §3.8.4.3).
    """
    return _to_bytes(_new_calendar([build_vevent(session)]))


def render_feed(sessions: Iterable[CalendarSession], *, name: str) -> bytes:
    """Return a calendar to subscribe to; cancelled sessions stay in it, with STATUS:CANCELLED.

    Without sessions it holds only a VTIMEZONE: RFC 5545 §3.6 requires at least one component, and strict clients would
    refuse the file and keep the events that they have.
    """
    events = b"".join(_render_feed_event(session) for session in sessions)
    before, end, after = _build_empty_feed(name).rpartition(b"END:VCALENDAR")
    return before + (events or _build_utc_timezone().to_ical()) + end + after


def _build_utc_timezone() -> Timezone:
    standard = TimezoneStandard()
    standard.add("DTSTART", datetime(1970, 1, 1))  # noqa: DTZ001 RFC 5545 §3.6.5 asks for a local time.
    standard.add("TZOFFSETFROM", timedelta())
    standard.add("TZOFFSETTO", timedelta())
    zone = Timezone()
    zone.add("TZID", "Etc/UTC")
    zone.add_component(standard)
    return zone


@lru_cache(maxsize=32)
def _build_empty_feed(name: str) -> bytes:
    return _to_bytes(_add_subscription_properties(_new_calendar([]), name))


def _render_feed_event(session: CalendarSession) -> bytes:
    shared = replace(
        session, sequence=0, stamp=session.starts_at, description=_PLACEHOLDER, link=session.link and _PLACEHOLDER
    )
    personal = Event()
    _add_revision(personal, session)
    _add_description_and_link(personal, session)
    return _render_shared_feed_event(shared) % _content_lines(personal)


@lru_cache(maxsize=128)
def _render_shared_feed_event(session: CalendarSession) -> bytes:
    """Return the event with `%(NAME)b` in place of each line of `_PERSONAL_FEED_PROPERTIES`. Cached."""
    return _with_placeholders(build_vevent(session).to_ical(), _PERSONAL_FEED_PROPERTIES)


def render_agenda(agenda: Agenda, *, language: str, link: str) -> bytes:
    """Return a released agenda as an iCalendar file that anyone may download.

    Its UIDs differ from those of the mailed invitations, and it has no ORGANIZER. `link` is the URL of the webinar's
    page.
    Raises ValueError for an agenda that is not released.
    """
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
    return _to_bytes(_add_subscription_properties(_new_calendar(events), agenda.title.render(language).text))


def build_vevent(session: CalendarSession) -> Event:
    """Return the VEVENT without attendees, RFC 5545 §3.6.1. Raises ValueError for a datetime that is not UTC."""
    event = Event()
    event.add("UID", str(session.uid))
    _add_revision(event, session)
    event.add("DTSTART", _without_microseconds(session.starts_at))
    event.add("DTEND", _without_microseconds(session.ends_at))
    event.add("SUMMARY", _without_control_characters(session.summary))
    _add_description_and_link(event, session)
    event.add("STATUS", "CANCELLED" if session.is_cancelled else "CONFIRMED")
    event.add("TRANSP", "OPAQUE")
    return event


def _add_revision(event: Event, session: CalendarSession) -> None:
    event.add("DTSTAMP", _without_microseconds(session.stamp))
    event.add("LAST-MODIFIED", _without_microseconds(session.stamp))
    event.add("SEQUENCE", session.sequence)


def _add_description_and_link(event: Event, session: CalendarSession) -> None:
    event.add("DESCRIPTION", _without_control_characters(session.description))
    if session.link:
        event.add("LOCATION", _without_control_characters(session.link)[:LONGEST_LOCATION])
        event.add("URL", session.link)


def _new_calendar(events: Iterable[Event]) -> Calendar:
    calendar = Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", PRODID)
    calendar.add("CALSCALE", "GREGORIAN")
    for event in events:
        calendar.add_component(event)
    return calendar


def _to_bytes(calendar: Calendar) -> bytes:
    content: bytes = calendar.to_ical()
    return content


def _add_subscription_properties(calendar: Calendar, name: str) -> Calendar:
    # One line, as vText: icalendar refuses line breaks in a property that is not in the RFC, and does not escape other
    # values.
    name = vText(" ".join(_without_control_characters(name).split()))
    calendar.add("NAME", name)
    calendar.add("X-WR-CALNAME", name)
    # RFC 7986 §5.7 requires VALUE=DURATION, which icalendar's own property leaves out.
    calendar.add("REFRESH-INTERVAL", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", "PT1H")
    return calendar


def _build_attendee(attendee: Attendee) -> vCalAddress:
    address = vCalAddress(f"mailto:{attendee.email}")
    address.params["CUTYPE"] = "INDIVIDUAL"
    address.params["ROLE"] = "REQ-PARTICIPANT"
    address.params["PARTSTAT"] = attendee.partstat
    address.params["RSVP"] = "TRUE"
    # A double quote would be encoded as ^' (RFC 6868), which many clients show as it stands.
    if name := " ".join(_without_control_characters(attendee.name).replace('"', "'").split()):
        address.params["CN"] = name
    return address


def _without_microseconds(instant: datetime) -> datetime:
    """Return `instant` without fractions of a second. Raises ValueError unless it is an aware UTC datetime."""
    if instant.tzinfo is None or instant.utcoffset() != timedelta():
        raise ValueError("A calendar takes UTC datetimes only: others become floating or unknown hours.")
    return instant.replace(microsecond=0, tzinfo=UTC)


def _without_control_characters(text: str) -> str:
    return _CONTROL_CHARACTERS.sub("", text).strip()
