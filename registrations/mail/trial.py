"""A mail as its writer gets it, before anybody else does."""

from django.core.mail import EmailMultiAlternatives
from django.utils import translation
from django.utils.translation import gettext as _

from registrations.mail.announcement import build_announcement
from registrations.mail.gap_notice import build_gap_notice
from registrations.models import Delivery


def build_test_send(delivery: Delivery) -> EmailMultiAlternatives:
    """The announcement or the gap notice of the delivery, in its language, marked as a test; to its `user` alone."""
    if delivery.user is None:
        raise ValueError("A test names its reader.")
    # Of this message alone, whichever language they read otherwise.
    delivery.user.language = delivery.language
    message = build_announcement(delivery) if delivery.announcement is not None else build_gap_notice(delivery)
    with translation.override(delivery.language):
        message.subject = _("Test: %(subject)s") % {"subject": message.subject}
    return message
