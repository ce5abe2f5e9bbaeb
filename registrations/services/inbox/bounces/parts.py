"""The parts of a bounce: what the mail server wrote, and the message that it returned."""

import re
from email.message import Message

from registrations.services.inbox.parsing import MAX_PARTS, header_text, parse_mail, text_of

# With all headers of the returned message, or with the whole message (RFC 6522 §3, RFC 6533 §3).
_RETURNED_TYPES = {"message/rfc822", "message/global", "message/global-headers"}
_RETURNED_HEADERS_TYPES = {"text/rfc822-headers", "message/rfc822-headers"}
# Servers that send no parts write the returned message below their explanation.
_QUOTED_HEADERS = re.compile(
    r"^[ \t>]*(?:received|return-path|dkim-signature|message-id):", re.IGNORECASE | re.MULTILINE
)
# In characters.
_BEGINNING = 5_000


def own_parts(message: Message) -> list[Message]:
    """Return `message` and its parts, `MAX_PARTS` at most, but none of the parts of a message attached to it."""
    parts: list[Message] = []
    rest = [message]
    while rest and len(parts) < MAX_PARTS:
        part = rest.pop()
        parts.append(part)
        if part.get_content_maintype() == "multipart":
            rest += reversed(nested(part)[:MAX_PARTS])
    return parts


def nested(part: Message) -> list[Message]:
    """Return the messages that the payload of `part` consists of; none if it is text."""
    payload = part.get_payload()
    return [item for item in payload if isinstance(item, Message)] if isinstance(payload, list) else []


def texts_in(message: Message) -> list[str]:
    """Return what the mail server wrote, as plain text. A multipart mail whose parts cannot be found is one text."""
    return [
        text_of(part).replace("\r\n", "\n")
        for part in own_parts(message)
        if part.get_content_type() == "text/plain"
        or (part.get_content_maintype() == "multipart" and not part.is_multipart())
    ]


def returned_messages(message: Message) -> list[Message]:
    """Return the messages that `message` returns, with at least their headers. Raises Unreadable."""
    found = []
    for part in own_parts(message):
        content_type = part.get_content_type()
        if content_type in _RETURNED_TYPES:
            found += [_with_headers(attached) for attached in nested(part)[:1]]
        elif content_type in _RETURNED_HEADERS_TYPES:
            found += nested(part)[:1] or [_parse_text(part)]
    return found


def _with_headers(message: Message) -> Message:
    """Return `message`; if an empty line stands above its headers, read them from below it. Raises Unreadable."""
    return message if message.keys() or message.is_multipart() else _parse_text(message)


def _parse_text(part: Message) -> Message:
    return parse_mail(text_of(part).lstrip().encode())


def explanation_in(message: Message) -> str:
    """Return the beginning of what the mail server wrote, up to the headers of the returned message."""
    return _QUOTED_HEADERS.split("\n".join(texts_in(message))[:_BEGINNING], maxsplit=1)[0]


def subject_of(message: Message) -> str:
    """Return the subject as one line of text."""
    return header_text(message, "Subject")
