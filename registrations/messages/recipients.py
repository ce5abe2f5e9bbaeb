"""How the admin names the recipient, the delegation and the session of a delivery."""

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

from registrations.models import Delivery


def recipient_of(delivery: Delivery) -> str:
    """Return "Ana Paz (Honduras)" for a delegate, the name of an account, or else the address.

    Costs queries unless `delegate__delegation__body` and `user` are loaded.
    """
    if delivery.delegate is not None:
        return f"{delivery.delegate} ({delivery.delegate.delegation.body})"
    return str(delivery.user or delivery.email)


def body_of(delivery: Delivery) -> str:
    """Return the name of the body that the message is about, or the empty string."""
    delegation = delivery.delegation
    if delegation is None and delivery.event is not None:
        delegation = delivery.event.delegation
    return str(delegation.body) if delegation is not None else ""


def session_of(delivery: Delivery) -> str:
    """Return "session 1, “Context”, Mon 16 Nov 2026, 09:00" for a delivery about a session, else the empty string."""
    if delivery.session is None:
        return ""
    named = gettext("session %(number)s, “%(title)s”") % {
        "number": delivery.session.number,
        "title": delivery.session.title,
    }
    if delivery.starts_at is None:
        return named
    return f"{named}, {date_format(timezone.localtime(delivery.starts_at), 'DATETIME_FORMAT')}"
