"""The notice that mail to a person came back: to the focal points of the body, or to staff if only they can mend it."""

from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from registrations.messages.composing import compose
from registrations.messages.events import new_report, unreported
from registrations.messages.recipients import body_of, recipient_of
from registrations.models import Bounce, Delivery, DeliveryKind, HistoryEvent, HistoryKind
from registrations.queries.accounts import account_is_staff, staff_accounts
from registrations.queries.focal_points import accounts_by_body, recipient_is_focal_point

KINDS = (DeliveryKind.BOUNCE_NOTICE,)


def owed(*, now: datetime) -> int:
    """Owe one notice for each recent event and focal point of its body; staff get those without a delegation.

    Staff also get it if the body has no focal point. Four queries at most; one if nothing came back.
    """
    to_report = HistoryEvent.objects.filter(_has_unresolved_bounce(OuterRef("pk")), kind=HistoryKind.BOUNCED)
    events = list(unreported(to_report, now=now))
    bodies = {event.delegation.body_id for event in events if event.delegation}
    accounts = accounts_by_body(bodies) if bodies else {}
    staff = staff_accounts() if events else []
    return Delivery.objects.insert_owed(
        new_report(event, user, kind=DeliveryKind.BOUNCE_NOTICE, now=now, delegation=event.delegation)
        for event in events
        for user in (event.delegation and accounts.get(event.delegation.body_id)) or staff
    )


def is_right(delivery: Delivery, *, now: datetime) -> Q:
    """Return the condition under which it may still be sent.

    The mail was not sent again and the address not corrected since, and the recipient is still a focal point of the
    body, or staff.
    """
    return Q(_has_unresolved_bounce(OuterRef("event")), account_is_staff() | recipient_is_focal_point())


def _has_unresolved_bounce(event: OuterRef) -> Exists:
    """Return the condition that the message which `event` is about is unresolved and its address still the same."""
    return Exists(Bounce.objects.current().filter(event=event))


def build(delivery: Delivery) -> EmailMultiAlternatives:
    """Build the notice with whose mail came back, the address, the reason and a link to the place to correct it."""
    user, event = delivery.user, delivery.event
    bounce = Bounce.objects.select_related("delivery__delegate", "delivery__user").filter(event=event).first()
    if user is None or bounce is None:
        raise ValueError("A notice about mail that came back needs its recipient and the mail.")
    recipient = bounce.delivery.delegate or bounce.delivery.user
    with translation.override(user.language):
        reason = bounce.get_reason_display()
        link = f"{settings.BASE_URL}{_link(delivery, bounce)}"
    return compose(
        delivery,
        "bounce_notice",
        {
            "reader_name": user.name,
            "person": recipient,
            "address": bounce.address,
            "reason": reason,
            "is_address_wrong": bounce.is_permanent,
            "body_name": delivery.delegation.body.name.render(user.language).text if delivery.delegation else "",
            "webinar_title": delivery.webinar.title.render(user.language).text,
            "link": link,
            # Staff are the contact themselves.
            **({"contact_email": ""} if user.is_staff else {}),
        },
        name=user.name,
        language=user.language,
        contact_email=delivery.webinar.contact_email,
    )


def _link(delivery: Delivery, bounce: Bounce) -> str:
    """Return the path of the place where the address is corrected, for staff that of the mail that came back."""
    if delivery.delegation is None or bounce.delivery.delegate_id is None:
        return reverse("admin:registrations_delivery_change", args=[bounce.delivery_id])
    return f"{delivery.delegation.get_absolute_url()}#delegate-{bounce.delivery.delegate_id}"


def describe(delivery: Delivery) -> str:
    if delivery.delegation is None:
        return gettext("Tells %(who)s that a message came back.") % {"who": recipient_of(delivery)}
    return gettext("Tells %(who)s that a message to a person of %(body)s came back.") % {
        "who": recipient_of(delivery),
        "body": body_of(delivery),
    }


def with_related(deliveries: "QuerySet[Delivery]") -> "QuerySet[Delivery]":
    return deliveries.select_related("delegation__body", "delegation__webinar", "event", "user", "webinar")
