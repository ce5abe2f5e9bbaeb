"""Why a message came back: from the status code (RFC 3463 §3), or from what servers write in plain words."""

import re

from registrations.models import PERMANENT_REASONS, BounceAction, BounceReason

_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.]\d)")
# By "subject.detail" of the status code.
_BY_DETAIL = {
    "1.1": BounceReason.UNKNOWN_ADDRESS,
    "1.3": BounceReason.UNKNOWN_ADDRESS,
    "1.4": BounceReason.UNKNOWN_ADDRESS,
    "1.6": BounceReason.UNKNOWN_ADDRESS,
    "1.10": BounceReason.UNKNOWN_ADDRESS,
    "2.1": BounceReason.UNKNOWN_ADDRESS,
    "1.2": BounceReason.UNKNOWN_DOMAIN,
    # The domain or the address of the sender.
    "1.7": BounceReason.POLICY,
    "1.8": BounceReason.POLICY,
    "2.2": BounceReason.MAILBOX_FULL,
    "2.3": BounceReason.TOO_LARGE,
    "3.4": BounceReason.TOO_LARGE,
}
# By the subject of the status code, if neither its detail nor the text says more.
_BY_SUBJECT = {
    "1": BounceReason.UNKNOWN_ADDRESS,
    "3": BounceReason.TECHNICAL,
    "4": BounceReason.TECHNICAL,
    "5": BounceReason.TECHNICAL,
    "6": BounceReason.CONTENT_REFUSED,
    "7": BounceReason.POLICY,
}
# Subjects of a status code that say enough without its detail and without a text.
_DECISIVE_SUBJECTS = {"6", "7"}
# "subject.detail" of status codes that servers also use for an unknown domain, such as 5.1.10 for a null MX (RFC 7505
# §4.2).
_CODES_OF_UNKNOWN_DOMAIN = {"1.0", "1.10", "4.4"}
_BY_TEXT = [
    (
        BounceReason.MAILBOX_FULL,
        r"(?:mail ?box|inbox)(?: is)? full|mailbox exceeds|over ?quota|quota (?:is )?exceeded|exceed[a-z]* .{0,40}quota"
        r"|insufficient (?:disk |storage )?space|out of storage",
    ),
    (
        BounceReason.TOO_LARGE,
        r"message (?:size|is too|too) ?(?:exceeds|large|big)|(?:message|fixed maximum) size|size limit|too large",
    ),
    (
        BounceReason.UNKNOWN_DOMAIN,
        r"(?:host|domain)(?: or domain name)?(?: is)? (?:not found|unknown)|unknown (?:host|domain)|nxdomain|null mx"
        r"|no such (?:host|domain)|domain .{0,80}does(?: not|n't) exist|couldn't find any host|unrouteable mail domain",
    ),
    (
        BounceReason.UNKNOWN_ADDRESS,
        r"user ?unknown|unknown (?:user|recipient|local part|address)|no such (?:user|mailbox|recipient|address|person)"
        r"|(?:user|mailbox|recipient|address|account)\b.{0,80}(?:not exist|doesn't exist|not found|unknown|disabled"
        r"|no longer|couldn't be found|could not be found|unavailable)"
        r"|invalid (?:recipient|mailbox|user|address)|not a valid (?:recipient|mailbox|user)|no mailbox here"
        r"|recipient address rejected: access denied|recipnotfound|unrouteable address",
    ),
    (
        BounceReason.POLICY,
        r"\bspam|block(?:ed| ?list)|black ?list|policy|\b(?:dmarc|dkim|spf)\b|reputation|access denied"
        r"|not (?:authori[sz]ed|permitted|allowed)|relay(?:ing)? (?:denied|not|access)|forbidden|unauthenticated"
        r"|authentication (?:is )?required|greylist",
    ),
    (BounceReason.CONTENT_REFUSED, r"\bvirus|malware|content (?:was )?(?:rejected|refused)"),
    (
        BounceReason.TECHNICAL,
        r"timed? ?out|connection (?:refused|lost)|socket error|hosts have been failing|unreachable"
        r"|too many hops|mail loop|loops back|name service error",
    ),
]
_TEXTS = [(reason, re.compile(pattern, re.IGNORECASE)) for reason, pattern in _BY_TEXT]
_DELAY_IN_SUBJECT = re.compile(r"\bwarning\b|\bdelay", re.IGNORECASE)
_DELAY_IN_TEXT = re.compile(
    r"not yet been delivered|only a warning|still being retried|will (?:continue|keep|be retried)"
    r"|attempts will continue",
    re.IGNORECASE,
)
# Reasons that the text may give although the status code is of class 4, "temporary".
_REASONS_WITH_CLASS_4 = {BounceReason.MAILBOX_FULL, BounceReason.UNKNOWN_DOMAIN}


def status_code(status: str, diagnostic: str) -> str:
    """Return the enhanced status code in `diagnostic`, which is that of the server which refused, else in `status`."""
    for text in (diagnostic, status):
        if found := _STATUS.search(text):
            return found[0]
    return ""


def reason_for(code: str, diagnostic: str, action: BounceAction) -> BounceReason:
    """Return the reason for the status `code`, which may be empty, and what the server wrote.

    The text decides where the code says little, such as 5.0.0 or 5.4.1. What is only delayed may still arrive, so the
    address is not said to be wrong.
    """
    reason = _reason_for(code, diagnostic, is_temporary=code.startswith("4") or action == BounceAction.DELAYED)
    if action == BounceAction.DELAYED and reason in PERMANENT_REASONS:
        return BounceReason.TEMPORARY
    return reason


def _reason_for(code: str, diagnostic: str, *, is_temporary: bool) -> BounceReason:
    detail = code.partition(".")[2]
    subject = detail.partition(".")[0]
    from_text = _reason_in(diagnostic)
    if from_text == BounceReason.UNKNOWN_DOMAIN and detail in _CODES_OF_UNKNOWN_DOMAIN:
        return from_text
    if from_code := _BY_DETAIL.get(detail) or (_BY_SUBJECT[subject] if subject in _DECISIVE_SUBJECTS else None):
        return from_code
    if from_text and (not is_temporary or from_text in _REASONS_WITH_CLASS_4):
        return from_text
    return _BY_SUBJECT.get(subject) or (BounceReason.TEMPORARY if is_temporary else BounceReason.OTHER)


def _reason_in(diagnostic: str) -> BounceReason | None:
    one_line = " ".join(diagnostic.split())
    return next((reason for reason, pattern in _TEXTS if pattern.search(one_line)), None)


def is_about_delay(subject: str, explanation: str) -> bool:
    """Return whether a bounce without a report says that the message is late and still being tried."""
    return bool(_DELAY_IN_SUBJECT.search(subject) or _DELAY_IN_TEXT.search(explanation))
