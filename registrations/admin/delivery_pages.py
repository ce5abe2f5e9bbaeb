"""The page of one delivery: what it says to whom, its state, and what the mailbox holds."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations.admin.base import local_time_text
from registrations.messages import message_module
from registrations.models import Bounce, BounceAction, CalendarEntry, Delivery, DeliveryState, IcalMethod, Partstat
from registrations.queries.mail_state import RESENDABLE_STATES
from registrations.queries.returned_mail import nature_of, reason_with_code
from registrations.services.deliveries import STOPPABLE_STATES


def delivery_page(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """Show the delivery, without a form. Two queries, however many messages its mailbox got."""
    now = timezone.now()
    related = (
        "announcement", "delegate__delegation__body", "user", "session", "entry", "delegation__body",
        "event__delegation__body", "event__delegate", "bounce",
    )  # fmt: skip
    delivery = get_object_or_404(Delivery.objects.select_related(*related), pk=pk)
    entry = delivery.entry
    messages = list(Delivery.objects.filter(entry=entry).order_by("-ical_sequence")) if entry is not None else []
    is_repeatable = delivery.state != DeliveryState.SENT or delivery.is_invitation
    context = site.each_context(request) | {
        "opts": Delivery._meta,
        "title": delivery.get_kind_display(),
        "delivery": delivery,
        "about": message_module(delivery.kind).describe(delivery),
        "state": state_label(delivery, now),
        "error": _(delivery.last_error) if delivery.last_error else "",
        "is_overdue": delivery.is_overdue_at(now),
        "report": report_in_words(bounce) if (bounce := bounce_of(delivery)) is not None else (),
        "states_of_wrong_address": (DeliveryState.FAILED, DeliveryState.BOUNCED, DeliveryState.HELD),
        "mailbox": mailbox_in_words(delivery, entry, messages) if entry is not None else (),
        "messages_of_mailbox": messages,
        "can_be_stopped": delivery.state in STOPPABLE_STATES,
        "can_be_sent_again": delivery.state in RESENDABLE_STATES and is_repeatable,
    }
    return TemplateResponse(request, "admin/registrations/delivery/page.html", context)


def state_label(delivery: Delivery, now: datetime) -> str:
    """Return a sentence about the state of the delivery at `now`."""
    match delivery.state:
        case DeliveryState.DUE if delivery.attempts:
            text = ngettext(
                "%(attempts)s attempt has failed; the next is due on %(when)s.",
                "%(attempts)s attempts have failed; the next is due on %(when)s.",
                delivery.attempts,
            )
        case DeliveryState.DUE if delivery.resent_at:
            text = _("It was made due once more on %(owed)s, and waits to be sent.")
        case DeliveryState.DUE:
            text = _("It waits to be sent since %(owed)s.")
        case DeliveryState.CLAIMED if delivery.lease_expires_at and delivery.lease_expires_at <= now:
            text = _("The worker that was sending it did not come back; another one takes it over.")
        case DeliveryState.CLAIMED:
            text = _("A worker is sending it at this moment.")
        case DeliveryState.SENT:
            text = _("The mail server took it on %(sent)s.")
        case DeliveryState.FAILED:
            text = ngettext(
                "It failed after %(attempts)s attempt, and is not tried again by itself.",
                "It failed after %(attempts)s attempts, and is not tried again by itself.",
                delivery.attempts,
            )
        case _:
            text = _text_of_ended(delivery)
    return text % {
        "attempts": delivery.attempts,
        "when": local_time_text(delivery.due_at),
        "owed": local_time_text(delivery.owed_since),
        "sent": local_time_text(delivery.sent_at) if delivery.sent_at else "",
    }


def _text_of_ended(delivery: Delivery) -> str:
    """Return the sentence about a delivery that is not sent as long as nobody acts."""
    texts = {
        DeliveryState.BOUNCED: _("It came back: the mail server had taken it on %(sent)s, and could not deliver it."),
        DeliveryState.HELD: _("It is held until the address is corrected, since other mail to it came back."),
        DeliveryState.STOPPED: _("It was stopped, and waits until somebody sends it again."),
        DeliveryState.SUPERSEDED: _(
            "It is not sent any more: something newer took its place, or what it says is no longer so."
        ),
    }
    return texts[DeliveryState(delivery.state)]


def bounce_of(delivery: Delivery) -> Bounce | None:
    """Return what a mail server reported of `delivery`, None if nothing. No query if it is loaded."""
    return getattr(delivery, "bounce", None)


def report_in_words(bounce: Bounce) -> tuple[str, ...]:
    """Return what a mail server reported, when, why and what follows from it."""
    texts = {
        BounceAction.FAILED: _("On %(when)s a mail server reported that it could not be delivered."),
        BounceAction.DELAYED: _("On %(when)s a mail server reported that it is late. It is still being tried."),
        BounceAction.DELIVERED: _("On %(when)s a mail server reported that it was delivered."),
    }
    reported = texts[BounceAction(bounce.action)] % {"when": local_time_text(bounce.reported_at)}
    if bounce.action == BounceAction.DELIVERED:
        return (reported,)
    why = (reported, reason_with_code(bounce.reason, bounce.status_code))
    return (*why, nature_of(bounce.reason)) if bounce.action == BounceAction.FAILED else why


def mailbox_in_words(delivery: Delivery, entry: CalendarEntry, messages: Sequence[Delivery]) -> tuple[str, ...]:
    """Return which revision the message is, what its mailbox holds, and how the person answered."""
    is_latest = delivery.ical_sequence == entry.sequence
    revision = (
        _("It is revision %(revision)s, the newest word to this mailbox about the session.")
        if is_latest
        else _("It is revision %(revision)s. Revision %(newest)s has taken its place: this one is not sent any more.")
    ) % {"revision": delivery.ical_sequence, "newest": entry.sequence}
    arrived = (one for one in messages if one.may_have_arrived and one.state != DeliveryState.BOUNCED)
    held = next(arrived, None)
    if held is None:
        return revision, _("The mailbox holds nothing of the session.")
    if held.sent_at is None:
        text = _("The mailbox may hold revision %(revision)s: the mail server did not say whether it took the message.")
    elif held.ical_method == IcalMethod.CANCEL:
        text = _("The session was taken out of the mailbox by revision %(revision)s.")
    else:
        text = _("The mailbox holds the session, as revision %(revision)s says.")
    answer = _("Answer: %(answer)s.") % {"answer": Partstat(entry.ical_partstat).label}
    return revision, text % {"revision": held.ical_sequence}, answer
