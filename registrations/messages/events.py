"""Deliveries that report an event of the history."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from registrations.models import Delivery, DeliveryKind, HistoryEvent, User

# An older event that could not be reported is no longer news.
REPORTED_WITHIN = timedelta(days=14)


def unreported(events: "QuerySet[HistoryEvent]", *, now: datetime) -> "QuerySet[HistoryEvent]":
    """Return the `events` of the last `REPORTED_WITHIN` without a delivery, oldest first, each with its delegation."""
    reported = Delivery.objects.not_superseded().filter(event=OuterRef("pk"))
    recent = events.filter(~Exists(reported), at__gt=now - REPORTED_WITHIN, at__lte=now)
    return recent.select_related("delegation").order_by("pk")


def new_report(event: HistoryEvent, user: User, *, kind: DeliveryKind, now: datetime, **about: object) -> Delivery:
    """Return an unsaved delivery with the fields of `about` that reports `event` to `user`, due at once."""
    return Delivery.to_account(
        user, key=f"{kind}:{event.pk}:{user.pk}", kind=kind, at=now, webinar_id=event.webinar_id, event=event, **about
    )
