"""What follows when mail comes back: the delivery says so, a full mailbox is tried again, and people are told."""

from datetime import datetime, timedelta

from registrations.models import (
    REASONS_FOR_STAFF,
    Bounce,
    BounceAction,
    BounceReason,
    Delivery,
    DeliveryKind,
    DeliveryState,
    HistoryEvent,
    HistoryKind,
    IncomingMail,
)
from registrations.services.inbox.bounces import BounceReport
from registrations.services.nudge import nudge_planner

# When a message to a full mailbox is sent again, after each time that it came back.
RETRIES_OF_FULL_MAILBOX = (timedelta(hours=6), timedelta(hours=24), timedelta(hours=48))
TOLD_AGAIN_AFTER = timedelta(days=1)


def find_delivery(report: BounceReport, *, domain: str) -> tuple[Delivery | None, str]:
    """Return the delivery that `report` proves to be about, and the Message-ID that proves it; else None and "".

    The token in the envelope counts first, then the Message-IDs in their order: nobody else can compute either. Locks
    the delivery. Two queries at most.
    """
    ids = [*(f"<{token}@{domain}>" for token in report.tokens), *report.message_ids]
    rows = Delivery.objects.filter(message_id__in=ids).select_related("delegate__delegation", "user")
    found = {delivery.message_id: delivery for delivery in rows.select_for_update(of=("self",))} if ids else {}
    return next(((found[one], one) for one in ids if one in found), (None, ""))


def record_bounce(
    mail: IncomingMail, delivery: Delivery, report: BounceReport, *, message_id: str, now: datetime
) -> None:
    """Record what `report` says of `delivery`, which is locked.

    Several reports about one sending are one bounce: a failure stays, whatever is reported later. A report about an
    earlier sending than the last one changes nothing. The caller has a transaction.
    """
    sending = _number_of_sending(message_id)
    earlier = Bounce.objects.filter(delivery=delivery).first()
    if sending < delivery.resend_count or (earlier is not None and _is_known(earlier, sending)):
        return
    retries = earlier.retries if earlier is not None and earlier.cleared_at is None else 0
    is_to_be_retried = _is_to_be_retried(delivery, report, retries=retries)
    bounce, _ = Bounce.objects.update_or_create(
        delivery=delivery,
        defaults={
            "mail": mail,
            "address": delivery.email.lower(),
            "action": report.action,
            "reason": report.reason,
            "status_code": report.status,
            "reported_at": now,
            "resend_count": sending,
            "retries": retries,
            "cleared_at": None,
        },
    )
    if report.action != BounceAction.FAILED:
        return
    if is_to_be_retried:
        _send_again_later(delivery, bounce, now=now)
        return
    Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.SENT).update(state=DeliveryState.BOUNCED)
    _tell(bounce, delivery, now=now)


def _number_of_sending(message_id: str) -> int:
    """Return which sending the Message-ID is of: the number after its dot (see `messages.composing.message_ids`)."""
    return int(message_id.partition("@")[0].rpartition(".")[2])


def _is_known(earlier: Bounce, sending: int) -> bool:
    """Whether this sending is known to have failed."""
    return earlier.resend_count == sending and earlier.action == BounceAction.FAILED


def _is_to_be_retried(delivery: Delivery, report: BounceReport, *, retries: int) -> bool:
    """Whether the mailbox is full and the message, sent again later, may arrive and is still the latest."""
    return (
        report.action == BounceAction.FAILED
        and report.reason == BounceReason.MAILBOX_FULL
        and delivery.state == DeliveryState.SENT
        and retries < len(RETRIES_OF_FULL_MAILBOX)
        and (delivery.entry_id is None or Delivery.objects.latest_of_entry().filter(pk=delivery.pk).exists())
    )


def _send_again_later(delivery: Delivery, bounce: Bounce, *, now: datetime) -> None:
    due_at = now + RETRIES_OF_FULL_MAILBOX[bounce.retries]
    Delivery.objects.filter(pk=delivery.pk).update(
        state=DeliveryState.DUE,
        due_at=due_at,
        resent_at=due_at,
        resend_count=delivery.resend_count + 1,
        attempts=0,
        worker_losses=0,
    )
    Bounce.objects.filter(pk=bounce.pk).update(retries=bounce.retries + 1)


def _tell(bounce: Bounce, delivery: Delivery, *, now: datetime) -> None:
    """Record the event that owes the notices about `bounce`, at most one for each address and day.

    An event without a delegation is told to staff alone; of these there is at most one for each webinar and day. A
    notice about mail that came back owes no further one, and neither does mail to an address that was corrected since.
    """
    if delivery.kind == DeliveryKind.BOUNCE_NOTICE or not Bounce.objects.current().filter(pk=bounce.pk).exists():
        return
    is_for_staff = delivery.delegate is None or bounce.reason in REASONS_FOR_STAFF
    lately = HistoryEvent.objects.filter(
        kind=HistoryKind.BOUNCED, webinar=delivery.webinar_id, at__gt=now - TOLD_AGAIN_AFTER
    )
    told = lately.filter(delegation=None) if is_for_staff else lately.filter(bounces__address=bounce.address)
    if told.exists():
        return
    bounce.event = HistoryEvent.objects.create(
        webinar_id=delivery.webinar_id,
        delegation=None if is_for_staff or delivery.delegate is None else delivery.delegate.delegation,
        delegate=None if is_for_staff else delivery.delegate,
        kind=HistoryKind.BOUNCED,
        at=now,
    )
    bounce.save(update_fields=["event"])
    nudge_planner()
