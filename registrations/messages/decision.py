"""The message that tells the focal points of a body what was decided about their delegation."""

from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext

from registrations.messages.composing import compose
from registrations.messages.composing.next_step import next_step
from registrations.messages.events import new_report, unreported
from registrations.messages.recipients import body_of, recipient_of
from registrations.models import DelegationStatus, Delivery, DeliveryKind
from registrations.queries import gaps_in, lacks_letter, released_sessions, seats_of
from registrations.queries.decisions import standing_decisions
from registrations.queries.focal_points import accounts_by_body, recipient_is_focal_point

KINDS = (DeliveryKind.DECISION,)


def owed(*, now: datetime) -> int:
    """Owe each focal point the recent decisions on their delegations. Three queries; one without a new decision."""
    events = list(unreported(standing_decisions(), now=now))
    accounts = accounts_by_body(event.delegation.body_id for event in events if event.delegation)
    return Delivery.objects.insert_owed(
        new_report(event, user, kind=DeliveryKind.DECISION, now=now, delegation=event.delegation)
        for event in events
        if event.delegation
        for user in accounts.get(event.delegation.body_id, ())
    )


def is_right(delivery: Delivery, *, now: datetime) -> Q:
    """Return the condition under which it may still be sent.

    The decision still stands, and the recipient is still a focal point of the body.
    """
    stands = standing_decisions().filter(pk=OuterRef("event"))
    return Q(Exists(stands), recipient_is_focal_point())


def build(delivery: Delivery) -> EmailMultiAlternatives:
    """Build the mail with the decision, its reason, what is still missing and why, and what happens next.

    It names no delegate.
    """
    user, event, delegation = delivery.user, delivery.event, delivery.delegation
    if user is None or event is None or delegation is None:
        raise ValueError("A decision needs its recipient, event and delegation.")
    is_attending = delegation.status != DelegationStatus.NOT_ATTENDING
    seats = seats_of(delegation) if is_attending else ()
    sessions, at = list(released_sessions(delegation.webinar)), delivery.attempted_at or delivery.created_at
    with translation.override(user.language):
        link = f"{settings.BASE_URL}{delegation.get_absolute_url()}"
    return compose(
        delivery,
        "decision",
        {
            "reader_name": user.name,
            "event": event,
            "kind": event.kind,
            "body_name": delegation.body.name.render(user.language).text,
            "webinar_title": delivery.webinar.title.render(user.language).text,
            "reason": event.reason,
            "gaps": [(seat.profile.name.render(user.language).text, seat.missing) for seat in gaps_in(seats)],
            "waived": [(seat.profile.name.render(user.language).text, seat.waived) for seat in seats if seat.waived],
            "lacks_letter": is_attending and lacks_letter(delegation),
            "gap_reason": delegation.gap_reason,
            "next_step": next_step(delegation, user, sessions=sessions, language=user.language, now=at),
            "link": link,
        },
        name=user.name,
        language=user.language,
        contact_email=delivery.webinar.contact_email,
    )


def describe(delivery: Delivery) -> str:
    return gettext("Tells %(who)s what was decided about the delegation of %(body)s: %(event)s.") % {
        "who": recipient_of(delivery),
        "body": body_of(delivery),
        "event": delivery.event or "",
    }


def with_related(deliveries: "QuerySet[Delivery]") -> "QuerySet[Delivery]":
    return deliveries.select_related("delegation__body", "delegation__webinar__policy", "event", "user", "webinar")
