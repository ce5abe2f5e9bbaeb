"""An alert to the secretariat: an address is registered elsewhere, or somebody does something too often."""

from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy

from registrations.messages.composing import compose
from registrations.messages.events import new_report, unreported
from registrations.messages.recipients import body_of, recipient_of
from registrations.models import Delivery, DeliveryKind, HistoryEvent, HistoryKind
from registrations.models.history import ALERT_KINDS
from registrations.queries.accounts import account_is_staff, staff_accounts

KINDS = (DeliveryKind.CLASH_ALERT,)
# Staff act on these on the page of the delegation, on the others on the page of the event.
ABOUT_DELEGATION = (HistoryKind.MAIL_HELD, HistoryKind.ATTENDANCE_CHANGED_TOO_OFTEN)
DESCRIPTIONS = {
    HistoryKind.NAMED_TOO_OFTEN: gettext_lazy("Tells %(who)s that %(body)s named the same person again and again."),
    HistoryKind.ATTENDANCE_CHANGED_TOO_OFTEN: gettext_lazy(
        "Tells %(who)s that %(body)s noted again and again that it does not attend."
    ),
    HistoryKind.MAIL_HELD: gettext_lazy("Tells %(who)s that mail to people of %(body)s is held."),
}
ADDRESS_CLASH = gettext_lazy("Tells %(who)s that %(body)s typed an address which is registered already.")


def owed(*, now: datetime) -> int:
    """Owe each active staff account the recent alerts. Three queries; one without a new alert."""
    events = list(unreported(HistoryEvent.objects.filter(kind__in=ALERT_KINDS), now=now))
    staff = staff_accounts() if events else []
    return Delivery.objects.insert_owed(
        new_report(event, user, kind=DeliveryKind.CLASH_ALERT, now=now) for event in events for user in staff
    )


def is_right(delivery: Delivery, *, now: datetime) -> Q:
    """Return the condition under which it may still be sent.

    The recipient is still staff.
    """
    return account_is_staff()


def build(delivery: Delivery) -> EmailMultiAlternatives:
    """Build the alert. It has no name of a person; the admin page that it links to has the details."""
    user, event = delivery.user, delivery.event
    if user is None or event is None or event.delegation is None:
        raise ValueError("An alert needs its recipient and event.")
    if event.kind in ABOUT_DELEGATION:
        link = reverse("admin:registrations_delegation_change", args=[event.delegation.pk])
    else:
        link = reverse("admin:registrations_historyevent_change", args=[event.pk])
    return compose(
        delivery,
        "clash_alert",
        {
            "body_name": event.delegation.body.name.render(user.language).text,
            "webinar_title": delivery.webinar.title.render(user.language).text,
            "kind": event.kind,
            "link": f"{settings.BASE_URL}{link}",
        },
        name=user.name,
        language=user.language,
        contact_email=delivery.webinar.contact_email,
    )


def describe(delivery: Delivery) -> str:
    text = DESCRIPTIONS.get(HistoryKind(delivery.event.kind), ADDRESS_CLASH) if delivery.event else ADDRESS_CLASH
    return text % {"who": recipient_of(delivery), "body": body_of(delivery)}


def with_related(deliveries: "QuerySet[Delivery]") -> "QuerySet[Delivery]":
    return deliveries.select_related("event__delegation__body", "user", "webinar")
