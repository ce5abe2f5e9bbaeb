"""The Message-ID of a delivery: the same for the same message, also after the database was restored from a backup.

What stands before its @ is also the token in the address that bounces of the message go to.
"""

import hashlib
import re

from django.conf import settings
from django.utils.crypto import salted_hmac

from registrations.calendar_session import organizer_address
from registrations.models import Delivery

# Half a SHA-256 is unguessable and keeps the header short.
DIGITS = 32
# A signed link is another one after a rotation of SECRET_KEY, although the message is the same.
LINK = re.compile(r"https?://\S+")


def message_id(delivery: Delivery, *, subject: str, text: str) -> str:
    """Return the Message-ID for `delivery` with this subject and text, such as "<5f2c….0@example.org>".

    It is an HMAC of the delivery's key, the calendar method, the content and the number of deliberate resends, under
    MESSAGE_ID_KEY: nobody else can compute one. The number also follows the dot. A repeated attempt has the Message-ID
    that was recorded for the one before, even if the text names another time by now. If a worker died before that, the
    next attempt computes it again.
    """
    number = f".{delivery.resend_count}"
    if delivery.message_id.partition("@")[0].endswith(number):
        return delivery.message_id
    content = hashlib.sha256(f"{subject}\n{LINK.sub('', text)}".encode()).hexdigest()
    parts = "\n".join((delivery.key, delivery.ical_method, content, number))
    digest = salted_hmac(__name__, parts, secret=settings.MESSAGE_ID_KEY, algorithm="sha256").hexdigest()
    return f"<{digest[:DIGITS]}{number}@{organizer_address().rpartition('@')[2]}>"


def bounce_address(message_id: str) -> str:
    """Return the address for bounces of the message with this Message-ID, such as "bounces+5f2c….0@example.org".

    Empty without BOUNCE_ADDRESS.
    """
    local, _at, domain = settings.BOUNCE_ADDRESS.partition("@")
    token = message_id.removeprefix("<").partition("@")[0]
    return f"{local}+{token}@{domain}" if domain else ""
