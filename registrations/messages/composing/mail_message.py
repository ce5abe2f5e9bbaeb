"""A mail as the standard library's `email.message.EmailMessage`, on every version of Django.

Does not use the library's folding: it begins a long subject with an empty line, which some mail servers refuse, and
turns a name with a comma and a letter outside of ASCII into two recipients (seen with Python 3.11.7).
"""

import secrets
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy, Policy
from email.utils import formataddr, formatdate
from functools import lru_cache
from typing import Any

from django.core.mail import EmailMultiAlternatives

# In bytes, RFC 5322 §2.1.1. A text with a longer line is sent in base64.
LONGEST_LINE = 998


# Most messages of a webinar have one sender and one of few subjects.
@lru_cache(maxsize=256)
def encoded_words(text: str) -> str:
    """Return `text` for a header: ASCII as it is, else in encoded words of at most 75 characters (RFC 2047 §2)."""
    if text.isascii() and "=?" not in text:
        return text
    return Header(text, "utf-8", maxlinelen=75).encode(linesep="")


def mailbox(name: str, address: str) -> str:
    """Return `name <address>` for a header (RFC 5322 §3.4)."""
    words = encoded_words(name)
    return formataddr((name, address)) if words == name else f"{words} <{address}>"


class _UnparsedHeaders(EmailPolicy):
    """Keeps each header as the text that was set, and folds only a line that is longer than allowed.

    The library's own policy parses a header each time it is set or read, which takes longer than everything else.
    """

    def header_max_count(self, name: str) -> None:
        """Return None, so that headers are not counted: each is set once."""

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        if len(str(value).splitlines()) > 1:
            raise ValueError("A header has one line.")
        return name, value

    def header_fetch_parse(self, name: str, value: str) -> Any:
        return value

    def fold(self, name: str, value: Any) -> str:
        line = f"{name}: {value}"
        if len(line) > LONGEST_LINE:
            line = line.replace("?= =?", f"?={self.linesep} =?")
        return f"{line}{self.linesep}"

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode("ascii")


_POLICY = _UnparsedHeaders()


class _WrittenMessage(EmailMessage):
    def as_bytes(self, unixfrom: bool = False, policy: Policy | None = None, linesep: str | None = None) -> bytes:
        """Return what the library returns; Django 5.2 passes `linesep`."""
        policy = policy or self.policy
        return super().as_bytes(unixfrom, policy.clone(linesep=linesep) if linesep else policy)


class MailMessage(EmailMultiAlternatives):
    """A text with alternatives and attachments. Its headers except the subject are ASCII already (see `mailbox`).

    `from_email` is the envelope sender, and the header From too, unless `headers` has another one.
    If a file is attached, which is a calendar, every part is in base64, which mail servers do not change.
    """

    def message(self, *, policy: Policy | None = None) -> EmailMessage:
        """Return the message as it is sent. Raises ValueError for a header of several lines.

        Of `policy`, which Django 6 passes, the ends of lines are used.
        """
        is_in_base64 = bool(self.attachments)
        written: EmailMessage = _WrittenMessage(policy=_POLICY.clone(linesep=policy.linesep) if policy else _POLICY)
        _set_text(written, str(self.body), "text/plain", is_in_base64=is_in_base64)
        if self.alternatives:
            written.make_alternative(boundary=_boundary())
        for content, mimetype in self.alternatives:
            written.attach(_set_text(EmailMessage(policy=_POLICY), str(content), mimetype, is_in_base64=is_in_base64))
        if self.attachments:
            written.make_mixed(boundary=_boundary())
        for filename, content, mimetype in self.attachments:
            maintype, _, subtype = mimetype.partition("/")
            written.add_attachment(content, maintype=maintype, subtype=subtype, filename=filename)
        written["Subject"] = encoded_words(str(self.subject))
        headers = {"From": self.from_email, **self.extra_headers}
        written["From"] = headers.pop("From")
        written["To"] = ", ".join(self.to)
        if self.reply_to:
            written["Reply-To"] = ", ".join(self.reply_to)
        written["Date"] = formatdate()
        for name, value in headers.items():
            written[name] = value
        return written


def _boundary() -> str:
    """Return a random boundary; the library, if it chose one, would look for it in each part."""
    return f"=_{secrets.token_hex(16)}"


def _set_text(part: EmailMessage, text: str, mimetype: str, *, is_in_base64: bool) -> EmailMessage:
    kind, *parameters = mimetype.split("; ")
    data = text.encode()
    if is_in_base64 or max(map(len, data.split(b"\n"))) > LONGEST_LINE:
        encoding = "base64"
    else:
        encoding = "7bit" if data.isascii() else "8bit"
    # As bytes: the library would change the ends of lines, on which a calendar insists (RFC 5545 §3.1).
    params = {"charset": "utf-8", **dict(parameter.split("=", 1) for parameter in parameters)}
    part.set_content(data, maintype="text", subtype=kind.removeprefix("text/"), cte=encoding, params=params)
    return part
