"""Mail that only a person can deal with: it is listed for the secretariat, which answers it in the mailbox."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from email.message import Message

from django.db import transaction
from django.db.models.functions import Lower

from registrations.models import AttentionReason, Delegate, Delivery, IncomingMail, MailForAPerson, User
from registrations.services.inbox.parsing import header_text, one_line, sender_of, text_of_html, texts_of

MAX_EXCERPT_LINES = 12
MAX_EXCERPT = 1000
# A bounce comes within a few days; later nobody can say which message it is about.
BOUNCES_WITHIN = timedelta(days=7)
# A quoted invitation holds the reader's personal link.
LINK = re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)
QUOTED = re.compile(r"^\s*[>|]")


def record_for_a_person(
    mail: IncomingMail, message: Message, reason: AttentionReason, *, now: datetime, failed: Iterable[str] = ()
) -> MailForAPerson:
    """List `message` for the secretariat, with the person or account that may be meant. Three queries at most.

    For a bounce, `failed` are the addresses that it names; the recipient of the last message to one of them is a guess.
    The first lines are kept only of what a person wrote, since other mail quotes whole messages.
    """
    name, address = sender_of(message)
    if reason == AttentionReason.UNKNOWN_BOUNCE:
        delegate, user = _recipient_of(failed, now=now)
    else:
        delegate, user = _known_sender(address)
    is_written = reason == AttentionReason.WRITTEN_BY_A_PERSON
    return MailForAPerson.objects.create(
        mail=mail,
        reason=reason,
        sender_name=name[:200],
        sender_address=address[:320],
        subject=header_text(message, "Subject")[:200],
        excerpt=_excerpt(message) if is_written else "",
        delegate=delegate,
        user=user,
        received_at=now,
    )


def _recipient_of(addresses: Iterable[str], *, now: datetime) -> tuple[Delegate | None, User | None]:
    """Return the recipient of the last message to one of `addresses`, if it was sent within `BOUNCES_WITHIN`."""
    lately = Delivery.objects.alias(to=Lower("email")).filter(
        to__in=[address.lower() for address in addresses], sent_at__gt=now - BOUNCES_WITHIN
    )
    delivery = lately.select_related("delegate", "user").order_by("-sent_at").first()
    return (delivery.delegate, delivery.user) if delivery else (None, None)


def _known_sender(address: str) -> tuple[Delegate | None, User | None]:
    if not address:
        return None, None
    people = Delegate.objects.with_addresses([address]).order_by("status", "-registered_at", "-pk")
    return people.first(), User.objects.filter(email=address.lower()).first()


def _excerpt(message: Message) -> str:
    """Return the first lines that the sender wrote, without links and quoted text."""
    text = next((text for text in texts_of(message, "text/plain") if text.strip()), "")
    if not text:
        text = next(map(text_of_html, texts_of(message, "text/html")), "")
    lines = [line for line in map(one_line, text.splitlines()) if line and not QUOTED.match(line)]
    return LINK.sub("…", "\n".join(lines[:MAX_EXCERPT_LINES])[: 4 * MAX_EXCERPT])[:MAX_EXCERPT]


@transaction.atomic
def mark_as_dealt_with(mail_ids: Iterable[int], *, by: User, now: datetime) -> int:
    """Mark those of the mails as dealt with that are not yet; return how many. A second call changes nothing."""
    return MailForAPerson.objects.open().filter(pk__in=list(mail_ids)).update(dealt_with_at=now, dealt_with_by=by)
