"""Reads a mail that says that another one came back or is late (RFC 3464, and what is sent instead of it).

Whether its claim is true is decided elsewhere: everybody can write such a mail.
"""

from dataclasses import dataclass
from email.message import Message

from registrations.models import BounceAction, BounceReason
from registrations.services.inbox.bounces.addresses import addresses_by_flufl, failed_recipients
from registrations.services.inbox.bounces.delivery_status import RecipientStatus, relevant_statuses, statuses_in
from registrations.services.inbox.bounces.identifiers import candidate_message_ids, tokens_in
from registrations.services.inbox.bounces.parts import explanation_in, subject_of
from registrations.services.inbox.bounces.reasons import is_about_delay, reason_for, status_code
from registrations.services.inbox.bounces.recognising import is_bounce


@dataclass(frozen=True)
class BounceReport:
    """What a mail server says became of a message, and how it names that message.

    `status` is an enhanced status code (RFC 3463) such as "5.1.1", or empty. `tokens` come from the recipients of the
    report (`BOUNCE_ADDRESS`). `message_ids` have their angle brackets; they all come from one place, the most trusted
    one that has any (see `candidate_message_ids`). `addresses` are lower-cased; a server may name other ones than the
    one we wrote to.
    """

    action: BounceAction
    reason: BounceReason
    status: str
    tokens: tuple[str, ...]
    message_ids: tuple[str, ...]
    addresses: tuple[str, ...]


def parse_bounce(message: Message) -> BounceReport | None:
    """Return what `message` reports, or None if it is no bounce but, say, a person's mail or an automatic reply.

    A report may be about several recipients: see `relevant_statuses`. If a bounce quotes another bounce, the outer one
    is read. Raises Unreadable.
    """
    if not is_bounce(message):
        return None
    statuses = relevant_statuses(message, statuses_in(message))
    action = statuses[0].action if statuses else _action_without_status(message)
    diagnostic = " ".join(status.diagnostic for status in statuses) or explanation_in(message)
    code = status_code(statuses[0].status if statuses else "", diagnostic)
    return BounceReport(
        action=action,
        reason=reason_for(code, diagnostic, action),
        status=code,
        tokens=tokens_in(message),
        message_ids=candidate_message_ids(message),
        addresses=_addresses(message, statuses),
    )


def _action_without_status(message: Message) -> BounceAction:
    is_delay = not failed_recipients(message) and is_about_delay(subject_of(message), explanation_in(message))
    return BounceAction.DELAYED if is_delay else BounceAction.FAILED


def _addresses(message: Message, statuses: list[RecipientStatus]) -> tuple[str, ...]:
    named = [address for status in statuses for address in status.addresses]
    return tuple(dict.fromkeys(named)) or failed_recipients(message) or addresses_by_flufl(message)
