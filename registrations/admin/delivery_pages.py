"""The page of one delivery: in words what it is, for whom, what became of it, and what its mailbox holds."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from registrations.models import CalendarEntry, Delivery, DeliveryKind, DeliveryState, HistoryKind, IcalMethod, Partstat
from registrations.queries.delegation_page import RESENDABLE_STATES
from registrations.services.deliveries import STOPPABLE

ABOUT = {
    DeliveryKind.INVITATION: gettext_lazy("Invites %(who)s to %(session)s."),
    DeliveryKind.UPDATE: gettext_lazy("Tells %(who)s what has changed about %(session)s."),
    DeliveryKind.CANCELLATION: gettext_lazy("Takes back the invitation of %(who)s to %(session)s."),
    DeliveryKind.REMINDER: gettext_lazy("Reminds %(who)s of %(session)s."),
    DeliveryKind.REGISTRATION: gettext_lazy("Asks %(who)s to register the delegation of %(body)s."),
    DeliveryKind.GAP_NOTICE: gettext_lazy("Tells %(who)s what is missing in the delegation of %(body)s."),
    DeliveryKind.DECISION: gettext_lazy("Tells %(who)s what was decided about the delegation of %(body)s: %(event)s."),
    DeliveryKind.ANNOUNCEMENT: gettext_lazy("Brings %(who)s the announcement “%(announcement)s”."),
    DeliveryKind.TEST: gettext_lazy("Shows %(who)s how a mail reads, before others get it."),
    DeliveryKind.CANNOT_COME: gettext_lazy("Tells %(who)s that %(person)s (%(body)s) cannot come."),
    DeliveryKind.LINKS: gettext_lazy("Brings %(who)s the links to their pages, which somebody asked for."),
    DeliveryKind.CLASH_ALERT: gettext_lazy("Tells %(who)s that %(body)s typed an address which is registered already."),
}
# Of an alert, by what it alerts of.
ABOUT_ALERTS = {
    HistoryKind.NAMED_TOO_OFTEN: gettext_lazy("Tells %(who)s that %(body)s named the same person again and again."),
    HistoryKind.ATTENDANCE_CHANGED_TOO_OFTEN: gettext_lazy(
        "Tells %(who)s that %(body)s noted again and again that it does not attend."
    ),
    HistoryKind.MAIL_HELD: gettext_lazy("Tells %(who)s that mail to people of %(body)s is held."),
}
ABOUT_ELSE = gettext_lazy("A message to %(who)s.")


def delivery_page(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """To read. Two queries, however many messages its mailbox got."""
    now = timezone.now()
    related = (
        "announcement", "delegate__delegation__body", "user", "session", "entry", "delegation__body",
        "event__delegation__body", "event__delegate",
    )  # fmt: skip
    delivery = get_object_or_404(Delivery.objects.select_related(*related), pk=pk)
    entry = delivery.entry
    messages = list(Delivery.objects.filter(entry=entry).order_by("-ical_sequence")) if entry is not None else []
    is_repeatable = delivery.state != DeliveryState.SENT or (
        delivery.ical_method == IcalMethod.REQUEST or delivery.kind == DeliveryKind.REGISTRATION
    )
    context = site.each_context(request) | {
        "opts": Delivery._meta,
        "title": delivery.get_kind_display(),
        "delivery": delivery,
        "about": about(delivery),
        "state": what_became_of(delivery, now),
        "error": _(delivery.last_error) if delivery.last_error else "",
        "is_overdue": delivery.is_overdue_at(now),
        "mailbox": what_it_holds(delivery, entry, messages) if entry is not None else (),
        "messages_of_mailbox": messages,
        "can_be_stopped": delivery.state in STOPPABLE,
        "can_be_sent_again": delivery.state in RESENDABLE_STATES and is_repeatable,
    }
    return TemplateResponse(request, "admin/registrations/delivery/page.html", context)


def about(delivery: Delivery) -> str:
    """What it says to whom: "Invites Ana Paz (Honduras) to session 1, “Context”, Mon 16 Nov 2026, 09:00."."""
    delegation = delivery.event.delegation if delivery.event is not None else delivery.delegation
    text = ABOUT.get(DeliveryKind(delivery.kind), ABOUT_ELSE)
    if delivery.kind == DeliveryKind.CLASH_ALERT and delivery.event is not None:
        text = ABOUT_ALERTS.get(HistoryKind(delivery.event.kind), text)
    return text % {
        "who": _reader(delivery),
        "session": _session(delivery),
        "body": delegation.body if delegation is not None else "",
        "event": delivery.event or "",
        "person": (delivery.event and delivery.event.delegate) or "",
        "announcement": delivery.announcement or "",
    }


def _reader(delivery: Delivery) -> str:
    if delivery.delegate is not None:
        return f"{delivery.delegate} ({delivery.delegate.delegation.body})"
    return str(delivery.user or delivery.email)


def _session(delivery: Delivery) -> str:
    if delivery.session is None:
        return ""
    named = _("session %(number)s, “%(title)s”") % {
        "number": delivery.session.number,
        "title": delivery.session.title,
    }
    return f"{named}, {_at(delivery.starts_at)}" if delivery.starts_at else named


def what_became_of(delivery: Delivery, now: datetime) -> str:
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
        case DeliveryState.STOPPED:
            text = _("It was stopped, and waits until somebody sends it again.")
        case _:
            text = _("It is not sent any more: something newer took its place, or what it says is no longer so.")
    return text % {
        "attempts": delivery.attempts,
        "when": _at(delivery.due_at),
        "owed": _at(delivery.owed_since),
        "sent": _at(delivery.sent_at) if delivery.sent_at else "",
    }


def what_it_holds(delivery: Delivery, entry: CalendarEntry, messages: Sequence[Delivery]) -> tuple[str, ...]:
    """Where the message stands among those to its mailbox, what that holds, and what its reader answered."""
    is_newest = delivery.ical_sequence == entry.sequence
    place = (
        _("It is revision %(revision)s, the newest word to this mailbox about the session.")
        if is_newest
        else _("It is revision %(revision)s. Revision %(newest)s has taken its place: this one is not sent any more.")
    ) % {"revision": delivery.ical_sequence, "newest": entry.sequence}
    held = next((one for one in messages if one.may_have_arrived), None)
    if held is None:
        return place, _("The mailbox holds nothing of the session.")
    if held.sent_at is None:
        text = _("The mailbox may hold revision %(revision)s: the mail server did not say whether it took the message.")
    elif held.ical_method == IcalMethod.CANCEL:
        text = _("The session was taken out of the mailbox by revision %(revision)s.")
    else:
        text = _("The mailbox holds the session, as revision %(revision)s says.")
    answer = _("Answer: %(answer)s.") % {"answer": Partstat(entry.ical_partstat).label}
    return place, text % {"revision": held.ical_sequence}, answer


def _at(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "D j M Y, H:i")
