"""The last look before a message leaves, and what is kept of it afterwards; each its own short transaction."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When

from registrations.models import (
    CalendarEntry,
    Delegate,
    DelegateStatus,
    DelegationStatus,
    Delivery,
    DeliveryKind,
    DeliveryState,
    IcalMethod,
    Partstat,
    User,
)
from registrations.services.sending.claims import lease
from registrations.services.sending.outcome import Outcome
from sessions_app.models import ReleasedSession

# After each temporary error of one message; about a day in all, as mail servers do (RFC 5321 §4.5.4.1).
BACK_OFF = [timedelta(seconds=30), *(timedelta(minutes=minutes) for minutes in (2, 10, 30, 60, 120, 240, 480, 480))]
# While nothing is wrong with the message it is never given up, and tried again soon after the server is back.
LONGEST_WAIT_FOR_THE_SERVER = timedelta(minutes=10)


@transaction.atomic
def is_still_wanted(delivery: Delivery, *, token: UUID, now: datetime) -> bool:
    """Renew the lease and count the attempt, if `delivery` is still ours and still what its reader should get.

    Marks the calendar entry as possibly holding the message. One that is no longer wanted becomes superseded. Two
    statements for a calendar message that is wanted.
    """
    ours = Delivery.objects.filter(pk=delivery.pk, claim_token=token, state=DeliveryState.CLAIMED)
    if not ours.update(
        lease_expires_at=now + lease(), attempts=F("attempts") + 1, attempted_at=now, may_have_arrived=True
    ):
        return False
    delivery.attempts += 1
    if delivery.entry_id is not None:
        is_wanted = _enter_in_the_ledger(delivery, delivery.entry_id, now)
        if not is_wanted:
            _ask_the_planner(delivery, delivery.entry_id)
    elif delivery.kind == DeliveryKind.REMINDER:
        is_wanted = _reminder_is_wanted(delivery, now)
    else:
        is_wanted = _notice_is_wanted(delivery)
    if not is_wanted:
        ours.update(
            state=DeliveryState.SUPERSEDED,
            claim_token=None,
            lease_expires_at=None,
            may_have_arrived=delivery.may_have_arrived,
        )
    return is_wanted


def _enter_in_the_ledger(delivery: Delivery, entry_id: int, now: datetime) -> bool:
    """Note that the mailbox may hold the message, if that is the newest word to it and still right.

    One conditional update, whose own columns are read again where a planner at work is waited for: its conditions on
    the entry stand beside it, and not in a subquery, which would see the row as it was before.
    """
    message = str(delivery.message_uuid)
    return bool(
        _newest_word(delivery, entry_id)
        .filter(_is_right(delivery, now))
        .update(
            delivered_method=delivery.ical_method,
            delivered_sequence=delivery.ical_sequence,
            first_message_id=Case(When(first_message_id="", then=Value(message)), default=F("first_message_id")),
        )
    )


def _newest_word(delivery: Delivery, entry_id: int) -> "QuerySet[CalendarEntry]":
    """The entry, if nothing newer than `delivery` is planned for its mailbox."""
    return CalendarEntry.objects.filter(
        pk=entry_id, sequence=delivery.ical_sequence or 0, planned_method=delivery.ical_method
    )


def _is_right(delivery: Delivery, now: datetime) -> Q:
    """Of a calendar entry: that its session is not over and was not released anew, and, of a REQUEST, that the person
    is still to come under the link it carries."""
    ahead = ReleasedSession.objects.filter(
        session=OuterRef("session"), sequence=OuterRef("released_sequence"), ends_at__gt=now
    )
    if delivery.ical_method != IcalMethod.REQUEST:
        return Q(Exists(ahead))
    coming = Delegate.objects.admitted().filter(pk=OuterRef("delegate"), token_version=OuterRef("token_version"))
    return Q(Exists(ahead.filter(is_cancelled=False))) & Q(
        Exists(coming.exclude(delegation__status=DelegationStatus.NOT_ATTENDING))
    )


def _ask_the_planner(delivery: Delivery, entry_id: int) -> None:
    """What was the newest word to the mailbox is not right any more: a new one is owed, if one is wanted."""
    _newest_word(delivery, entry_id).update(planned_method=IcalMethod.NONE)


def _reminder_is_wanted(delivery: Delivery, now: datetime) -> bool:
    if delivery.starts_at is None:
        return False
    return (
        CalendarEntry.objects.filter(
            session=delivery.session_id,
            delegate=delivery.delegate_id,
            address=delivery.email.lower(),
            token_version=F("delegate__token_version"),
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


def _notice_is_wanted(delivery: Delivery) -> bool:
    """Whether the reader still is who is told: a focal point of the body, or someone of the secretariat."""
    readers = User.objects.filter(deliveries=delivery, is_active=True)
    if delivery.kind == DeliveryKind.CLASH_ALERT:
        return readers.filter(is_staff=True).exists()
    return readers.filter(
        focal_points__removed_at__isnull=True, focal_points__body__delegations__history=delivery.event_id
    ).exists()


def keep_result(delivery: Delivery, outcome: Outcome, *, token: UUID, now: datetime) -> None:
    """Keep what became of `delivery`, if it is still ours.

    A temporary error waits longer each time, and gives up at last unless it was the server's own; what is no longer
    the newest word to its mailbox ends at once. One statement for what was sent.
    """
    ours = Delivery.objects.filter(pk=delivery.pk, claim_token=token, state=DeliveryState.CLAIMED)
    kept: dict[str, object] = {
        "claim_token": None,
        "lease_expires_at": None,
        "last_error": outcome.error,
        "may_have_arrived": delivery.may_have_arrived or outcome.may_have_arrived,
    }
    if outcome.is_sent:
        ours.update(**kept, state=DeliveryState.SENT, sent_at=now)
        return
    with transaction.atomic():
        if outcome.is_permanent or (delivery.attempts > len(BACK_OFF) and not outcome.is_server_away):
            kept |= {"state": DeliveryState.FAILED}
        elif _is_overtaken(delivery):
            kept |= {"state": DeliveryState.SUPERSEDED}
        else:
            kept |= {"state": DeliveryState.DUE, "due_at": now + _wait(delivery, outcome)}
        if ours.update(**kept) and delivery.entry_id is not None and not kept["may_have_arrived"]:
            _forget_in_the_ledger(delivery.entry_id, delivery)


def _wait(delivery: Delivery, outcome: Outcome) -> timedelta:
    wait = BACK_OFF[min(delivery.attempts, len(BACK_OFF)) - 1]
    return min(wait, LONGEST_WAIT_FOR_THE_SERVER) if outcome.is_server_away else wait


def _is_overtaken(delivery: Delivery) -> bool:
    """Whether a newer message is planned for the mailbox, which must not wait for this one."""
    return (
        delivery.entry_id is not None
        and CalendarEntry.objects.filter(pk=delivery.entry_id, sequence__gt=delivery.ical_sequence).exists()
    )


def _forget_in_the_ledger(entry_id: int, delivery: Delivery) -> None:
    """The mailbox never got this message: it holds what the last one said that arrived, or may have."""
    entry = CalendarEntry.objects.select_for_update().get(pk=entry_id)
    if entry.delivered_sequence != delivery.ical_sequence:
        return
    arrived = Delivery.objects.filter(entry=entry, may_have_arrived=True).order_by("-ical_sequence").first()
    entry.delivered_method = arrived.ical_method if arrived else IcalMethod.NONE
    entry.delivered_sequence = arrived.ical_sequence if arrived else None
    entry.save(update_fields=["delivered_method", "delivered_sequence"])
