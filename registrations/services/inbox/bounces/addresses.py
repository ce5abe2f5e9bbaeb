"""The addresses that a bounce names."""

import re
from email.message import Message

from flufl.bounce import all_failures

from registrations.services.inbox.bounces.parts import explanation_in
from registrations.services.inbox.parsing import addresses_in, header_text

# By which it knows a mail server.
_HEADERS_FOR_FLUFL = ("From", "Subject", "Return-Path", "X-Mailer")
_ADDRESS = re.compile(r"[^\s\x00-\x1f\x7f@<>\"(),;:]{1,64}@[^\s\x00-\x1f\x7f@<>\"(),;:]{1,253}")


def plain_address(text: str) -> str:
    """Return the address that `text` consists of, in lower case, or the empty string."""
    candidate = text.strip().strip("<>").lower()
    return candidate if _ADDRESS.fullmatch(candidate) else ""


def failed_recipients(message: Message) -> tuple[str, ...]:
    """Return the addresses in X-Failed-Recipients, which Exim and Gmail write."""
    return tuple(filter(None, map(plain_address, addresses_in(message, "X-Failed-Recipients"))))


def addresses_by_flufl(message: Message) -> tuple[str, ...]:
    """Return the addresses that flufl.bounce finds in the texts of many mail servers."""
    # It takes seconds for a long mail.
    beginning = Message()
    for name in _HEADERS_FOR_FLUFL:
        beginning[name] = header_text(message, name)
    beginning.set_payload(explanation_in(message))
    try:
        temporary, permanent = all_failures(beginning)
    except Exception:  # such as IndexError without a From; it documents none
        return ()
    found = (plain_address(address.decode("ascii", "replace")) for address in temporary | permanent)
    return tuple(sorted(filter(None, found)))
