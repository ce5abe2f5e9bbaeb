"""Tells a bounce from a person's mail and from an automatic reply."""

import re
from email.message import Message
from email.utils import parseaddr

from registrations.services.inbox.automatic_replies import has_subject_of_automatic_reply
from registrations.services.inbox.bounces.addresses import addresses_by_flufl, failed_recipients
from registrations.services.inbox.bounces.parts import explanation_in, own_parts, returned_messages, subject_of

# Local parts of addresses. Bounces have no sender in the envelope (RFC 5321 §4.5.5), which some servers fill in.
_NO_SENDER = {"", "mailer-daemon"}
# People write as postmaster@… too.
_SERVERS = {*_NO_SENDER, "postmaster", "mail.delivery.system"}
_FAILURE = re.compile(
    r"undeliver|not (?:be )?(?:deliver|sen[dt])|deliver[a-z]* (?:has |status|fail|error)|fail[a-z]* (?:deliver|notice)"
    r"|returned (?:mail|message|to sender)|mail (?:system )?error|mail failure|unable to deliver|error sending"
    r"|delayed|non remis|no (?:se )?(?:puede|pudo|ha podido) (?:ser )?entreg|(?:no|não) entreg"
    r"|estado de (?:la )?entrega|(?:correo|mensaje) devuelto|devolvid",
    re.IGNORECASE,
)
_REPLY = re.compile(r"(?:re|fwd?|rv|enc|tr) ?:", re.IGNORECASE)


def is_bounce(message: Message) -> bool:
    """Return whether a mail server reports with `message` what became of another one. Raises Unreadable."""
    if _is_report(message):
        return True
    is_from_server = _local_part(message, "From") in _SERVERS
    has_no_sender = _local_part(message, "Return-Path") in _NO_SENDER
    if not (is_from_server or has_no_sender):
        return False
    types = {part.get_content_type() for part in own_parts(message)}
    if "message/delivery-status" in types or failed_recipients(message):
        return True
    return not _is_reply(message) and _speaks_of_failure(
        message, is_from_server=is_from_server, has_no_sender=has_no_sender
    )


def _is_report(message: Message) -> bool:
    """Return whether `message` is a report about a delivery, not about its having been read or called spam."""
    report_type = str(message.get_param("report-type", "")).lower()
    return message.get_content_type() == "multipart/report" and report_type == "delivery-status"


def _local_part(message: Message, name: str) -> str | None:
    """Return the local part of the address in the header `name`, or None without the header."""
    value = message.get(name)
    return None if value is None else parseaddr(str(value))[1].partition("@")[0].lower()


def _is_reply(message: Message) -> bool:
    """Return whether a person or a program answers."""
    return has_subject_of_automatic_reply(message) or bool(_REPLY.match(subject_of(message)))


def _speaks_of_failure(message: Message, *, is_from_server: bool, has_no_sender: bool) -> bool:
    """Return whether the subject says that a message came back or, in a mail that no person can have sent, the text."""
    if is_from_server and _FAILURE.search(subject_of(message)):
        return True
    if not has_no_sender and "Return-Path" in message:
        return False
    has_returned = bool(returned_messages(message))
    if _FAILURE.search(f"{subject_of(message)}\n{explanation_in(message)}"):
        return is_from_server or has_returned
    return is_from_server and (has_returned or bool(addresses_by_flufl(message)))
