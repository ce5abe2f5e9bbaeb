"""Begins an attempt if the message is still right, and records its outcome, each in a short transaction."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import QuerySet, Value
from django.db.models.functions import Concat

from registrations.messages import message_module
from registrations.models import CalendarEntry, Delegate, Delivery, DeliveryState, IcalMethod, User
from registrations.services.delivering.claim import lease
from registrations.services.delivering.smtp import Outcome

log = structlog.get_logger(__name__)

# After each temporary error of one message; about a day in all, as mail servers do (RFC 5321 §4.5.4.1).
BACK_OFF = [timedelta(seconds=30), *(timedelta(minutes=minutes) for minutes in (2, 10, 30, 60, 120, 240, 480, 480))]
# If only the mail server is at fault, the message is retried without end, and soon after the server is back.
LONGEST_WAIT_FOR_THE_SERVER = timedelta(minutes=10)


def begin_attempt(delivery: Delivery, *, token: UUID, now: datetime) -> bool:
    """Renew the lease and count the attempt, if the claim still holds and `delivery` is still right; return whether.

    From then on the mailbox may hold the message. A message that is no longer right becomes superseded. One conditional
    update decides: if a planner has locked the row, it waits, and finds no claim if the planner superseded the message.
    """
    address = _present_address(delivery)
    is_begun = (
        _claimed_by(delivery, token)
        .filter(message_module(delivery.kind).is_right(delivery, now=now))
        .update(
            lease_expires_at=now + lease(),
            attempts=delivery.attempts + 1,
            attempted_at=now,
            may_have_arrived=True,
            email=address,
        )
    )
    if is_begun:
        delivery.email = address
        delivery.attempts += 1
        # A mail that says how much time is left counts from this moment.
        delivery.attempted_at = now
        return True
    _supersede(delivery, token)
    return False


def _supersede(delivery: Delivery, token: UUID) -> None:
    """Mark a message that is no longer right as superseded, and have the planner look at its mailbox again."""
    with transaction.atomic():
        # The calendar entry before the message, as a planner locks them.
        list(CalendarEntry.objects.select_for_update().filter(pk=delivery.entry_id or 0).values_list("pk"))
        dropped: dict[str, object] = {"state": DeliveryState.SUPERSEDED, "claim_token": None, "lease_expires_at": None}
        if delivery.entry_id is None and not delivery.may_have_arrived:
            # It was never sent, so its key is freed for planning again.
            dropped["key"] = Concat("key", Value(f":dropped:{delivery.pk}"))
        if _claimed_by(delivery, token).update(**dropped):
            _replan_entry(delivery)


def _present_address(delivery: Delivery) -> str:
    """Return the address to send to: a message about a session goes to the mailbox that it was planned for.

    Every other message goes to the present address of its person, which may have been corrected since.
    """
    if delivery.session_id is not None:
        return delivery.email
    people: Any = Delegate.objects if delivery.user_id is None else User.objects
    email: str = people.values_list("email", flat=True).get(pk=delivery.user_id or delivery.delegate_id)
    return email


def _claimed_by(delivery: Delivery, token: UUID) -> "QuerySet[Delivery]":
    # Only what is claimed has a token.
    return Delivery.objects.filter(pk=delivery.pk, claim_token=token)


def _replan_entry(delivery: Delivery) -> None:
    """Have the planner compare the mailbox anew, if `delivery` was the latest message to it."""
    CalendarEntry.objects.filter(pk=delivery.entry_id or 0, sequence=delivery.ical_sequence or 0).update(
        planned_method=IcalMethod.NONE
    )


def record_result(delivery: Delivery, outcome: Outcome, *, token: UUID, now: datetime) -> None:
    """Record the outcome of an attempt, if the claim still holds.

    After a temporary error the message is retried after a longer wait each time, and fails after the last one unless
    only the mail server was at fault. A message that is no longer the latest to its mailbox is not retried. Logs each
    message that fails.
    """
    if outcome.is_sent:
        _record_sent(delivery, token, now)
        return
    changes: dict[str, object] = {
        "claim_token": None,
        "lease_expires_at": None,
        "last_error": outcome.error,
        "message_id": delivery.message_id,
        "may_have_arrived": delivery.may_have_arrived or outcome.may_have_arrived,
    }
    with transaction.atomic():
        if outcome.is_permanent or (delivery.attempts > len(BACK_OFF) and not outcome.is_server_away):
            changes |= {"state": DeliveryState.FAILED}
        elif _is_overtaken(delivery):
            changes |= {"state": DeliveryState.SUPERSEDED}
        else:
            changes |= {"state": DeliveryState.DUE, "due_at": now + _retry_delay(delivery, outcome)}
        is_recorded = _claimed_by(delivery, token).update(**changes)
    if is_recorded and changes["state"] == DeliveryState.FAILED:
        log.warning("delivery_failed", delivery=delivery.pk, kind=delivery.kind, reason=outcome.error)


def _record_sent(delivery: Delivery, token: UUID, now: datetime) -> None:
    """Mark the message as sent, in a statement of its own: no error that concerns another message can undo it."""
    _claimed_by(delivery, token).update(
        state=DeliveryState.SENT,
        sent_at=now,
        may_have_arrived=True,
        last_error="",
        message_id=delivery.message_id,
        claim_token=None,
        lease_expires_at=None,
    )


def _retry_delay(delivery: Delivery, outcome: Outcome) -> timedelta:
    wait = BACK_OFF[min(delivery.attempts, len(BACK_OFF)) - 1]
    return min(wait, LONGEST_WAIT_FOR_THE_SERVER) if outcome.is_server_away else wait


def _is_overtaken(delivery: Delivery) -> bool:
    """Return whether a newer message is planned for the mailbox, which must not wait for this one.

    Locks the calendar entry, and so waits for a planner that is about to owe one.
    """
    entry = CalendarEntry.objects.select_for_update().filter(pk=delivery.entry_id or 0).first()
    return entry is not None and entry.sequence > (delivery.ical_sequence or 0)
