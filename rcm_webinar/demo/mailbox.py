"""Reads the messages that the demo's mail backend has written."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

STEM = re.compile(r"(?P<written>\d{8}T\d{12})-[0-9a-f]{8}")
LINK = re.compile(r"https?://[^\s<>\"]+")
# The time zones for which the page shows the hours of a session.
ZONES = (
    "UTC",
    "America/Costa_Rica",
    "America/Tegucigalpa",
    "America/Panama",
    "America/Santo_Domingo",
    "America/Mexico_City",
    "America/Toronto",
)


class MailNotFound(Exception):
    """There is no message with this name."""


@dataclass(frozen=True)
class MailSummary:
    """One message in the list of messages."""

    stem: str
    written_at: datetime
    subject: str
    to: str
    has_calendar: bool


@dataclass(frozen=True)
class CalendarHour:
    """The start and end of an event in one time zone."""

    city: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class CalendarEvent:
    """A VEVENT as a calendar program shows it, with the UID and SEQUENCE that identify its version."""

    summary: str
    status: str
    uid: str
    sequence: int
    description: str
    hours: tuple[CalendarHour, ...]


@dataclass(frozen=True)
class Mail:
    """One message with its parts; a missing part is empty."""

    summary: MailSummary
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    calendar: bytes
    ical_method: str
    events: tuple[CalendarEvent, ...]

    @property
    def links(self) -> tuple[str, ...]:
        """The links of the text part, in order and without duplicates."""
        return tuple(dict.fromkeys(LINK.findall(self.text)))


def list_mail(folder: Path, *, address: str = "") -> list[MailSummary]:
    """List the messages, the newest first; with `address`, only those whose recipient contains it."""
    paths = sorted(folder.glob("*.eml"), reverse=True)
    summaries = [_read_summary(path.stem, path.read_bytes()) for path in paths if STEM.fullmatch(path.stem)]
    searched = address.strip().lower()
    return [summary for summary in summaries if searched in summary.to.lower()]


def read_mail(folder: Path, stem: str) -> Mail:
    """Read the message with this name. Raises MailNotFound."""
    path = folder / f"{stem}.eml"
    if not STEM.fullmatch(stem) or not path.is_file():
        raise MailNotFound
    content = path.read_bytes()
    message = _parse_message(content)
    calendar = _text_part(message, "calendar")
    parsed = Calendar.from_ical(calendar) if calendar else None
    return Mail(
        summary=_read_summary(stem, content),
        headers=tuple((name, str(value)) for name, value in message.items()),
        text=_text_part(message, "plain").decode(),
        html=_text_part(message, "html").decode(),
        calendar=calendar,
        ical_method=str(parsed.get("METHOD", "")) if parsed else "",
        events=tuple(_event(event) for event in parsed.events) if parsed else (),
    )


def _parse_message(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=policy.default)


def _read_summary(stem: str, content: bytes) -> MailSummary:
    head = _parse_message(content.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    return MailSummary(
        stem=stem,
        written_at=datetime.strptime(stem.partition("-")[0], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC),
        subject=str(head["Subject"]),
        to=str(head["To"]),
        has_calendar=b"text/calendar" in content,
    )


def _text_part(message: EmailMessage, subtype: str) -> bytes:
    """Return the first text part of `subtype`, as UTF-8; empty if there is none."""
    for part in message.walk():
        if part.get_content_type() == f"text/{subtype}":
            return bytes(part.get_payload(decode=True))
    return b""


def _event(event: Event) -> CalendarEvent:
    return CalendarEvent(
        summary=str(event.get("SUMMARY", "")),
        status=str(event.get("STATUS", "")),
        uid=str(event["UID"]),
        sequence=int(event.get("SEQUENCE", 0)),
        description=str(event.get("DESCRIPTION", "")),
        hours=tuple(
            CalendarHour(
                city=name.rpartition("/")[2].replace("_", " "),
                starts_at=_in_zone(event.start, name),
                ends_at=_in_zone(event.end, name),
            )
            for name in ZONES
        ),
    )


def _in_zone(at: date, zone: str) -> datetime:
    """Convert a start or end to `zone`; a whole day begins at midnight UTC."""
    instant = at if isinstance(at, datetime) else datetime.combine(at, time(), UTC)
    return instant.astimezone(ZoneInfo(zone))
