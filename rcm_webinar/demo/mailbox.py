"""Reads the messages that the demo has written into files."""

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
# Where the page shows at which hour a calendar puts a session.
ZONES = (
    "UTC",
    "America/Costa_Rica",
    "America/Tegucigalpa",
    "America/Panama",
    "America/Santo_Domingo",
    "America/Mexico_City",
    "America/Toronto",
)


class NoSuchMail(Exception):
    """No message has this number."""


@dataclass(frozen=True)
class MailLine:
    """One message in the list."""

    stem: str
    written_at: datetime
    subject: str
    to: str
    has_calendar: bool


@dataclass(frozen=True)
class CalendarHour:
    city: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class CalendarEvent:
    """A VEVENT as a calendar program shows it, and what orders it among its versions."""

    summary: str
    status: str
    uid: str
    sequence: int
    description: str
    hours: tuple[CalendarHour, ...]


@dataclass(frozen=True)
class Mail:
    """One message with its parts; a part that it does not have is empty."""

    line: MailLine
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    calendar: bytes
    ical_method: str
    events: tuple[CalendarEvent, ...]

    @property
    def links(self) -> tuple[str, ...]:
        """Those of the text part, each once, in its order."""
        return tuple(dict.fromkeys(LINK.findall(self.text)))


def list_mail(folder: Path, *, address: str = "") -> list[MailLine]:
    """Newest first; with `address`, only what was sent there."""
    paths = sorted(folder.glob("*.eml"), reverse=True)
    lines = [_line(path.stem, path.read_bytes()) for path in paths if STEM.fullmatch(path.stem)]
    wanted = address.strip().lower()
    return [line for line in lines if wanted in line.to.lower()]


def read_mail(folder: Path, stem: str) -> Mail:
    """Raises NoSuchMail."""
    path = folder / f"{stem}.eml"
    if not STEM.fullmatch(stem) or not path.is_file():
        raise NoSuchMail
    content = path.read_bytes()
    message = _parsed(content)
    calendar = _part(message, "calendar")
    parsed = Calendar.from_ical(calendar) if calendar else None
    return Mail(
        line=_line(stem, content),
        headers=tuple((name, str(value)) for name, value in message.items()),
        text=_part(message, "plain").decode(),
        html=_part(message, "html").decode(),
        calendar=calendar,
        ical_method=str(parsed.get("METHOD", "")) if parsed else "",
        events=tuple(_event(event) for event in parsed.events) if parsed else (),
    )


def _parsed(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=policy.default)


def _line(stem: str, content: bytes) -> MailLine:
    head = _parsed(content.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    return MailLine(
        stem=stem,
        written_at=datetime.strptime(stem.partition("-")[0], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC),
        subject=str(head["Subject"]),
        to=str(head["To"]),
        has_calendar=b"text/calendar" in content,
    )


def _part(message: EmailMessage, subtype: str) -> bytes:
    """The first text part of `subtype`, as UTF-8; empty where there is none."""
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
    """A whole day begins at midnight UTC."""
    instant = at if isinstance(at, datetime) else datetime.combine(at, time(), UTC)
    return instant.astimezone(ZoneInfo(zone))
