"""Writes the messages: each kind by its builder."""

from collections.abc import Callable
from contextlib import suppress

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
    DeliveryKind.TEST: mail.build_trial,
}


class Desk:
    """Where messages are written, those of a calendar before it is their turn: what they say was loaded with them, and
    does not depend on the moment at which they leave."""

    def __init__(self) -> None:
        self._ahead: dict[int, EmailMessage] = {}

    def write(self, delivery: Delivery) -> EmailMessage:
        """Raises whatever a template, a codec or the mail library meets in this one message."""
        return self._ahead.pop(delivery.pk, None) or BUILDERS[delivery.kind](delivery)

    def write_ahead(self, delivery: Delivery) -> None:
        """Have ready what `write` will be asked for, if it is of a calendar. Never raises: what fails now is tried at
        its turn."""
        if delivery.entry_id is not None:
            with suppress(Exception):
                self._ahead[delivery.pk] = BUILDERS[delivery.kind](delivery)
