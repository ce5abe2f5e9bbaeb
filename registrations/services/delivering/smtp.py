"""Hands one message to the mail server and returns the outcome, with an error in plain words and no address."""

import smtplib
from dataclasses import dataclass

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.translation import gettext_noop

SERVICE_NOT_AVAILABLE = 421  # RFC 5321 §4.2.3: the server closes the connection


@dataclass(frozen=True)
class Outcome:
    """The outcome of one attempt. `error` is empty if the message was sent; after a permanent error it is not retried.

    `is_server_away` means that the mail server, not the message, is at fault: no other message need be tried now.
    `may_have_arrived` means that the server may have taken the message although it did not say so.
    """

    is_sent: bool = False
    is_permanent: bool = False
    is_server_away: bool = False
    may_have_arrived: bool = False
    error: str = ""


SENT = Outcome(is_sent=True, may_have_arrived=True)
UNWRITABLE = Outcome(is_permanent=True, error=gettext_noop("The message could not be written."))


def open_connection(connection: BaseEmailBackend) -> Outcome | None:
    """Open `connection` unless it is open; return None if it is open, else the outcome for every message."""
    try:
        connection.open()
    except smtplib.SMTPAuthenticationError:
        return _server_away(connection, gettext_noop("The mail server refused our sign-in."))
    except (OSError, smtplib.SMTPException) as error:
        return _server_away(connection, _connection_error(error, gettext_noop("The mail server could not be reached.")))
    except ValueError:  # smtplib raises it for a challenge at sign-in that is not base64
        return _server_away(connection, gettext_noop("The answer of the mail server makes no sense."))
    return None


def hand_over(message: EmailMessage, connection: BaseEmailBackend) -> Outcome:
    """Send `message` over `connection`, which is open.

    A slow server, a lost connection, a 4xx reply and an invalid reply are temporary errors. A 5xx reply to the
    recipient or to the message is permanent, for this message alone (RFC 5321 §4.2.1).
    """
    try:
        connection.send_messages([message])
    except smtplib.SMTPRecipientsRefused as refused:
        return _outcome_of_refusal(connection, max(code for code, _ in refused.recipients.values()), is_recipient=True)
    except smtplib.SMTPSenderRefused as refused:
        if refused.smtp_code < 500:
            return _server_away(connection, gettext_noop("The mail server asks to try again later."))
        return _server_away(connection, gettext_noop("The mail server refused our address as the sender."))
    except smtplib.SMTPDataError as refused:
        return _outcome_of_refusal(connection, refused.smtp_code, is_recipient=False)
    except (OSError, smtplib.SMTPException) as error:
        return _server_away(
            connection, _connection_error(error, gettext_noop("The mail server hung up.")), may_have_arrived=True
        )
    return SENT


def _connection_error(error: Exception, otherwise: str) -> str:
    # Python's smtplib raises the error of a lost connection for a time-out too.
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return gettext_noop("The mail server did not answer in time.")
    return otherwise


def _outcome_of_refusal(connection: BaseEmailBackend, code: int, *, is_recipient: bool) -> Outcome:
    if code == SERVICE_NOT_AVAILABLE:
        return _server_away(connection, gettext_noop("The mail server asks to try again later."))
    if not 400 <= code <= 599:
        # Its next reply may belong to an earlier command, so the next message opens a new connection.
        connection.close()
        return Outcome(
            may_have_arrived=not is_recipient, error=gettext_noop("The answer of the mail server makes no sense.")
        )
    if code >= 500 and is_recipient:
        return Outcome(is_permanent=True, error=gettext_noop("The mail server refused the address."))
    if code >= 500:
        return Outcome(is_permanent=True, error=gettext_noop("The mail server refused the message."))
    return Outcome(error=gettext_noop("The mail server asks to try the message again later."))


def _server_away(connection: BaseEmailBackend, error: str, *, may_have_arrived: bool = False) -> Outcome:
    # The next message opens a new connection.
    connection.close()
    return Outcome(is_server_away=True, may_have_arrived=may_have_arrived, error=error)
