"""Tells a bounce from a person's mail and from an automatic reply."""

import re
from email.message import Message
from email.utils import parseaddr

from registrations.services.inbox.automatic_replies import has_subject_of_automatic_reply
from registrations.services.inbox.bounces.addresses import addresses_by_flufl, failed_recipients
from registrations.services.inbox.bounces.parts import explanation_in, own_parts, returned_messages, subject_of

_SERVERS = {"", "mailer-daemon", "postmaster", "mail.delivery.system"}
_FAILURE = re.compile(
    r"undeliver|not (?:be )?(?:deliver|sen[dt])|deliver[a-z]* (?:has |status|fail|error)|fail[a-z]* (?:deliver|notice)"
    r"|returned (?:mail|message|to sender)|mail (?:system )?error|mail failure|unable to deliver|error sending"
    r"|delayed|no (?:se )?(?:pudo|ha podido|se ha podido) (?:ser )?(?:entreg|envi)|non remis|não entreg",
    re.IGNORECASE,
)


def is_bounce(message: Message) -> bool:
    """Return whether a mail server reports with `message` what became of another one. Raises Unreadable."""
    types = {part.get_content_type() for part in own_parts(message)}
    if message.get_content_type() == "multipart/report" and _report_type(message) == "delivery-status":
        return True
    is_from_server = _is_server(message, "From")
    has_no_sender = _is_server(message, "Return-Path")
    if not (is_from_server or has_no_sender):
        return False
    if "message/delivery-status" in types or failed_recipients(message):
        return True
    if has_subject_of_automatic_reply(message):
        return False
    if is_from_server:
        return _speaks_of_failure(message) or bool(returned_messages(message) or addresses_by_flufl(message))
    return bool(returned_messages(message)) and _speaks_of_failure(message)


def _report_type(message: Message) -> str:
    """Return the type of a report; other ones say that a message was read, or that somebody calls it spam."""
    return str(message.get_param("report-type", "delivery-status")).lower()


def _is_server(message: Message, name: str) -> bool:
    """Return whether the header `name` has the address of a server, or none, as bounces do (RFC 5321 §4.5.5)."""
    value = message.get(name)
    return value is not None and parseaddr(str(value))[1].partition("@")[0].lower() in _SERVERS


def _speaks_of_failure(message: Message) -> bool:
    return bool(_FAILURE.search(f"{subject_of(message)}\n{explanation_in(message)}"))
