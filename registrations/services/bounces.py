"""What follows when mail comes back: the delivery says so, a full mailbox is tried again, and people are told."""

from datetime import datetime, timedelta

from django.db.models import F, Q

from registrations.models import (
    STAFF_ONLY_REASONS,
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
from registrations.services.personal_data.registry import ANONYMISED_DOMAIN
from sessions_app.models import ReleasedSession

# When a message to a full mailbox is sent again, after each time that it came back.
RETRIES_OF_FULL_MAILBOX = (timedelta(hours=6), timedelta(hours=24), timedelta(hours=48))
TOLD_AGAIN_AFTER = timedelta(days=1)


def find_delivery(report: BounceReport, *, domain: str) -> tuple[Delivery | None, str]:
    """Return the delivery that `report` proves to be about, and the Message-ID that proves it; else None and "".

    The token in the envelope counts first, then the Message-IDs in their order: nobody else can compute either. Locks
    the delivery. One query.
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
    earlier sending than the last one changes nothing, and neither does one after the personal data ended. The caller
    has a transaction.
    """
    sending = _resend_count_in(message_id)
    if sending < delivery.resend_count or delivery.email.endswith(ANONYMISED_DOMAIN):
        return
    if report.action == BounceAction.FAILED:
        Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.SENT).update(state=DeliveryState.BOUNCED)
    earlier = Bounce.objects.filter(delivery=delivery).first()
    if earlier is not None and earlier.resend_count == sending and earlier.action == BounceAction.FAILED:
        return
    retries = earlier.retries if earlier is not None and earlier.cleared_at is None else 0
    retry_at = _retry_at(delivery, report, retries=retries, now=now)
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
            "retry_at": retry_at,
            "cleared_at": None,
        },
    )
    if report.action == BounceAction.FAILED and retry_at is None:
        _tell(bounce, delivery, now=now)


def _resend_count_in(message_id: str) -> int:
    """Return which sending the Message-ID is of: the number after its dot (see `messages.composing.message_ids`)."""
    number = message_id.partition("@")[0].rpartition(".")[2]
    return int(number) if number.isdecimal() else 0


def _retry_at(delivery: Delivery, report: BounceReport, *, retries: int, now: datetime) -> datetime | None:
    """Return when to send `delivery` again since the mailbox is full; None if that is not worth it any more."""
    is_full = report.action == BounceAction.FAILED and report.reason == BounceReason.MAILBOX_FULL
    if not is_full or retries >= len(RETRIES_OF_FULL_MAILBOX):
        return None
    retry_at = now + RETRIES_OF_FULL_MAILBOX[retries]
    is_too_late = delivery.starts_at is not None and retry_at >= delivery.starts_at
    return None if is_too_late or not _is_latest(delivery) else retry_at


def _is_latest(delivery: Delivery) -> bool:
    return delivery.entry_id is None or Delivery.objects.latest_of_entry().filter(pk=delivery.pk).exists()


def retry_full_mailboxes(*, now: datetime) -> int:
    """Make due again what came back from a full mailbox and whose time has come; return how many.

    If a newer message went to the mailbox meanwhile, this one is not sent again, and its bounce is resolved. The
    planner calls it in its transaction, before it plans: what it then supersedes does not leave. One query if nothing
    is due.
    """
    bounces = Bounce.objects.unresolved().filter(retry_at__lte=now).order_by("delivery")
    due = list(bounces.values_list("delivery", flat=True))
    if not due:
        return 0
    is_latest = Q(entry=None) | Q(pk__in=Delivery.objects.latest_of_entry())
    again = list(Delivery.objects.filter(is_latest, pk__in=due).values_list("pk", flat=True))
    Bounce.objects.filter(delivery__in=due).exclude(delivery__in=again).update(retry_at=None, cleared_at=now)
    Bounce.objects.filter(delivery__in=again).update(retry_at=None, retries=F("retries") + 1)
    return Delivery.objects.filter(pk__in=again, state=DeliveryState.BOUNCED).update(
        state=DeliveryState.DUE,
        due_at=now,
        resent_at=now,
        resend_count=F("resend_count") + 1,
        attempts=0,
        worker_losses=0,
    )


def _tell(bounce: Bounce, delivery: Delivery, *, now: datetime) -> None:
    """Record the event that owes the notices about `bounce`, at most one for each address and day.

    The country is told of its people while a session is ahead. All else is told to staff, by an event without a
    delegation: what our own server did wrong once for each webinar and day. A notice to staff that came back owes no
    further one.
    """
    if delivery.kind == DeliveryKind.BOUNCE_NOTICE and delivery.user is not None and delivery.user.is_staff:
        return
    if not Bounce.objects.current().filter(pk=bounce.pk).exists():
        return
    delegate = None if bounce.reason in STAFF_ONLY_REASONS else delivery.delegate
    is_ahead = ReleasedSession.objects.ahead(now).filter(session__webinar=delivery.webinar_id).exists()
    if (delegate is not None and not is_ahead) or _was_told(bounce, delivery, now=now):
        return
    bounce.event = HistoryEvent.objects.create(
        webinar_id=delivery.webinar_id,
        delegation=delegate.delegation if delegate is not None else None,
        delegate=delegate,
        kind=HistoryKind.BOUNCED,
        at=now,
    )
    bounce.save(update_fields=["event"])
    nudge_planner()


def _was_told(bounce: Bounce, delivery: Delivery, *, now: datetime) -> bool:
    """Return whether an event of the last day is about this address or, if our server is at fault, about that fault."""
    recent = HistoryEvent.objects.filter(
        kind=HistoryKind.BOUNCED, webinar=delivery.webinar_id, at__gt=now - TOLD_AGAIN_AFTER
    )
    if bounce.reason in STAFF_ONLY_REASONS:
        return recent.filter(bounces__reason__in=STAFF_ONLY_REASONS).exists()
    return recent.filter(bounces__address=bounce.address).exists()
