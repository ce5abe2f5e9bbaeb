"""Writes a message as Django and Python's email package do, byte for byte, in a fraction of their time.

They write each header, and the lines around each part, anew for every message. Here they write each of these once, and
it is kept; between them go the texts. What our mails are not made of is left to them altogether.
"""

import secrets
import sys
from base64 import encodebytes
from email.charset import BASE64, Charset
from email.message import Message
from email.policy import compat32
from functools import lru_cache
from typing import cast

from django.core.mail import EmailMultiAlternatives, SafeMIMEMultipart, SafeMIMEText
from django.core.mail.message import forbid_multi_line_headers

IN_BASE64 = Charset("utf-8")
IN_BASE64.body_encoding = BASE64
# In bytes, RFC 5322 §2.1.1. A text with a longer line is encoded, by Django.
LONGEST_LINE = 998
# In characters, by the same; one that fits and has nothing to encode is written as it is.
LONGEST_HEADER = 78
# Stands for a boundary in what is kept; as long as every one of them, so that lines are folded at the same place.
_ANY_BOUNDARY = b"=" * 36


class WrittenMessage:
    """What Django and its mail backends ask of a message: it is given headers, then read as bytes."""

    def __init__(self, head: bytes, content: bytes) -> None:
        self._head = head
        self._content = content

    def __setitem__(self, name: str, value: object) -> None:
        """Raises BadHeaderError for a value of several lines."""
        self._head += _header(name, str(value))

    def as_bytes(self, linesep: str = "\n") -> bytes:
        return b"\n".join([self._head, self._content]).replace(b"\n", linesep.encode())

    def as_string(self, linesep: str = "\n") -> str:
        return self.as_bytes(linesep).decode()


class QuickMessage(EmailMultiAlternatives):
    """Django's message, written faster. Its `encoding` is `IN_BASE64` or, where the texts go as they are, None."""

    def _create_message(self, msg: SafeMIMEText) -> SafeMIMEMultipart | WrittenMessage:
        """Django asks this for the parts, and gives the headers to what it gets."""
        if not self.body or not self.alternatives:
            plain: SafeMIMEMultipart = super()._create_message(msg)  # type: ignore[misc]  # not in the stubs
            return plain
        texts = [self._part(None, self.body, "text/plain")]
        texts += [self._part(None, content, mimetype) for content, mimetype in self.alternatives]
        written = _multipart("alternative", texts)
        if self.attachments:
            files = [self._part(*attachment) for attachment in self.attachments]
            written = _multipart("mixed", [b"\n".join(written), *files])
        return WrittenMessage(*written)

    def _part(self, filename: str | None, content: object, mimetype: str) -> bytes:
        """A part with its head."""
        match content, mimetype.partition("/")[0]:
            case bytes(), "application":
                return _part_head(filename, mimetype, b"") + encodebytes(content)
            case str(), "text" if self.encoding is IN_BASE64:
                return _part_head(filename, mimetype, "", is_in_base64=True) + encodebytes(content.encode())
            case str(), "text" if self.encoding is None:
                data = content.replace("\r\n", "\n").replace("\r", "\n").encode()
                if max(map(len, data.split(b"\n"))) <= LONGEST_LINE:
                    return _part_head(filename, mimetype, "" if data.isascii() else "é") + data
        part: SafeMIMEText = self._create_attachment(filename, content, mimetype)  # type: ignore[attr-defined]  # the same
        return part.as_bytes()


def _multipart(subtype: str, parts: list[bytes]) -> tuple[bytes, bytes]:
    """Head and content of `parts` as one (RFC 2046 §5.1.1)."""
    # Nobody who wrote one of the texts could know it, so that they need not be searched for it.
    boundary = b"%b%019d==" % (b"=" * 15, secrets.randbelow(sys.maxsize))
    content = b"".join([*(b"--%b\n%b\n" % (boundary, part) for part in parts), b"--%b--\n" % boundary])
    return _multipart_head(subtype).replace(_ANY_BOUNDARY, boundary), content


@lru_cache(maxsize=128)
def _header(name: str, value: str) -> bytes:
    line = f"{name}: {value}"
    if len(line) <= LONGEST_HEADER and value.isascii() and value.isprintable():
        return line.encode() + b"\n"
    return compat32.fold_binary(*forbid_multi_line_headers(name, value, "utf-8"))


@lru_cache(maxsize=128)
def _part_head(filename: str | None, mimetype: str, like: str | bytes, *, is_in_base64: bool = False) -> bytes:
    """What stands before a content such as `like`, and a blank line."""
    plain = EmailMultiAlternatives(body="-", alternatives=[("-", "text/html")])
    plain.encoding = IN_BASE64 if is_in_base64 else None
    plain.attach(filename, like, mimetype)
    *_others, part = cast("list[Message]", plain.message().get_payload())
    return _head(part) + b"\n"


@lru_cache(maxsize=128)
def _multipart_head(subtype: str) -> bytes:
    return _head(SafeMIMEMultipart(subtype, boundary=_ANY_BOUNDARY.decode()))


def _head(part: Message) -> bytes:
    return b"".join(compat32.fold_binary(name, value) for name, value in part.raw_items())
