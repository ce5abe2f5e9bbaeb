"""The last look before a message leaves, and what is kept of it afterwards; each its own short transaction."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from registrations.models import (
    CalendarEntry,
    DelegateStatus,
    DelegationStatus,
    Delivery,
    DeliveryKind,
    DeliveryState,
    IcalMethod,
    Partstat,
)
from registrations.services.sending.claims import MOST_ATTEMPTS, lease
from registrations.services.sending.outcome import Outcome

BACK_OFF = [timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=30)]


@transaction.atomic
def is_still_wanted(delivery: Delivery, *, token: UUID, now: datetime) -> bool:
    """Renew the lease and count the attempt, if `delivery` is still ours and still what its reader should get.

    Marks the calendar entry as possibly holding the message. One that is no longer wanted becomes superseded.
    """
    ours = Delivery.objects.filter(pk=delivery.pk, claim_token=token, state=DeliveryState.CLAIMED)
    if not ours.update(lease_expires_at=now + lease(), attempts=F("attempts") + 1, attempted_at=now):
        return False
    delivery.attempts += 1
    if delivery.entry is not None:
        is_wanted = _enter_in_the_ledger(delivery, delivery.entry.pk, now)
    elif delivery.kind == DeliveryKind.REMINDER:
        is_wanted = _reminder_is_wanted(delivery, now)
    else:
        is_wanted = True
    if not is_wanted:
        ours.update(state=DeliveryState.SUPERSEDED, claim_token=None, lease_expires_at=None)
    return is_wanted


def _enter_in_the_ledger(delivery: Delivery, entry_id: int, now: datetime) -> bool:
    # The row is taken first, so that a planner at work is waited for.
    entry = CalendarEntry.objects.select_for_update().get(pk=entry_id)
    is_newest = (entry.sequence, entry.planned_method) == (delivery.ical_sequence, delivery.ical_method)
    if not is_newest or not _is_for_its_reader(delivery, entry_id, now):
        if is_newest:
            # The planner looks again: it owes a new message if one is wanted.
            entry.planned_method = IcalMethod.NONE
            entry.save(update_fields=["planned_method"])
        return False
    entry.delivered_method = delivery.ical_method
    entry.delivered_sequence = delivery.ical_sequence
    entry.first_message_id = entry.first_message_id or str(delivery.message_uuid)
    entry.save(update_fields=["delivered_method", "delivered_sequence", "first_message_id"])
    delivery.entry = entry
    return True


def _is_for_its_reader(delivery: Delivery, entry_id: int, now: datetime) -> bool:
    """Whether the session is not over and, of a REQUEST, the person is still to come under the link it carries."""
    entries = CalendarEntry.objects.filter(
        pk=entry_id,
        session__released__ends_at__gt=now,
    )
    if delivery.ical_method == IcalMethod.REQUEST:
        entries = entries.filter(
            delegate__status=DelegateStatus.ACTIVE,
            delegate__admitted_at__isnull=False,
            delegate__token_version=F("token_version"),
            session__released__is_cancelled=False,
        ).exclude(delegate__delegation__status=DelegationStatus.NOT_ATTENDING)
    return entries.exists()


def _reminder_is_wanted(delivery: Delivery, now: datetime) -> bool:
    if delivery.starts_at is None:
        return False
    return (
        CalendarEntry.objects.filter(
            session=delivery.session_id,
            delegate=delivery.delegate_id,
            address=delivery.email.lower(),
            planned_method=IcalMethod.REQUEST,
            delegate__status=DelegateStatus.ACTIVE,
            session__released__is_cancelled=False,
            session__released__starts_at=delivery.starts_at,
            session__released__starts_at__gt=now,
        )
        .exclude(ical_partstat=Partstat.DECLINED)
        .exclude(delegate__delegation__status=DelegationStatus.NOT_ATTENDING)
        .exists()
    )


@transaction.atomic
def keep_result(delivery: Delivery, outcome: Outcome, *, token: UUID, now: datetime) -> None:
    """Keep what became of `delivery`, if it is still ours; a temporary error waits longer each time."""
    ours = Delivery.objects.filter(pk=delivery.pk, claim_token=token, state=DeliveryState.CLAIMED)
    released = {"claim_token": None, "lease_expires_at": None, "last_error": outcome.error}
    if outcome.is_sent:
        ours.update(state=DeliveryState.SENT, sent_at=now, **released)
    elif outcome.is_permanent or delivery.attempts >= MOST_ATTEMPTS:
        if ours.update(state=DeliveryState.FAILED, **released):
            _forget_in_the_ledger(delivery, outcome)
    else:
        wait = BACK_OFF[min(delivery.attempts, len(BACK_OFF)) - 1]
        ours.update(state=DeliveryState.DUE, due_at=now + wait, **released)


def _forget_in_the_ledger(delivery: Delivery, outcome: Outcome) -> None:
    """A refused first attempt left nothing in the mailbox; it holds what the last sent message said."""
    if delivery.entry is None or not outcome.is_permanent or delivery.attempts > 1:
        return
    sent = Delivery.objects.filter(entry=delivery.entry, state=DeliveryState.SENT).order_by("-ical_sequence").first()
    CalendarEntry.objects.filter(pk=delivery.entry.pk, delivered_sequence=delivery.ical_sequence).update(
        delivered_method=sent.ical_method if sent else IcalMethod.NONE,
        delivered_sequence=sent.ical_sequence if sent else None,
    )
