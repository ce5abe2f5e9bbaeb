"""What every kind of mailbox offers."""

from dataclasses import dataclass
from typing import Protocol

# The longest part of a mail that is ever loaded.
MAX_BYTES = 256 * 1024

# The folders into which mail is moved after it was read.
PROCESSED = "Processed"
FOR_A_PERSON = "For a person"


class MailboxAway(Exception):
    """The mailbox cannot be used now. `reason` is a short code for logs, without an address, name or password."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class StoredMail:
    """A mail as it lies in the mailbox.

    `uid` is the IMAP UID, or the part of a Maildir file name before its colon. `content` is the beginning of the mail,
    at most MAX_BYTES; `size` is the number of bytes of the whole mail.
    """

    uid: str
    content: bytes
    size: int


class Mailbox(Protocol):
    """A mailbox that is open. Every method raises MailboxAway if the server or the disk fails.

    `name` identifies the mailbox in the database; it shows neither user name nor password. `uid_validity` is that of
    IMAP: if it changes, the server has numbered its mail anew (RFC 3501 section 2.3.1.1); it is empty for a Maildir.
    """

    name: str
    uid_validity: str

    def uids(self) -> list[str]:
        """Return the UIDs of all mail, the oldest first."""

    def fetch(self, uid: str) -> StoredMail | None:
        """Return the mail without marking it as read; None if it has gone."""

    def move(self, uid: str, folder: str) -> None:
        """Move the mail into `folder`, which is created if it is missing. Mail that has gone is ignored."""
