"""The last check before a message leaves, and what is recorded of it afterwards; in short transactions."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Value
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
from registrations.queries.focal_points import reader_registers_for
from registrations.services.sending.claims import lease
from registrations.services.sending.outcome import Outcome
from registrations.services.sending.rules import (
    NEVER,
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
# Querysets that every invitation and update narrows: they are put together once.
INVITATIONS = CalendarEntry.objects.filter(planned_method=IcalMethod.REQUEST)
PARTICIPANTS = Delegate.objects.taking_part()


def begin_attempt(delivery: Delivery, *, token: UUID, now: datetime) -> bool:
    """Renew the lease and count the attempt, if `delivery` is still ours and still what its reader should get.

    From here on its mailbox may hold it. One that is no longer right becomes superseded. What is right is decided by
    one conditional update: while a planner holds the row it waits, and then finds that the planner has taken the row
    from us where a newer message is owed.
    """
    address = _present_address(delivery)
    is_begun = (
        _ours(delivery, token)
        .filter(_is_right(delivery, now))
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
        # A mail that says how much time is left says it of this moment.
        delivery.attempted_at = now
        return True
    _supersede(delivery, token)
    return False


def _supersede(delivery: Delivery, token: UUID) -> None:
    """Give up a message that is no longer right, and have the planner look at its mailbox again."""
    with transaction.atomic():
        # The ledger's row before the message, as a planner locks them.
        list(CalendarEntry.objects.select_for_update().filter(pk=delivery.entry_id or 0).values_list("pk"))
        dropped: dict[str, object] = {"state": DeliveryState.SUPERSEDED, "claim_token": None, "lease_expires_at": None}
        if delivery.entry_id is None and not delivery.may_have_arrived:
            # It was never sent, so its key is freed for planning again.
            dropped["key"] = Concat("key", Value(f":dropped:{delivery.pk}"))
        if _ours(delivery, token).update(**dropped):
            _ask_the_planner(delivery)


def _present_address(delivery: Delivery) -> str:
    """An account's mail goes to its address of today, also when that was corrected since the plan, and so does an
    announcement. A reminder is one of its mailbox, like what a calendar holds."""
    if delivery.kind == DeliveryKind.ANNOUNCEMENT and delivery.delegate_id is not None:
        return Delegate.objects.values_list("email", flat=True).get(pk=delivery.delegate_id)
    if delivery.user_id is None or delivery.kind == DeliveryKind.REMINDER:
        return delivery.email
    return User.objects.values_list("email", flat=True).get(pk=delivery.user_id)


def _ours(delivery: Delivery, token: UUID) -> "QuerySet[Delivery]":
    # Only what is claimed has a token.
    return Delivery.objects.filter(pk=delivery.pk, claim_token=token)


def _ask_the_planner(delivery: Delivery) -> None:
    """The latest message to the mailbox is not right any more: let the planner owe a new one, if one is wanted."""
    CalendarEntry.objects.filter(pk=delivery.entry_id or 0, sequence=delivery.ical_sequence or 0).update(
        planned_method=IcalMethod.NONE
    )


def _is_right(delivery: Delivery, now: datetime) -> Q:
    """Whether its reader should still get `delivery`, as a condition on its row."""
    if delivery.ical_method == IcalMethod.REQUEST:
        return _request_is_right(delivery, now)
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


def _request_is_right(delivery: Delivery, now: datetime) -> Q:
    """The message is the latest to the mailbox, the session is ahead, and the person takes part.

    The message is built from what was loaded with `delivery`, so the session must still be in that revision, and the
    person still have that version of their link.
    """
    if delivery.delegate is None or delivery.session is None:
        return NEVER
    version, revision = delivery.delegate.token_version, delivery.session.released.sequence
    entries = INVITATIONS.filter(
        sequence=delivery.ical_sequence or 0, released_sequence=revision, token_version=version
    )
    sessions = ReleasedSession.objects.ahead(now).filter(sequence=revision)
    people = PARTICIPANTS.filter(token_version=version)
    return Q(entry__in=entries, session__in=sessions.values("session"), delegate__in=people)


def _cancel_is_right(now: datetime) -> Q:
    """The session is not over, the message is the latest to the mailbox, and the mailbox got, or may have got, what is
    taken back: a server that refused an invitation after the plan was made leaves nothing to cancel."""
    is_not_over = Exists(ReleasedSession.objects.filter(session=OuterRef("session"), ends_at__gt=now))
    is_latest = Exists(Delivery.objects.latest_of_entry().filter(pk=OuterRef("pk")))
    before = Delivery.objects.filter(
        entry=OuterRef("entry"), may_have_arrived=True, ical_sequence__lt=OuterRef("ical_sequence")
    ).order_by("-ical_sequence")
    holds_it = Exact(Subquery(before.values("ical_method")[:1]), Value(IcalMethod.REQUEST))
    return Q(is_not_over, is_latest, holds_it)


def _notice_is_right(delivery: Delivery, now: datetime) -> Q:
    """Whether the reader still is who is told: a focal point of the body, or someone of the secretariat."""
    if delivery.kind == DeliveryKind.CLASH_ALERT:
        return reader_is_staff()
    if delivery.kind == DeliveryKind.CANNOT_COME:
        return absence_is_right(now)
    return Q(reader_registers_for("event"))


def record_result(delivery: Delivery, outcome: Outcome, *, token: UUID, now: datetime) -> None:
    """Record what became of `delivery`, if it is still ours.

    A temporary error waits longer each time, and gives up at last unless it was the server's own; a message that is
    not the latest to its mailbox any more ends at once. Logs what failed for good.
    """
    if outcome.is_sent:
        _record_sent(delivery, token, now)
        return
    changes: dict[str, object] = {
        "claim_token": None,
        "lease_expires_at": None,
        "last_error": outcome.error,
        "may_have_arrived": delivery.may_have_arrived or outcome.may_have_arrived,
    }
    with transaction.atomic():
        if outcome.is_permanent or (delivery.attempts > len(BACK_OFF) and not outcome.is_server_away):
            changes |= {"state": DeliveryState.FAILED}
        elif _is_overtaken(delivery):
            changes |= {"state": DeliveryState.SUPERSEDED}
        else:
            changes |= {"state": DeliveryState.DUE, "due_at": now + _wait(delivery, outcome)}
        is_recorded = _ours(delivery, token).update(**changes)
    if is_recorded and changes["state"] == DeliveryState.FAILED:
        log.warning("delivery_failed", delivery=delivery.pk, kind=delivery.kind, reason=outcome.error)


def _record_sent(delivery: Delivery, token: UUID, now: datetime) -> None:
    """One update of its own: nothing that concerns another message can undo it."""
    _ours(delivery, token).update(
        state=DeliveryState.SENT,
        sent_at=now,
        may_have_arrived=True,
        last_error="",
        claim_token=None,
        lease_expires_at=None,
    )


def _wait(delivery: Delivery, outcome: Outcome) -> timedelta:
    wait = BACK_OFF[min(delivery.attempts, len(BACK_OFF)) - 1]
    return min(wait, LONGEST_WAIT_FOR_THE_SERVER) if outcome.is_server_away else wait


def _is_overtaken(delivery: Delivery) -> bool:
    """Whether a newer message is planned for the mailbox, which must not wait for this one. Waits for a planner at
    work on it, so that what it is about to owe is seen."""
    entry = CalendarEntry.objects.select_for_update().filter(pk=delivery.entry_id or 0).first()
    return entry is not None and entry.sequence > (delivery.ical_sequence or 0)
