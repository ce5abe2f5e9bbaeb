"""Hands one message to the mail server and says what became of it, in plain words without an address."""

import smtplib
from dataclasses import dataclass

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.translation import gettext_noop


@dataclass(frozen=True)
class Outcome:
    """`error` is empty for what was sent; a permanent one is not tried again."""

    is_sent: bool
    is_permanent: bool = False
    error: str = ""


SENT = Outcome(is_sent=True)


def hand_over(message: EmailMessage, connection: BaseEmailBackend) -> Outcome:
    """Send `message` over `connection`. A server that is away or slow, or a 4xx answer, is temporary;

    a 5xx answer to the recipient or to the message is permanent, for this message alone (RFC 5321 §4.2.1).
    """
    try:
        connection.send_messages([message])
    except smtplib.SMTPRecipientsRefused as refused:
        codes = [code for code, _ in refused.recipients.values()]
        if all(code >= 500 for code in codes):
            return Outcome(False, True, gettext_noop("The mail server refused the address."))
        return Outcome(False, False, gettext_noop("The mail server asks to try the address again later."))
    except smtplib.SMTPDataError as refused:
        if refused.smtp_code >= 500:
            return Outcome(False, True, gettext_noop("The mail server refused the message."))
        return Outcome(False, False, gettext_noop("The mail server asks to try again later."))
    except smtplib.SMTPAuthenticationError:
        return _lost(connection, gettext_noop("The mail server refused our sign-in."))
    except TimeoutError:
        return _lost(connection, gettext_noop("The mail server did not answer in time."))
    except (OSError, smtplib.SMTPException):
        return _lost(connection, gettext_noop("The mail server could not be reached, or hung up."))
    return SENT


def _lost(connection: BaseEmailBackend, error: str) -> Outcome:
    # The next message opens a new connection.
    connection.close()
    return Outcome(False, False, error)
