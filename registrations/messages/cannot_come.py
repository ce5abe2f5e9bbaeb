"""The message to the focal points of a body that one of their delegates cannot come."""

from collections import defaultdict
from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext

from registrations.messages.composing import compose
from registrations.messages.composing.hours import hours_for_focal_point
from registrations.messages.events import REPORTED_WITHIN, new_report
from registrations.messages.recipients import body_of, recipient_of
from registrations.models import Delivery, DeliveryKind, HistoryEvent
from registrations.queries.absences import SAME_REASON_WITHIN, current_absences, sessions_declined_by
from registrations.queries.accounts import account_is_staff, staff_accounts
from registrations.queries.focal_points import accounts_by_body, recipient_is_focal_point

KINDS = (DeliveryKind.CANNOT_COME,)


def owed(*, now: datetime) -> int:
    """Owe one message for each person who cannot come and focal point of their body.

    Active staff get it if the body has no focal point. Costs five queries at most; one if there is no new absence.
    """
    # The last event of a person has their last reason.
    events = {event.delegate_id: event for event in _unreported(now)}
    bodies = {event.delegation.body_id for event in events.values() if event.delegation}
    accounts = accounts_by_body(bodies)
    staff = staff_accounts() if bodies - accounts.keys() else []
    return Delivery.objects.insert_owed(
        new_report(event, user, kind=DeliveryKind.CANNOT_COME, now=now, delegation=event.delegation)
        for event in events.values()
        if event.delegation
        for user in accounts.get(event.delegation.body_id) or staff
    )


def _unreported(now: datetime) -> list[HistoryEvent]:
    """Return the events to report. Two queries; one where nothing is new.

    A reason is reported once. In one hour at most one message without a reason and one with a reason is sent about a
    person: the first reason, which may say who could come instead, is sent at once; another reason waits for the hour.
    """
    events = list(_recent_absences(now))
    if not events:
        return []
    reported: dict[int | None, list[tuple[str, datetime]]] = defaultdict(list)
    deliveries = _stored_deliveries().filter(event__delegate__in={event.delegate_id for event in events}).order_by()
    for delegate_id, reason, at in deliveries.values_list("event__delegate", "event__reason", "created_at"):
        reported[delegate_id].append((reason, at))
    return [event for event in events if _is_news(event, reported[event.delegate_id], now)]


def _recent_absences(now: datetime) -> "QuerySet[HistoryEvent]":
    """Return the recent absences that stand, unless this one or a later one of the same person was reported."""
    as_late = _stored_deliveries().filter(event__delegate=OuterRef("delegate"), event__gte=OuterRef("pk"))
    events = current_absences(now=now).filter(~Exists(as_late), at__gt=now - REPORTED_WITHIN, at__lte=now)
    return events.select_related("delegation").order_by("pk")


def _stored_deliveries() -> "QuerySet[Delivery]":
    return Delivery.objects.not_superseded().filter(kind=DeliveryKind.CANNOT_COME)


def _is_news(event: HistoryEvent, reported: list[tuple[str, datetime]], now: datetime) -> bool:
    """Return whether `event` says something that `reported`, the reasons with their times, did not."""
    lately = [reason for reason, at in reported if at > event.at - SAME_REASON_WITHIN]
    if not event.reason:
        return not lately
    return event.reason not in lately and not any(reason and at > now - SAME_REASON_WITHIN for reason, at in reported)


def is_right(delivery: Delivery, *, now: datetime) -> Q:
    """Return the condition under which it may still be sent.

    The person still cannot come, and the recipient is still a focal point of the body, or staff.
    """
    stands = current_absences(now=now).filter(pk=OuterRef("event"))
    return Q(Exists(stands), account_is_staff() | recipient_is_focal_point())


def build(delivery: Delivery) -> EmailMultiAlternatives:
    """Build the mail with the person, the reason, the declined sessions ahead and a link to replace the person."""
    user, event, delegation = delivery.user, delivery.event, delivery.delegation
    if user is None or event is None or event.delegate is None or delegation is None:
        raise ValueError("A message about an absence needs its recipient, event, person and delegation.")
    now = delivery.attempted_at or delivery.created_at
    with translation.override(user.language):
        link = f"{settings.BASE_URL}{delegation.get_absolute_url()}#delegate-{event.delegate.pk}"
    return compose(
        delivery,
        "cannot_come",
        {
            "reader_name": user.name,
            "person": event.delegate.name,
            "body_name": delegation.body.name.render(user.language).text,
            "webinar_title": delivery.webinar.title.render(user.language).text,
            "reason": event.reason,
            # Staff are the contact themselves.
            **({"contact_email": ""} if user.is_staff else {}),
            "sessions": [
                (
                    released.title.render(user.language).text,
                    hours_for_focal_point(released.starts_at, released.ends_at, user, delegation),
                )
                for released in sessions_declined_by(event.delegate, now=now)
            ],
            "link": link,
        },
        name=user.name,
        language=user.language,
        contact_email=delivery.webinar.contact_email,
    )


def describe(delivery: Delivery) -> str:
    return gettext("Tells %(who)s that %(person)s (%(body)s) cannot come.") % {
        "who": recipient_of(delivery),
        "person": (delivery.event and delivery.event.delegate) or "",
        "body": body_of(delivery),
    }


def with_related(deliveries: "QuerySet[Delivery]") -> "QuerySet[Delivery]":
    return deliveries.select_related("delegation__body", "delegation__webinar", "event__delegate", "user", "webinar")
