"""A Maildir with mail as other programs write it, and passes over it."""

from datetime import datetime, timedelta
from pathlib import Path

from registrations.models import CalendarEntry, Delegate, Delivery
from registrations.services.inbox.reading import ReadReport, read_inbox
from tests.registrations.services.deliveries import SOON

A_LETTER = b"From: Olga Ruiz <olga@example.org>\nSubject: A question\n\nMay I bring a colleague?\n"
AN_ABSENCE_NOTE = b"From: ana@example.org\nAuto-Submitted: auto-replied\nSubject: Out of office\n\nI am away.\n"
OUR_SERVER = "mx.example.org"


class Inbox:
    """A Maildir. Names of files are numbered, so that mail is read in the order in which it was delivered."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for name in ("new", "cur", "tmp"):
            (path / name).mkdir(parents=True)
        self._delivered = 0

    @property
    def url(self) -> str:
        return f"maildir://{self.path}"

    def deliver(self, *mails: bytes) -> None:
        for content in mails:
            self._delivered += 1
            (self.path / "new" / f"{self._delivered:06}.example.org").write_bytes(content)

    def put_back(self) -> None:
        """Move all mail back into the inbox under other names: the server has numbered it anew."""
        for folder in (".Processed", ".For a person"):
            for path in sorted((self.path / folder).glob("*/*")):
                if path.is_file():
                    self._delivered += 1
                    path.rename(self.path / "new" / f"{self._delivered:06}.example.org")

    def count(self, folder: str = "") -> int:
        """The number of mails in `folder`, by default in the inbox itself."""
        root = self.path / f".{folder}" if folder else self.path
        return sum(path.is_file() for name in ("new", "cur") for path in (root / name).glob("*"))


def read(now: datetime = SOON, *, within: timedelta = timedelta(minutes=1)) -> ReadReport:
    return read_inbox(clock=lambda: now, within=within)


def reply_mail(
    entry: CalendarEntry, partstat: str = "ACCEPTED", *, stamp: datetime = SOON, is_proven: bool = True, **fields: str
) -> bytes:
    """The mail in which a calendar program answers for the mailbox of `entry`."""
    properties = {
        "UID": str(entry.session.ical_uid),
        "ATTENDEE;PARTSTAT=" + partstat: f"mailto:{entry.address}",
        "SEQUENCE": str(entry.sequence),
        "DTSTAMP": f"{stamp:%Y%m%dT%H%M%SZ}",
        **fields,
    }
    lines = ["BEGIN:VCALENDAR", "METHOD:REPLY", "BEGIN:VEVENT"]
    lines += [f"{name}:{value}" for name, value in properties.items()]
    lines += ["END:VEVENT", "END:VCALENDAR"]
    head = f"From: {entry.address}\nSubject: Accepted\nContent-Type: text/calendar; method=REPLY; charset=utf-8\n\n"
    domain = entry.address.partition("@")[2]
    proof = f"Authentication-Results: {OUR_SERVER}; dmarc=pass header.from={domain}\n" if is_proven else ""
    return (proof + head + "\r\n".join(lines) + "\r\n").encode()


def bounce_mail(delivery: Delivery, *, action: str = "failed", status: str = "5.1.1") -> bytes:
    """The report of a mail server about `delivery`, with the headers of our message."""
    return f"""Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.example.net>
To: webinars@example.org
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

The mail system

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; {delivery.email}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} <{delivery.email}>: user unknown

--b
Content-Type: text/rfc822-headers

From: webinars@example.org
To: {delivery.email}
Message-ID: {delivery.message_id}

--b--
""".encode()


def entry_of(person: Delegate) -> CalendarEntry:
    """The entry of the first session of `person`."""
    return CalendarEntry.objects.select_related("session").filter(delegate=person).earliest("session__number")
