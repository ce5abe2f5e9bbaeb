"""Parses mail that other programs wrote. However broken it is, only `Unreadable` is raised."""

import codecs
import re
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32
from email.utils import getaddresses
from html import unescape
from itertools import islice

import nh3

# A mail with more parts is not read to its end.
MAX_PARTS = 200
# In characters. What is longer is no subject and no list of recipients.
MAX_HEADER = 10_000
# No real mail has more of these, and the standard library takes seconds to parse such a one: it compares each line with
# the boundaries of all parts around it, and copies the rest of a Content-Type at each parameter.
MAX_LINES = 40_000
MAX_BOUNDARIES = 50
MAX_CONTENT_TYPE = 2_000
MAX_PARAMETERS = 50
BOUNDARY = re.compile(rb"boundary[\s*0-9]*=", re.IGNORECASE)
CONTENT_TYPE = re.compile(rb"(?<![^\r\n])content-type:[^\r\n]*(?:(?:\r\n|\r|\n)[ \t][^\r\n]*)*", re.IGNORECASE)
# In characters. Thousands of elements within each other take seconds.
MAX_HTML = 30_000
# Where the text of HTML has a line end: before and after a block.
BLOCK = re.compile(r"(?=</?(?:p|div|br|h[1-6]|ul|ol|li|tr|td|th|blockquote)\b)", re.IGNORECASE)
# Text encodings of Python that are no charsets. To decode 256 kB of punycode takes a second.
CODECS_OF_NO_MAIL = {"idna", "punycode", "raw_unicode_escape", "undefined", "unicode_escape"}
# And those that are not seen, or change the direction of the text.
CONTROL_CHARACTERS = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)


class Unreadable(Exception):
    """The mail cannot be parsed."""


def parse_mail(content: bytes) -> Message:
    """Parse the bytes of a mail, at most 256 kB. Raises Unreadable, also for what would take too long to parse."""
    if _is_costly(content):
        raise Unreadable("too_costly")
    try:
        # The policy that never refuses a header; newer ones raise errors while they parse it.
        return message_from_bytes(content, policy=compat32)
    except (MessageError, RecursionError, ValueError, LookupError) as error:
        raise Unreadable(type(error).__name__) from error


def _is_costly(content: bytes) -> bool:
    return (
        len(content.splitlines()) > MAX_LINES
        or len(BOUNDARY.findall(content)) > MAX_BOUNDARIES
        or any(
            len(header) > MAX_CONTENT_TYPE or header.count(b";") > MAX_PARAMETERS
            for header in CONTENT_TYPE.findall(content)
        )
    )


def parts_of(message: Message) -> list[Message]:
    """Return `message` and its parts, `MAX_PARTS` at most, in their order. Raises Unreadable."""
    try:
        return list(islice(message.walk(), MAX_PARTS))
    except RecursionError as error:
        raise Unreadable(type(error).__name__) from error


def header_text(message: Message, name: str) -> str:
    """Return the first header `name` as one line of text without control characters; the empty string if absent."""
    # A header with raw bytes is a Header object, whose text has � for them.
    return one_line(_decoded(str(message.get(name, ""))[:MAX_HEADER]))


def _decoded(text: str) -> str:
    """Decode the encoded words of `text` (RFC 2047); return it unchanged if they are broken."""
    try:
        return str(make_header(decode_header(text)))
    except (MessageError, LookupError, ValueError):
        return text


def sender_of(message: Message) -> tuple[str, str]:
    """Return the name and the address in From; all of its text and no address if it does not hold exactly one.

    The name is decoded last: a comma or an address within an encoded name is a part of the name (RFC 2047 §5).
    """
    values = [str(value)[:MAX_HEADER] for value in message.get_all("From", [])]
    found = [(name, address) for name, address in getaddresses(values) if "@" in address]
    name, address = found[0] if len(found) == 1 else (" ".join(values), "")
    return one_line(_decoded(name)), one_line(address)


def addresses_in(message: Message, *names: str) -> list[str]:
    """Return the addresses in all headers `names`, lower-cased, in their order."""
    values = [str(value)[:MAX_HEADER] for name in names for value in message.get_all(name, [])]
    return [address.lower() for _, address in getaddresses(values) if "@" in address]


def ascii_and_unicode_forms(address: str) -> set[str]:
    """Return `address` as messages write it, with its domain in ASCII, and as people do ("ana@correo.españa")."""
    local, _at, domain = address.rpartition("@")
    try:
        return {address, f"{local}@{domain.encode('ascii').decode('idna')}"}
    except ValueError:
        return {address}


def text_of(part: Message) -> str:
    """Return the decoded text of a part that has no parts; what its charset does not know becomes �."""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    try:
        codec = codecs.lookup(str(part.get_content_charset("utf-8"))).name
        text = payload.decode("utf-8" if codec in CODECS_OF_NO_MAIL else codec, errors="replace")
    except (LookupError, ValueError):
        text = payload.decode("utf-8", errors="replace")
    # UTF-7 can write half a character, which neither a database nor a file takes.
    return text.encode("utf-8", errors="replace").decode().replace("\x00", "")


def texts_of(message: Message, content_type: str) -> Iterator[str]:
    """Yield the text of each part of `content_type`. Raises Unreadable."""
    return (text_of(part) for part in parts_of(message) if part.get_content_type() == content_type)


def one_line(text: str) -> str:
    """Return `text` with single spaces and without control characters."""
    return CONTROL_CHARACTERS.sub("", " ".join(text.split()))


def text_of_html(html: str) -> str:
    """Return the text of the first `MAX_HTML` characters of `html`, with each block on a line of its own."""
    return unescape(nh3.clean(BLOCK.sub("\n", html[:MAX_HTML]), tags=set()))
