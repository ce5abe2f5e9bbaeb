"""Recognises what a mail is, and has it recorded: an answer, mail that came back, an automatic reply, or a letter."""

from dataclasses import replace
from datetime import datetime
from email.message import Message

from django.conf import settings

from registrations.calendar_session import organizer_address
from registrations.models import AttentionReason, BounceAction, BounceReason, Delivery, IncomingKind, IncomingMail
from registrations.services.bounces import find_delivery, record_bounce
from registrations.services.inbox.authentication import is_proven
from registrations.services.inbox.automatic_replies import is_automatic_reply
from registrations.services.inbox.bounces import BounceReport, parse_bounce
from registrations.services.inbox.calendar_answers import record_reply
from registrations.services.inbox.calendar_replies import CalendarReply, UnclearReply, find_reply
from registrations.services.inbox.mail_for_a_person import record_for_a_person
from registrations.services.inbox.parsing import addresses_in, ascii_and_unicode_forms


def sort_mail(mail: IncomingMail, message: Message, *, now: datetime) -> IncomingKind:
    """Save `mail` with its kind, record what `message` says, and return the kind.

    An answer goes before everything else, since some programs mark it as an automatic reply. The caller has a
    transaction. Raises Unreadable.
    """
    try:
        reply = find_reply(message, now=now)
    except UnclearReply as unclear:
        return _for_a_person(mail, message, unclear.reason, now=now)
    if reply is not None:
        return _record_answer(mail, message, reply, now=now)
    report = parse_bounce(message)
    if report is not None:
        return _record_report(mail, message, report, now=now)
    if is_automatic_reply(message):
        return _save(mail, IncomingKind.AUTOMATIC)
    return _for_a_person(mail, message, AttentionReason.WRITTEN_BY_A_PERSON, now=now)


def _record_answer(mail: IncomingMail, message: Message, reply: CalendarReply, *, now: datetime) -> IncomingKind:
    _save(mail, IncomingKind.ANSWER)
    proven = is_proven(message, attendee=reply.attendee, authserv_id=settings.INBOX_AUTHSERV_ID)
    senders = addresses_in(message, "From")
    answer = record_reply(mail, reply, is_proven=proven, from_address=senders[0] if senders else "", now=now)
    if isinstance(answer, AttentionReason):
        return _for_a_person(mail, message, answer, now=now)
    return IncomingKind.ANSWER


def _record_report(mail: IncomingMail, message: Message, report: BounceReport, *, now: datetime) -> IncomingKind:
    """Record what a bounce proves. What it does not prove is a guess for a person, and a mere delay is dropped."""
    delivery, message_id = find_delivery(report, domain=organizer_address().rpartition("@")[2])
    _save(mail, IncomingKind.BOUNCE)
    if delivery is not None:
        record_bounce(mail, delivery, _limited_to(delivery, report), message_id=message_id, now=now)
    elif report.action == BounceAction.FAILED:
        return _for_a_person(mail, message, AttentionReason.UNKNOWN_BOUNCE, failed=report.addresses, now=now)
    return IncomingKind.BOUNCE


def _limited_to(delivery: Delivery, report: BounceReport) -> BounceReport:
    """Return `report`, without its reason if it names only other addresses than the one that `delivery` went to.

    Mail is forwarded to those; that one of them is wrong says nothing about the one we wrote to.
    """
    named = {form for address in report.addresses for form in ascii_and_unicode_forms(address)}
    if report.action != BounceAction.FAILED or not named or delivery.email.lower() in named:
        return report
    return replace(report, reason=BounceReason.TECHNICAL)


def _for_a_person(
    mail: IncomingMail, message: Message, reason: AttentionReason, *, now: datetime, failed: tuple[str, ...] = ()
) -> IncomingKind:
    _save(mail, IncomingKind.FOR_A_PERSON)
    record_for_a_person(mail, message, reason, now=now, failed=failed)
    return IncomingKind.FOR_A_PERSON


def _save(mail: IncomingMail, kind: IncomingKind) -> IncomingKind:
    mail.kind = kind
    mail.save()
    return kind
