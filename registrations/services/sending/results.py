"""The last look before a message leaves, and what is kept of it afterwards; in short transactions."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import OperationalError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Concat
from django.db.models.lookups import Exact

from registrations.models import (
    CalendarEntry,
    Delegate,
    Delivery,
    DeliveryKind,
    DeliveryState,
    IcalMethod,
    User,
)
from registrations.queries.registering import reader_registers_for
from registrations.services.sending import statements
from registrations.services.sending.claims import lease
from registrations.services.sending.outcome import Outcome
from registrations.services.sending.rules import (
    absence_is_right,
    announcement_is_right,
    gap_notice_is_right,
    links_are_right,
    reader_is_staff,
    registration_is_right,
    reminder_is_right,
)
from sessions_app.models import ReleasedSession

log = structlog.get_logger(__name__)

# After each temporary error of one message; about a day in all, as mail servers do (RFC 5321 §4.5.4.1).
BACK_OFF = [timedelta(seconds=30), *(timedelta(minutes=minutes) for minutes in (2, 10, 30, 60, 120, 240, 480, 480))]
# While nothing is wrong with the message it is never given up, and tried again soon after the server is back.
LONGEST_WAIT_FOR_THE_SERVER = timedelta(minutes=10)


def is_still_wanted(delivery: Delivery, *, token: UUID, now: datetime) -> bool:
    """Renew the lease and count the attempt, if `delivery` is still ours and still what its reader should get.

    From here on its mailbox may hold it. One that is no longer wanted becomes superseded. One statement for what is
    wanted: a planner at work has locked the row, and takes it from us where it owes a newer one.
    """
    if delivery.ical_method == IcalMethod.REQUEST:
        is_wanted = statements.begin_request(delivery, token=token, now=now, lease=lease())
    else:
        address = _present_address(delivery)
        is_wanted = bool(
            _ours(delivery, token)
            .filter(_is_right(delivery, now))
            .update(
                lease_expires_at=now + lease(),
                attempts=F("attempts") + 1,
                attempted_at=now,
                may_have_arrived=True,
                email=address,
            )
        )
        delivery.email = address
    if is_wanted:
        _note_the_attempt(delivery, now)
        return True
    with transaction.atomic():
        # The ledger's row before the message, as a planner locks them.
        list(CalendarEntry.objects.select_for_update().filter(pk=delivery.entry_id or 0).values_list("pk"))
        dropped: dict[str, object] = {"state": DeliveryState.SUPERSEDED, "claim_token": None, "lease_expires_at": None}
        if delivery.entry_id is None and not delivery.may_have_arrived:
            # Nothing of it left: should it be wanted again, it can be owed again.
            dropped["key"] = Concat("key", Value(f":dropped:{delivery.pk}"))
        if _ours(delivery, token).update(**dropped):
            _ask_the_planner(delivery)
    return False


def _present_address(delivery: Delivery) -> str:
    """An account's mail goes to its address of today, also when that was corrected since the plan, and so does an
    announcement. A reminder is one of its mailbox, like what a calendar holds."""
    if delivery.kind == DeliveryKind.ANNOUNCEMENT and delivery.delegate_id is not None:
        return Delegate.objects.values_list("email", flat=True).get(pk=delivery.delegate_id)
    if delivery.user_id is None or delivery.kind == DeliveryKind.REMINDER:
        return delivery.email
    return User.objects.values_list("email", flat=True).get(pk=delivery.user_id)


def _ours(delivery: Delivery, token: UUID) -> "QuerySet[Delivery]":
    return Delivery.objects.filter(pk=delivery.pk, claim_token=token, state=DeliveryState.CLAIMED)


def _ask_the_planner(delivery: Delivery) -> None:
    """What was the newest word to the mailbox is not right any more: a new one is owed, if one is wanted."""
    CalendarEntry.objects.filter(pk=delivery.entry_id or 0, sequence=delivery.ical_sequence or 0).update(
        planned_method=IcalMethod.NONE
    )


def _is_right(delivery: Delivery, now: datetime) -> Q:
    """Whether its reader should still get `delivery`, which is no REQUEST, as a condition on its row."""
    if delivery.ical_method == IcalMethod.CANCEL:
        return _cancel_is_right(now)
    if delivery.kind == DeliveryKind.REMINDER:
        return reminder_is_right(delivery, now)
    if delivery.kind == DeliveryKind.GAP_NOTICE:
        return gap_notice_is_right(delivery, now)
    if delivery.kind == DeliveryKind.REGISTRATION:
        return registration_is_right(now)
    if delivery.kind == DeliveryKind.ANNOUNCEMENT:
        return announcement_is_right(delivery)
    if delivery.kind == DeliveryKind.LINKS:
        return links_are_right(delivery, now)
    if delivery.kind == DeliveryKind.TEST:
        return reader_is_staff()
    return _notice_is_right(delivery, now)


def _cancel_is_right(now: datetime) -> Q:
    """The session is not over, it is the newest word to the mailbox, and that got, or may have got, what is taken back:
    a server that refused an invitation after the plan was made leaves nothing to cancel."""
    is_ahead = Exists(ReleasedSession.objects.filter(session=OuterRef("session"), ends_at__gt=now))
    is_newest = Exists(CalendarEntry.objects.filter(pk=OuterRef("entry"), sequence=OuterRef("ical_sequence")))
    before = Delivery.objects.filter(
        entry=OuterRef("entry"), may_have_arrived=True, ical_sequence__lt=OuterRef("ical_sequence")
    ).order_by("-ical_sequence")
    holds_it = Exact(Subquery(before.values("ical_method")[:1]), Value(IcalMethod.REQUEST))
    return Q(is_ahead, is_newest, holds_it)


def _notice_is_right(delivery: Delivery, now: datetime) -> Q:
    """Whether the reader still is who is told: a focal point of the body, or someone of the secretariat."""
    if delivery.kind == DeliveryKind.CLASH_ALERT:
        return reader_is_staff()
    if delivery.kind == DeliveryKind.CANNOT_COME:
        return absence_is_right(now)
    return Q(reader_registers_for("event"))


def keep_result(delivery: Delivery, outcome: Outcome, *, token: UUID, now: datetime) -> None:
    """Keep what became of `delivery`, if it is still ours.

    A temporary error waits longer each time, and gives up at last unless it was the server's own; what is no longer
    the newest word to its mailbox ends at once. One statement for what was sent. Logs what failed for good.
    """
    if outcome.is_sent:
        statements.keep_sent(delivery, token=token, now=now)
        return
    kept: dict[str, object] = {
        "claim_token": None,
        "lease_expires_at": None,
        "last_error": outcome.error,
        "may_have_arrived": delivery.may_have_arrived or outcome.may_have_arrived,
    }
    with transaction.atomic():
        if outcome.is_permanent or (delivery.attempts > len(BACK_OFF) and not outcome.is_server_away):
            kept |= {"state": DeliveryState.FAILED}
        elif _is_overtaken(delivery):
            kept |= {"state": DeliveryState.SUPERSEDED}
        else:
            kept |= {"state": DeliveryState.DUE, "due_at": now + _wait(delivery, outcome)}
        is_kept = _ours(delivery, token).update(**kept)
    if is_kept and kept["state"] == DeliveryState.FAILED:
        log.warning("delivery_failed", delivery=delivery.pk, kind=delivery.kind, reason=outcome.error)


def keep_sent_and_begin(delivery: Delivery, following: Delivery, *, token: UUID, now: datetime) -> bool:
    """Keep that `delivery` was sent, and take the last look at `following`, if that is a REQUEST; whether it is begun.
    Where it is not, `is_still_wanted` is still to be asked."""
    # A planner may hold them: in the order of their ids nobody waits for somebody who waits for us.
    if following.ical_method != IcalMethod.REQUEST or following.pk < delivery.pk:
        statements.keep_sent(delivery, token=token, now=now)
        return False
    try:
        is_wanted = statements.keep_sent_and_begin(delivery, following, token=token, now=now, lease=lease())
    except OperationalError:
        # Whatever it was about the next one, that this one was sent must not be lost with it.
        statements.keep_sent(delivery, token=token, now=now)
        return False
    if is_wanted:
        _note_the_attempt(following, now)
    return is_wanted


def _note_the_attempt(delivery: Delivery, now: datetime) -> None:
    delivery.attempts += 1
    # What a mail tells of the time that is left is true at this moment.
    delivery.attempted_at = now


def _wait(delivery: Delivery, outcome: Outcome) -> timedelta:
    wait = BACK_OFF[min(delivery.attempts, len(BACK_OFF)) - 1]
    return min(wait, LONGEST_WAIT_FOR_THE_SERVER) if outcome.is_server_away else wait


def _is_overtaken(delivery: Delivery) -> bool:
    """Whether a newer message is planned for the mailbox, which must not wait for this one. Waits for a planner at
    work on it, so that what it is about to owe is seen."""
    entry = CalendarEntry.objects.select_for_update().filter(pk=delivery.entry_id or 0).first()
    return entry is not None and entry.sequence > (delivery.ical_sequence or 0)
