"""What a bounce says about which message it is: the token of the address it was sent to, and Message-IDs."""

import re
from collections.abc import Iterator
from email.message import Message

from django.conf import settings

from registrations.services.inbox.bounces.parts import returned_messages, texts_in
from registrations.services.inbox.parsing import MAX_HEADER

# Who the bounce was sent to, as senders, servers on the way and the mailbox wrote it.
_RECIPIENT_HEADERS = (
    "To",
    "Cc",
    "Delivered-To",
    "X-Delivered-To",
    "Envelope-To",
    "X-Envelope-To",
    "Original-Recipient",
    "X-Original-To",
    "X-Rcpt-To",
)
# A server that writes its own Message-ID into a message keeps the former one in such a header.
_ORIGINAL_MESSAGE_ID = (
    "X-Original-Message-ID",
    "Original-Message-ID",
    "X-Google-Original-Message-ID",
    "X-MS-Original-Message-ID",
)
_ID = r"<[^\s\x00-\x1f\x7f<>@]{1,250}@[^\s\x00-\x1f\x7f<>@]{1,250}>"
_MESSAGE_ID = re.compile(_ID)
# As a header in a text, or with a label of the mail server. A line break may follow the label.
_MESSAGE_ID_IN_TEXT = re.compile(rf"message[-_ ]?id[^<>]{{0,40}}({_ID})", re.IGNORECASE)
# A bounce names one message; more is an attempt to name many.
_MOST = 10


def tokens_in(message: Message) -> tuple[str, ...]:
    """Return the tokens in the recipients' addresses, `_MOST` at most.

    If BOUNCE_ADDRESS is "bounces@example.org", "bounces+5f2c….0@example.org" has the token "5f2c….0".
    """
    local, _at, domain = settings.BOUNCE_ADDRESS.partition("@")
    if not domain:
        return ()
    address = rf"(?<![\w.+-]){re.escape(local)}\+([\w.-]{{1,64}})@{re.escape(domain)}(?![\w.-])"
    values = "\n".join(_values(message, *_RECIPIENT_HEADERS))
    return tuple(dict.fromkeys(token.lower() for token in re.findall(address, values, re.IGNORECASE)))[:_MOST]


def candidate_message_ids(message: Message) -> tuple[str, ...]:
    """Return the Message-IDs in the most trusted place that has any, with the likeliest first.

    A less trusted place is not looked at then: if a person's answer to a message of ours came back, it names the
    answer as what came back, and our message in References.
    """
    for found in _ids_by_trust(message):
        if found:
            return tuple(dict.fromkeys(found))[:_MOST]
    return ()


def _ids_by_trust(message: Message) -> Iterator[list[str]]:
    """Yield the Message-IDs in each place that may name the message, the most trusted place first."""
    # Another one within or after it is not what came back.
    returned = returned_messages(message)[:1]
    yield [found for headers in returned for found in _ids(headers, "Message-ID", *_ORIGINAL_MESSAGE_ID)]
    yield _ids(message, "In-Reply-To")
    # The last one is the message that it refers to; those before are what that one answered (RFC 5322 §3.6.4).
    yield _ids(message, "References")[-1:]
    yield _ids(message, *_ORIGINAL_MESSAGE_ID)
    yield [found for text in texts_in(message) for found in _MESSAGE_ID_IN_TEXT.findall(text)][:1]


def _ids(message: Message, *names: str) -> list[str]:
    return [found for value in _values(message, *names) for found in _MESSAGE_ID.findall(value)]


def _values(message: Message, *names: str) -> list[str]:
    return [str(value)[:MAX_HEADER] for name in names for value in message.get_all(name, [])]
