from collections.abc import Iterable
from datetime import datetime

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from registrations.models.delegate import DelegateStatus
from registrations.models.delivery import Delivery, DeliveryState
from registrations.models.history import HistoryEvent
from registrations.models.inbox import IncomingMail


class BounceAction(models.TextChoices):
    """What a report says of the mail (Action, RFC 3464 §2.3.3)."""

    FAILED = "failed", _("Came back")
    DELAYED = "delayed", _("Delayed")
    DELIVERED = "delivered", _("Delivered")


class BounceReason(models.TextChoices):
    """Why a mail came back, in plain words."""

    UNKNOWN_ADDRESS = "unknown_address", _("There is no mailbox with this address.")
    UNKNOWN_DOMAIN = "unknown_domain", _("There is no mail server for the part after the @.")
    MAILBOX_FULL = "mailbox_full", _("The mailbox is full.")
    POLICY = "policy", _("The receiving server refuses mail from our server.")
    TOO_LARGE = "too_large", _("The receiving server finds the message too large.")
    CONTENT_REFUSED = "content_refused", _("The receiving server refuses what the message contains.")
    TEMPORARY = "temporary", _("The receiving server did not take the message in time.")
    TECHNICAL = "technical", _("The message got lost on its way between mail servers.")
    OTHER = "other", _("The receiving server refused the message without a clear reason.")


# After these, the address is known to be wrong.
PERMANENT_REASONS = (BounceReason.UNKNOWN_ADDRESS, BounceReason.UNKNOWN_DOMAIN)
TEMPORARY_REASONS = (BounceReason.MAILBOX_FULL, BounceReason.TEMPORARY)
# Told to the secretariat alone: our server is at fault, not the address.
STAFF_ONLY_REASONS = (BounceReason.POLICY, BounceReason.CONTENT_REFUSED)


class BounceQuerySet(models.QuerySet["Bounce"]):
    """Query set with the filters for what is still to be dealt with."""

    def unresolved(self) -> "BounceQuerySet":
        """Filter for mail that came back and was not sent again since, to this address or by this delivery."""
        return self.filter(action=BounceAction.FAILED, delivery__state=DeliveryState.BOUNCED, cleared_at__isnull=True)

    def current(self) -> "BounceQuerySet":
        """Filter for unresolved ones whose recipient is still there and still has the address."""
        of_delegate = models.Q(
            delivery__delegate__status=DelegateStatus.ACTIVE, address=Lower("delivery__delegate__email")
        )
        of_account = models.Q(delivery__user__isnull=False, address=Lower("delivery__user__email"))
        return self.unresolved().filter(of_delegate | of_account)

    def clear(self, emails: Iterable[str], *, now: datetime) -> int:
        """Stop treating the addresses as wrong, since somebody sends mail to them on purpose; return how many rows."""
        return self.unresolved().filter(address__in={email.lower() for email in emails}).update(cleared_at=now)

    def of_wrong_addresses(self) -> "BounceQuerySet":
        """Filter for bounces after which an address is known to be wrong."""
        return self.unresolved().filter(reason__in=PERMANENT_REASONS)


class Bounce(models.Model):
    """What became of a delivery after the mail server had taken it: it came back or was delayed (RFC 3464).

    One row per delivery; a later report about it replaces what an earlier one said.
    """

    # The last report about it.
    mail = models.OneToOneField(IncomingMail, on_delete=models.PROTECT, related_name="bounce", editable=False)
    delivery = models.OneToOneField(
        Delivery, on_delete=models.PROTECT, related_name="bounce", verbose_name=_("delivery")
    )
    # The address that the delivery had been sent to, lower-cased.
    address = models.CharField(_("e-mail address"), max_length=254)
    action = models.CharField(_("what"), max_length=10, choices=BounceAction)
    reason = models.CharField(_("reason"), max_length=20, choices=BounceReason)
    # Such as "5.1.1" (RFC 3463), if the report has one.
    status_code = models.CharField(_("status code"), max_length=12, blank=True)
    reported_at = models.DateTimeField(_("reported at"))
    # Which sending of the delivery came back (`Delivery.resend_count`).
    resend_count = models.PositiveSmallIntegerField(default=0, editable=False)
    # When the planner sends the delivery again, since the mailbox was full.
    retry_at = models.DateTimeField(_("sent again by itself at"), null=True, blank=True, editable=False)
    # How often it did.
    retries = models.PositiveSmallIntegerField(default=0, editable=False)
    # Since somebody sent mail to the address again, although it had come back.
    cleared_at = models.DateTimeField(_("sent again at"), null=True, blank=True)
    # The event that told people of it, if one did.
    event = models.ForeignKey(
        HistoryEvent, on_delete=models.PROTECT, null=True, blank=True, related_name="bounces", editable=False
    )

    objects = BounceQuerySet.as_manager()

    class Meta:
        verbose_name = _("message that came back")
        verbose_name_plural = _("messages that came back")
        ordering = ["-reported_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(action__in=BounceAction.values), name="bounce_action_is_known"),
            models.CheckConstraint(condition=models.Q(reason__in=BounceReason.values), name="bounce_reason_is_known"),
        ]
        indexes = [models.Index(fields=["address"], name="bounce_by_address")]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.get_reason_display()}"

    @property
    def is_permanent(self) -> bool:
        """Whether the address is wrong, so that sending again cannot help."""
        return self.reason in PERMANENT_REASONS
