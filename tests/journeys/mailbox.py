"""Reads the demo's mail as a mail program and a calendar would."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event


@dataclass(frozen=True)
class ReceivedMessage:
    """One message in a mailbox."""

    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def to(self) -> str:
        return str(self.message["To"])

    @property
    def text(self) -> str:
        body = self.message.get_body(("plain",))
        assert body is not None
        return str(body.get_content())

    @property
    def calendar(self) -> Calendar | None:
        for part in self.message.walk():
            if part.get_content_type() == "text/calendar":
                return Calendar.from_ical(part.get_payload(decode=True))
        return None

    @property
    def ical_method(self) -> str:
        return str(self.calendar["METHOD"]) if self.calendar else ""

    @property
    def event(self) -> Event:
        assert self.calendar is not None
        (event,) = self.calendar.events
        assert event.errors == []
        return event

    @property
    def links(self) -> list[str]:
        return re.findall(r"https?://[^\s<>]+", self.text)

    def starts_in(self, zone: str) -> datetime:
        """Return the start of the event in `zone`."""
        return self.event.start.astimezone(ZoneInfo(zone))


@dataclass(frozen=True)
class Mailbox:
    """All mail of the demo, in order of arrival."""

    folder: Path

    def messages(self, to: str, *, method: str | None = None) -> list[ReceivedMessage]:
        found = [
            ReceivedMessage(message_from_bytes(path.read_bytes(), policy=policy.default))
            for path in sorted(self.folder.glob("*.eml"))
        ]
        return [message for message in found if to in message.to and (method is None or message.ical_method == method)]

    def wait_for(self, wanted: Callable[["Mailbox"], bool], *, seconds: float, what: str) -> float:
        """Wait until `wanted` returns true; return the seconds that it took."""
        begun = time.monotonic()
        while not wanted(self):
            assert time.monotonic() - begun < seconds, f"{what}: not within {seconds:.0f} s"
            time.sleep(0.2)
        return time.monotonic() - begun
