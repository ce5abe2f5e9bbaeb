"""A small calendar that reads mails as RFC 5546 asks, and says what each mailbox ends up holding."""

from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage as ParsedMail

from django.core.mail import EmailMessage
from icalendar import Calendar


@dataclass(frozen=True)
class Held:
    """One entry of a mailbox's calendar."""

    summary: str
    starts_at: datetime
    sequence: int
    url: str


@dataclass
class CalendarClient:
    """All mailboxes by lower-cased address; `ignored` counts messages older than what a mailbox had seen."""

    mailboxes: dict[str, dict[str, Held]] = field(default_factory=dict)
    seen: dict[tuple[str, str], tuple[int, datetime]] = field(default_factory=dict)
    ignored: int = 0

    def receive(self, message: EmailMessage) -> None:
        mail = parse(message)
        calendar = calendar_of(mail)
        if calendar is None:
            return
        (event,) = calendar.walk("VEVENT")
        address = str(event["ATTENDEE"]).removeprefix("mailto:").lower()
        assert address == mail["To"].addresses[0].addr_spec.lower()
        uid, revision = str(event["UID"]), (int(event["SEQUENCE"]), event["DTSTAMP"].dt)
        box = self.mailboxes.setdefault(address, {})
        if revision <= self.seen.get((address, uid), (-1, revision[1])):
            self.ignored += 1
            return
        self.seen[address, uid] = revision
        if calendar["METHOD"] == "REQUEST":
            box[uid] = Held(str(event["SUMMARY"]), event["DTSTART"].dt, revision[0], str(event["URL"]))
        else:
            assert calendar["METHOD"] == "CANCEL"
            assert uid in box, "a CANCEL without its REQUEST"
            del box[uid]

    def receive_all(self, messages: list[EmailMessage]) -> "CalendarClient":
        for message in messages:
            self.receive(message)
        return self

    def titles(self, address: str) -> list[str]:
        """The summaries that a mailbox holds, by start."""
        held = self.mailboxes.get(address.lower(), {}).values()
        return [each.summary for each in sorted(held, key=lambda each: each.starts_at)]


def parse(message: EmailMessage) -> ParsedMail:
    """The message as it arrives: from bytes."""
    parsed = message_from_bytes(message.message().as_bytes(), policy=policy.default)
    assert isinstance(parsed, ParsedMail)
    return parsed


def calendar_of(mail: ParsedMail) -> Calendar | None:
    """The text/calendar part; its method parameter and the attachment must agree with it."""
    for part in mail.walk():
        if part.get_content_type() == "text/calendar":
            data = part.get_payload(decode=True)
            calendar = Calendar.from_ical(data)
            assert part.get_param("method") == calendar["METHOD"]
            (attachment,) = [each for each in mail.iter_attachments() if each.get_content_type() == "application/ics"]
            assert attachment.get_payload(decode=True) == data
            return calendar
    return None
