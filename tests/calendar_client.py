"""A small calendar client that processes mails by RFC 5546, to check which events each mailbox holds in the end."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.headerregistry import HeaderRegistry
from email.message import EmailMessage as ParsedMail
from functools import lru_cache

from django.core.mail import EmailMessage
from icalendar import Calendar

# Caching header classes is faster: most headers of a thousand mails are the same.
POLICY = policy.default.clone(header_factory=lru_cache(1_000)(HeaderRegistry()))


@dataclass(frozen=True)
class CalendarEvent:
    """One event in the calendar of a mailbox."""

    summary: str
    starts_at: datetime
    sequence: int
    url: str


@dataclass(frozen=True)
class Revision:
    """The version of an event that a message carries; `rank` orders versions by RFC 5546 §2.1.5."""

    sequence: int
    stamp: datetime
    message_id: str

    @property
    def resend_number(self) -> str:
        """How often somebody sent the message again, as its Message-ID says."""
        return self.message_id.partition("@")[0].rpartition(".")[2]

    @property
    def rank(self) -> tuple[int, datetime]:
        return (self.sequence, self.stamp)


@dataclass
class CalendarClient:
    """The calendars of all mailboxes, by lower-cased address.

    Messages without effect are counted: `repeated` those of a known version, `overtaken` those of an older one.
    """

    mailboxes: dict[str, dict[str, CalendarEvent]] = field(default_factory=dict)
    seen: dict[tuple[str, str], Revision] = field(default_factory=dict)
    repeated: int = 0
    overtaken: int = 0

    @property
    def ignored(self) -> int:
        return self.repeated + self.overtaken

    def receive(self, message: EmailMessage | bytes) -> None:
        mail = parse(message)
        calendar = calendar_of(mail)
        if calendar is None:
            return
        (event,) = calendar.walk("VEVENT")
        address = str(event["ATTENDEE"]).removeprefix("mailto:").lower()
        assert address == mail["To"].addresses[0].addr_spec.lower()
        uid, revision = str(event["UID"]), Revision(event["SEQUENCE"], event["DTSTAMP"].dt, mail["Message-ID"])
        if not self._is_newer(self.seen.get((address, uid)), revision):
            return
        self.seen[address, uid] = revision
        box = self.mailboxes.setdefault(address, {})
        if calendar["METHOD"] == "REQUEST":
            box[uid] = CalendarEvent(str(event["SUMMARY"]), event["DTSTART"].dt, revision.sequence, str(event["URL"]))
        else:
            assert calendar["METHOD"] == "CANCEL"
            assert uid in box, "a CANCEL without its REQUEST"
            del box[uid]

    def _is_newer(self, seen: Revision | None, revision: Revision) -> bool:
        if seen is None or seen.rank < revision.rank:
            assert seen is None or seen.message_id != revision.message_id, "one message of two revisions"
            return True
        if seen.rank == revision.rank:
            is_resent = seen.resend_number != revision.resend_number
            assert is_resent or seen.message_id == revision.message_id, "two messages of one revision"
            self.repeated += 1
        else:
            self.overtaken += 1
        return False

    def receive_all(self, messages: Iterable[EmailMessage | bytes]) -> "CalendarClient":
        for message in messages:
            self.receive(message)
        return self

    def titles(self, address: str) -> list[str]:
        """Return the summaries of a mailbox's events, by start."""
        held = self.mailboxes.get(address.lower(), {}).values()
        return [each.summary for each in sorted(held, key=lambda each: each.starts_at)]


def parse(message: EmailMessage | bytes) -> ParsedMail:
    """Parse the message from its bytes, as a mail program does."""
    received = message if isinstance(message, bytes) else message.message().as_bytes()
    parsed = message_from_bytes(received, policy=POLICY)
    assert isinstance(parsed, ParsedMail)
    return parsed


def calendar_of(mail: ParsedMail) -> Calendar | None:
    """Return the text/calendar part; assert that its method parameter and the attachment agree with it."""
    for part in mail.walk():
        if part.get_content_type() == "text/calendar":
            data = part.get_payload(decode=True)
            calendar = Calendar.from_ical(data)
            assert part.get_param("method") == calendar["METHOD"]
            (attachment,) = [each for each in mail.iter_attachments() if each.get_content_type() == "application/ics"]
            assert attachment.get_payload(decode=True) == data
            return calendar
    return None
