"""Tells an automatic reply, such as an absence note, from a person's mail (RFC 3834 §5, and the older signs)."""

import re
from email.message import Message

from registrations.services.inbox.parsing import header_text

# Of programs that do not write Auto-Submitted. The headers are enough, whatever their values are.
_HEADERS = (
    "X-Autoreply",
    "X-Autoreply-From",
    "X-Auto-Reply",
    "X-Auto-Reply-From",
    "X-Autorespond",
    "X-Autoresponder",
    "X-Autoresponse",
    "X-Mail-Autoreply",
    "X-FC-MachineGenerated",
    "X-Vacation",
)
_VALUES = {
    "Precedence": {"bulk", "junk", "auto_reply"},
    "Preference": {"auto_reply"},
    "Delivered-To": {"autoresponder"},
}
# As Exchange, Outlook and others begin the subject in English, Spanish, Portuguese and French. With less than such a
# phrase and its colon people write too: in Spanish, "Auto" is a car or a court order.
_SUBJECT = re.compile(
    r"(?:auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office(?: auto(?:matic)?[- ]?reply)?"
    r"|respuesta autom[áa]tica|fuera de (?:la )?oficina|ausente de la oficina"
    r"|resposta autom[áa]tica|fora do escrit[óo]rio|aus[êe]ncia tempor[áa]ria"
    r"|r[ée]ponse automatique|absente?(?:\(e\))? du bureau|absence du bureau) ?:",
    re.IGNORECASE,
)


def is_automatic_reply(message: Message) -> bool:
    """Return whether a program wrote `message` in answer to another one.

    Answers from a calendar program may have the same headers, so look for a calendar first.
    """
    # "auto-generated (failure)" has a comment, "auto-replied; owner-email=…" a parameter.
    submitted = re.split(r"[\s;(]", header_text(message, "Auto-Submitted").lower(), maxsplit=1)[0]
    return (
        submitted not in {"", "no"}
        or header_text(message, "X-Auto-Response-Suppress").lower() not in {"", "none"}
        or any(name in message for name in _HEADERS)
        or any(header_text(message, name).lower() in values for name, values in _VALUES.items())
        or has_subject_of_automatic_reply(message)
    )


def has_subject_of_automatic_reply(message: Message) -> bool:
    """Return whether the subject begins as that of an absence note, such as "Automatic reply: Invitation"."""
    return bool(_SUBJECT.match(header_text(message, "Subject")))
