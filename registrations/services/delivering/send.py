"""Sends due deliveries. Any number of workers may do so at once; each message leaves at least once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import DatabaseError

from registrations.messages import message_module
from registrations.models import Delivery
from registrations.services.delivering.claim import ClaimedBatch, claim_batch, give_back, is_anything_due
from registrations.services.delivering.result import begin_attempt, record_result
from registrations.services.delivering.smtp import UNWRITABLE, Outcome, hand_over, open_connection

log = structlog.get_logger(__name__)

BATCH_SIZE = 50
# Until the rest of a batch is tried again; beat wakes a sender each 30 s.
WHILE_SERVER_AWAY = timedelta(seconds=30)


@dataclass
class SendReport:
    """How many claimed messages had which result; `has_more` if the time was up before the work was done."""

    sent: int = 0
    failed: int = 0
    postponed: int = 0
    superseded: int = 0
    has_more: bool = False


def send_due(
    *, clock: Callable[[], datetime], batch_size: int = BATCH_SIZE, within: timedelta | None = None
) -> SendReport:
    """Send what is due, batch by batch, until nothing is left, the mail server is away, or `within` has passed.

    `clock` returns the present time; it is called for each message. Talks to the mail server outside of any
    transaction; each result is committed before the next message leaves. If a worker dies, another one claims its
    batch once the lease has expired.
    """
    report = SendReport()
    until: datetime | None = None
    while is_anything_due(now=clock()):
        connection = get_connection()
        try:
            # Before the claim: a server that is slow to greet must not use up the lease, nor `within`.
            away = open_connection(connection)
            until = until or (clock() + within if within is not None else None)
            batch = claim_batch(size=batch_size, now=clock())
            if not batch or not _send_batch(batch, connection, away, clock=clock, until=until, report=report):
                break
        finally:
            connection.close()
    if report.sent or report.failed or report.postponed:
        log.info("sent", sent=report.sent, failed=report.failed, postponed=report.postponed)
    return report


def _send_batch(
    batch: ClaimedBatch,
    connection: BaseEmailBackend,
    away: Outcome | None,
    *,
    clock: Callable[[], datetime],
    until: datetime | None,
    report: SendReport,
) -> bool:
    """Send the messages of `batch`; return whether there is time, and a mail server, for another batch.

    Gives back what it could not send. `away` is the outcome for every message if the mail server was not reached.
    """
    for delivery in batch.deliveries:
        if until is not None and clock() >= until:
            report.has_more = True
            give_back(batch, due_at=clock())
            return False
        away = away or open_connection(connection)
        if not begin_attempt(delivery, token=batch.token, now=clock()):
            report.superseded += 1
            continue
        outcome = away or _build_and_hand_over(delivery, connection)
        record_result(delivery, outcome, token=batch.token, now=clock())
        match outcome:
            case Outcome(is_sent=True):
                report.sent += 1
            case Outcome(is_permanent=True):
                report.failed += 1
            case _:
                report.postponed += 1
        if outcome.is_server_away:
            log.warning("mail_server_away", reason=outcome.error)
            report.postponed += give_back(batch, due_at=clock() + WHILE_SERVER_AWAY)
            return False
    return True


def _build_and_hand_over(delivery: Delivery, connection: BaseEmailBackend) -> Outcome:
    """Build the message and send it.

    Sets its Message-ID, which is recorded with the outcome. If the message cannot be built or encoded, it fails alone.
    Raises DatabaseError, which concerns all messages.
    """
    try:
        message = message_module(delivery.kind).build(delivery)
        delivery.message_id = message.extra_headers["Message-ID"]
        return hand_over(message, connection)
    except DatabaseError:
        raise
    except Exception as error:  # whatever a template, a codec or the mail library raises for this message
        log.exception("message_not_written", kind=delivery.kind, reason=type(error).__name__)
        return UNWRITABLE
