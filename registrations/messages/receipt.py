"""The acknowledgement of receipt: what all focal points of a body are told about a submission of their delegation."""

from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext

from registrations.messages.composing import compose
from registrations.messages.composing.hours import hours_for_focal_point
from registrations.messages.composing.next_step import next_step
from registrations.messages.events import new_report, unreported
from registrations.messages.recipients import body_of, recipient_of
from registrations.models import Delivery, DeliveryKind
from registrations.queries import released_sessions
from registrations.queries.focal_points import accounts_by_body, recipient_is_focal_point
from registrations.queries.receipts import Receipt, acknowledged_submissions, receipt_of

KINDS = (DeliveryKind.RECEIPT,)


def owed(*, now: datetime) -> int:
    """Owe each focal point the receipts of recent submissions. Three queries; one without a new submission."""
    events = list(unreported(acknowledged_submissions(), now=now))
    accounts = accounts_by_body(event.delegation.body_id for event in events if event.delegation)
    return Delivery.objects.insert_owed(
        new_report(event, user, kind=DeliveryKind.RECEIPT, now=now, delegation=event.delegation)
        for event in events
        if event.delegation
        for user in accounts.get(event.delegation.body_id, ())
    )


def is_right(delivery: Delivery, *, now: datetime) -> Q:
    """Return the condition under which it may still be sent.

    The delegation was not submitted again or sent back since, and the recipient is still a focal point of the body.
    """
    stands = acknowledged_submissions().filter(pk=OuterRef("event"))
    return Q(Exists(stands), recipient_is_focal_point())


def build(delivery: Delivery) -> EmailMultiAlternatives:
    """Build the mail with who was named, what is missing and why, and what happens next.

    It names delegates, since it goes to those who registered them (rule 16).
    """
    user, event, delegation = delivery.user, delivery.event, delivery.delegation
    if user is None or event is None or delegation is None:
        raise ValueError("A receipt needs its recipient, event and delegation.")
    receipt, language = receipt_of(event.verification_code), user.language
    sessions = list(released_sessions(delegation.webinar))
    at = delivery.attempted_at or delivery.created_at
    with translation.override(language):
        state = delegation.get_status_display()
        link = f"{settings.BASE_URL}{delegation.get_absolute_url()}#receipt"
    return compose(
        delivery,
        "receipt",
        {
            "reader_name": user.name,
            "body_name": delegation.body.name.render(language).text,
            "webinar_title": delivery.webinar.title.render(language).text,
            "submitted": hours_for_focal_point(event.at, None, user, delegation),
            "submitted_by": event.actor,
            "state": state,
            "reason": event.reason,
            "profiles": _profiles(receipt, language),
            "has_quotas": any(line.asked for line in receipt.profiles),
            "lacks_letter": receipt.lacks_letter,
            "is_incomplete": receipt.is_incomplete,
            "next_step": next_step(delegation, user, sessions=sessions, language=language, now=at),
            "link": link,
        },
        name=user.name,
        language=language,
        contact_email=delivery.webinar.contact_email,
    )


def _profiles(receipt: Receipt, language: str) -> list[dict[str, object]]:
    return [
        {
            "name": line.profile.name.render(language).text if line.profile else "",
            "named": line.named,
            "asked": line.asked,
            "missing": line.missing,
            "people": line.people,
        }
        for line in receipt.profiles
    ]


def describe(delivery: Delivery) -> str:
    return gettext("Acknowledges to %(who)s that the delegation of %(body)s was submitted.") % {
        "who": recipient_of(delivery),
        "body": body_of(delivery),
    }


def with_related(deliveries: "QuerySet[Delivery]") -> "QuerySet[Delivery]":
    return deliveries.select_related(
        "delegation__body",
        "delegation__webinar__policy",
        "event__actor",
        "event__verification_code",
        "user",
        "webinar",
    )
