"""A test send: an announcement or a gap notice that staff send to themselves before others get it."""

from datetime import datetime

from django.core.mail import EmailMultiAlternatives
from django.db.models import Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext

from registrations.messages import announcement, gap_notice
from registrations.messages.recipients import recipient_of
from registrations.models import Delivery, DeliveryKind
from registrations.queries.accounts import account_is_staff

KINDS = (DeliveryKind.TEST,)


def owed(*, now: datetime) -> int:
    """Owe nothing: `services.test_sends` inserts the deliveries when staff ask for them."""
    return 0


def is_right(delivery: Delivery, *, now: datetime) -> Q:
    """Return the condition under which it may still be sent.

    The recipient is still staff.
    """
    return account_is_staff()


def build(delivery: Delivery) -> EmailMultiAlternatives:
    """Build the announcement or the gap notice in the language of the delivery; the subject says that it is a test."""
    if delivery.user is None:
        raise ValueError("A test send needs its recipient.")
    # The account may read in another language than the one that this message tests.
    delivery.user.language = delivery.language
    message = announcement.build(delivery) if delivery.announcement is not None else gap_notice.build(delivery)
    with translation.override(delivery.language):
        message.subject = gettext("Test: %(subject)s") % {"subject": message.subject}
    return message


def describe(delivery: Delivery) -> str:
    return gettext("Shows %(who)s how a mail reads, before others get it.") % {"who": recipient_of(delivery)}


def with_related(deliveries: "QuerySet[Delivery]") -> "QuerySet[Delivery]":
    return deliveries.select_related(
        "announcement", "webinar", "delegation__body", "delegation__webinar__policy", "user"
    )
