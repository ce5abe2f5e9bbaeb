"""Builds the messages: each kind by its builder."""

from collections.abc import Callable

from django.core.mail import EmailMessage

from registrations import mail
from registrations.models import Delivery, DeliveryKind

BUILDERS: dict[str, Callable[[Delivery], EmailMessage]] = {
    DeliveryKind.INVITATION: mail.build_invitation,
    DeliveryKind.UPDATE: mail.build_update,
    DeliveryKind.CANCELLATION: mail.build_cancellation,
    DeliveryKind.REMINDER: mail.build_reminder,
    DeliveryKind.REGISTRATION: mail.build_registration_invitation,
    DeliveryKind.GAP_NOTICE: mail.build_gap_notice,
    DeliveryKind.DECISION: mail.build_decision,
    DeliveryKind.CANNOT_COME: mail.build_absence,
    DeliveryKind.LINKS: mail.build_links,
    DeliveryKind.CLASH_ALERT: mail.build_clash_alert,
    DeliveryKind.ANNOUNCEMENT: mail.build_announcement,
    DeliveryKind.TEST: mail.build_test_send,
}


def build_message(delivery: Delivery) -> EmailMessage:
    """The message of `delivery`. Raises whatever a template, a codec or the mail library raises for this message."""
    return BUILDERS[delivery.kind](delivery)
