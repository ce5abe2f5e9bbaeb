"""The invitation to register a delegation, for each focal point once registration has begun."""

from datetime import datetime

from django.core.mail import EmailMultiAlternatives
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from registrations.messages.composing import compose
from registrations.messages.composing.hours import hours_for_focal_point, time_left
from registrations.messages.recipients import body_of, recipient_of
from registrations.models import DelegationStatus, Delivery, DeliveryKind, FocalPoint
from registrations.models.delegate import mail_delay
from registrations.queries import released_sessions, requires_letter, seats_of
from registrations.queries.focal_points import (
    Appointment,
    appointments,
    delegations_to_register,
    recipient_is_focal_point,
)
from registrations.tokens import invitation_url

KINDS = (DeliveryKind.REGISTRATION,)
# The people of such a delegation are registered; a focal point who is appointed later finds them there.
REGISTERED = (DelegationStatus.SUBMITTED, DelegationStatus.ACCEPTED)


def owed(*, now: datetime) -> int:
    """Owe one invitation for each focal point and delegation. Four queries at most.

    The row that appoints the focal point is part of the key: a focal point who is appointed anew is invited anew. The
    invitation waits as long as a focal point's own changes do, so that a mistyped address can be removed before it is
    mailed.
    """
    deliveries = [_new_delivery(appointment, now) for appointment in appointments(now=now)]
    return Delivery.objects.insert_owed(Delivery.objects.without_stored(deliveries))


def _new_delivery(appointment: Appointment, now: datetime) -> Delivery:
    return Delivery.to_account(
        appointment.focal_point.user,
        key=appointment.key,
        kind=DeliveryKind.REGISTRATION,
        at=now,
        webinar_id=appointment.delegation.webinar_id,
        delegation=appointment.delegation,
        due_at=now + mail_delay(),
    )


def is_right(delivery: Delivery, *, now: datetime) -> Q:
    """Return the condition under which it may still be sent.

    The recipient is still a focal point of the delegation, which is still to be registered.
    """
    return Q(recipient_is_focal_point(), delegation__in=delegations_to_register(now=now))


def build(delivery: Delivery) -> EmailMultiAlternatives:
    """Build the mail with the quotas, the sessions, the deadline and one link. It names only its recipient."""
    user, delegation = delivery.user, delivery.delegation
    if user is None or delegation is None:
        raise ValueError("An invitation to register needs its recipient and delegation.")
    focal_point = FocalPoint.objects.with_access().select_related("user").get(user=user, body=delegation.body)
    webinar = delegation.webinar
    context = {
        "reader_name": user.name,
        "body_name": delegation.body.name.render(user.language).text,
        "webinar_title": webinar.title.render(user.language).text,
        "is_registered": delegation.status in REGISTERED,
        "asked": [
            (seat.profile.name.render(user.language).text, seat.effective_minimum) for seat in seats_of(delegation)
        ],
        "asks_for_letter": requires_letter(delegation),
        "sessions": [
            hours_for_focal_point(released.starts_at, released.ends_at, user, delegation)
            for released in released_sessions(webinar).filter(is_cancelled=False)
        ],
        "link": invitation_url(focal_point, delegation),
    }
    context |= time_left(delegation, user, delivery.attempted_at or delivery.created_at)
    return compose(
        delivery, "registration", context, name=user.name, language=user.language, contact_email=webinar.contact_email
    )


def describe(delivery: Delivery) -> str:
    return gettext("Asks %(who)s to register the delegation of %(body)s.") % {
        "who": recipient_of(delivery),
        "body": body_of(delivery),
    }


def with_related(deliveries: "QuerySet[Delivery]") -> "QuerySet[Delivery]":
    return deliveries.select_related("delegation__body", "delegation__webinar__policy", "user")
