"""Sends a mail to ourselves through the real mail server and finds it again in the inbox."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import get_connection

from registrations.calendar_session import organizer_address
from registrations.messages.composing import sender
from registrations.messages.composing.mail_message import MailMessage
from registrations.services.delivering.smtp import hand_over, open_connection
from registrations.services.inbox.mailboxes import PROCESSED, MailboxAway, open_mailbox
from registrations.services.inbox.parsing import Unreadable, parse_mail
from registrations.services.inbox.reading import end_lease, take_lease

PAUSE_SECONDS = 2
# It is looked for among so many mails, the newest ones.
NEWEST = 50


def send_to_ourselves(message_id: str, *, clock: Callable[[], datetime], within: timedelta) -> str:
    """Send a mail with this Message-ID to our own address and wait for it; return "" or what went wrong.

    Nobody else reads the inbox meanwhile, so that no reader takes the mail away.
    """
    until = clock() + within
    while not take_lease(until=until, now=clock()):
        if clock() >= until:
            return "Another reader is busy with the inbox. Try again."
        time.sleep(PAUSE_SECONDS)
    try:
        return _send(message_id) or _wait_for(message_id, clock=clock, until=until)
    finally:
        end_lease()


def _send(message_id: str) -> str:
    message = MailMessage(
        subject="Test of the inbox",
        body="This message was sent to find out whether mail reaches the inbox.\n",
        from_email=sender(),
        to=[organizer_address()],
        headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated"},
    )
    connection = get_connection()
    outcome = open_connection(connection) or hand_over(message, connection)
    connection.close()
    return outcome.error


def _wait_for(message_id: str, *, clock: Callable[[], datetime], until: datetime) -> str:
    while True:
        try:
            if _take(message_id):
                return ""
        except MailboxAway as away:
            return f"The inbox could not be read: {away.reason}."
        if clock() >= until:
            return "The message was sent, but did not reach the inbox in time."
        time.sleep(PAUSE_SECONDS)


def _take(message_id: str) -> bool:
    """Look for the mail from the newest on, and move it out of the way; return whether it is there."""
    with open_mailbox(settings.INBOX_URL) as mailbox:
        for uid in reversed(mailbox.uids()[-NEWEST:]):
            stored = mailbox.fetch(uid)
            if stored is not None and _message_id_of(stored.content) == message_id:
                mailbox.move(uid, PROCESSED)
                return True
    return False


def _message_id_of(content: bytes) -> str:
    try:
        return str(parse_mail(content)["Message-ID"]).strip()
    except Unreadable:
        return ""
