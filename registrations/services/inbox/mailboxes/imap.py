"""Mail on an IMAP server, over TLS."""

import hashlib
import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import unquote, urlsplit

from imap_tools import ImapToolsError, MailBox, MailboxFolderSelectError, UnexpectedCommandStatusError

from registrations.services.inbox.mailboxes.contract import MAX_BYTES, MailboxAway, StoredMail

PORT = 993

# `MailBox.fetch` would load a mail of any size whole. PEEK does not set the flag \Seen (RFC 3501 section 6.4.5).
FETCH_ITEMS = f"(RFC822.SIZE BODY.PEEK[]<0.{MAX_BYTES}>)"
# Some servers write an empty text in quotes and not as a literal (RFC 3501 section 4.3).
EMPTY_MAIL = re.compile(rb'BODY\[\](?:<0>)? ""')


@contextmanager
def open_imap(url: str, *, timeout: float) -> Iterator["ImapMailbox"]:
    """Sign in and select the folder of `url`; each reply may take `timeout` seconds. Raises MailboxAway.

    The certificate must be trusted by the system, or by the file that the environment variable SSL_CERT_FILE names.
    """
    host, context = urlsplit(url).hostname or "", ssl.create_default_context()
    with _errors_as_away():
        box = MailBox(host, urlsplit(url).port or PORT, timeout=timeout, ssl_context=context)
    try:
        with _errors_as_away():
            folder = _select_folder(box, url)
            mailbox = ImapMailbox(box, f"{_account(url)}@{host}/{folder}")
        yield mailbox
    finally:
        with suppress(OSError, imaplib.IMAP4.error, ImapToolsError):
            box.logout()
        with suppress(OSError):
            box.client.shutdown()


class ImapMailbox:
    """The folder that is selected in `box`."""

    def __init__(self, box: MailBox, name: str) -> None:
        self.name = name
        self.uid_validity = _text(box.client.response("UIDVALIDITY"))
        self._box = box
        self._prefix = _folder_prefix(box)

    def uids(self) -> list[str]:
        """Return the UIDs, which rise with the time of arrival."""
        with _errors_as_away():
            # A server may announce new mail only after a command (RFC 3501 section 6.1.2).
            self._box.client.noop()
            return sorted(self._box.uids(charset=None), key=int)

    def fetch(self, uid: str) -> StoredMail | None:
        with _errors_as_away():
            status, answer = self._box.client.uid("FETCH", uid, FETCH_ITEMS)
        if status != "OK":
            raise MailboxAway("unexpected_answer")
        return parse_fetch(uid, answer)

    def move(self, uid: str, folder: str) -> None:
        target = self._prefix + folder
        with _errors_as_away():
            try:
                self._box.move(uid, target)
            except UnexpectedCommandStatusError:
                # The folder is missing, unless another program has moved the mail meanwhile.
                if uid not in self.uids():
                    return
                self._box.folder.create(target)
                # Many mail programs show only folders that are subscribed to.
                self._box.folder.subscribe(target, True)
                self._box.move(uid, target)


def parse_fetch(uid: str, answer: list[Any]) -> StoredMail | None:
    """Return the mail of an answer to FETCH, as imaplib returns it; None if it holds no mail.

    Where the answer has a literal, there is a pair of the text before it and its bytes. [None] is an empty answer.
    """
    literals = [part[1] for part in answer if isinstance(part, tuple)]
    text = b" ".join(part[0] if isinstance(part, tuple) else part or b"" for part in answer)
    if not literals and not EMPTY_MAIL.search(text):
        return None
    content = literals[0][:MAX_BYTES] if literals else b""
    size = re.search(rb"RFC822\.SIZE (\d+)", text)
    if size is None or len(content) < MAX_BYTES:
        # This is the whole mail, and some servers only estimate its size.
        return StoredMail(uid, content, len(content))
    return StoredMail(uid, content, int(size[1]))


def _account(url: str) -> str:
    """Return a short hash of the user name: each account of a server numbers its mail on its own."""
    return hashlib.sha256(unquote(urlsplit(url).username or "").encode()).hexdigest()[:8]


def _select_folder(box: MailBox, url: str) -> str:
    """Sign in, and select and return the folder of `url`."""
    parts = urlsplit(url)
    folder = unquote(parts.path).removeprefix("/") or "INBOX"
    try:
        box.login_utf8(unquote(parts.username or ""), unquote(parts.password or ""), initial_folder=None)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        raise MailboxAway("sign_in_refused") from None
    # imaplib asks for the capabilities before the sign-in, when most servers do not name MOVE yet.
    box.client.capabilities = tuple(_text(box.client.capability()).upper().split())
    box.folder.set(folder)
    return folder


def _folder_prefix(box: MailBox) -> str:
    """Return what the names of all folders of the account begin with, such as `INBOX.` (RFC 2342); often nothing."""
    if "NAMESPACE" not in box.client.capabilities:
        return ""
    personal = re.match(r'\(\("([^"]*)"', _text(box.client.namespace()))
    return personal[1] if personal else ""


def _text(answer: tuple[str, list[bytes | None]]) -> str:
    """Return the text of an answer without literals; empty if the server gave none."""
    return (answer[1][-1] or b"").decode()


@contextmanager
def _errors_as_away() -> Iterator[None]:
    """Raise MailboxAway instead of an error of the network or server, whose text may hold a name."""
    try:
        yield
    except ssl.SSLCertVerificationError:
        raise MailboxAway("certificate_not_trusted") from None
    except TimeoutError:
        raise MailboxAway("no_answer_in_time") from None
    except MailboxFolderSelectError:
        raise MailboxAway("no_such_folder") from None
    except imaplib.IMAP4.readonly:
        raise MailboxAway("not_writable") from None
    except (OSError, imaplib.IMAP4.abort):
        raise MailboxAway("not_reached") from None
    except (imaplib.IMAP4.error, ImapToolsError, ValueError):
        raise MailboxAway("unexpected_answer") from None
