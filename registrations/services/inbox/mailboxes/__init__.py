"""Reads the mail of a mailbox, over IMAP or in a Maildir, and moves what was read into a folder."""

from collections.abc import Iterator
from contextlib import contextmanager

from registrations.services.inbox.mailboxes.contract import (
    FOR_A_PERSON,
    MAX_BYTES,
    PROCESSED,
    Mailbox,
    MailboxAway,
    StoredMail,
)
from registrations.services.inbox.mailboxes.imap import open_imap
from registrations.services.inbox.mailboxes.maildir import Maildir

__all__ = ["FOR_A_PERSON", "MAX_BYTES", "PROCESSED", "Mailbox", "MailboxAway", "StoredMail", "open_mailbox"]


@contextmanager
def open_mailbox(url: str, *, timeout: float = 30) -> Iterator[Mailbox]:
    """Open the mailbox of INBOX_URL, `imaps://user:password@host/folder` or `maildir:///path`.

    A server may take `timeout` seconds for each reply. Raises MailboxAway, as every method of the mailbox does.
    """
    if url.startswith("maildir://"):
        yield Maildir(url.removeprefix("maildir://"))
    else:
        with open_imap(url, timeout=timeout) as mailbox:
            yield mailbox
