"""The message that brings a participant the links to their pages, after somebody asked for them at `/my/`."""

from collections import defaultdict
from datetime import datetime, timedelta

from django.core.mail import EmailMultiAlternatives
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from registrations.messages.composing import NO_ROW, compose
from registrations.messages.recipients import recipient_of
from registrations.models import Delegate, Delivery, DeliveryKind, LinkRequest
from registrations.queries.participant import delegates_with_sessions_ahead, sessions_ahead_of
from registrations.tokens import page_url
from sessions_app.hours import hours_for

KINDS = (DeliveryKind.LINKS,)
REQUESTS_PER_RUN = 500
# After so long nobody waits for the answer any more.
REQUEST_EXPIRES_AFTER = timedelta(days=1)
MIN_INTERVAL = timedelta(minutes=10)
MAX_PER_DAY = 5
DAY = timedelta(days=1)


def owed(*, now: datetime) -> int:
    """Owe one message for each request of an address that takes part in a webinar ahead, and delete the requests.

    An address, which somebody else may have typed, gets at most one message in `MIN_INTERVAL` and `MAX_PER_DAY` in a
    day. Costs five queries, however many requests there are; one where there is none.
    """
    requests = list(LinkRequest.objects.order_by("pk")[:REQUESTS_PER_RUN])
    if not requests:
        return 0
    fresh = [request for request in requests if request.asked_at > now - REQUEST_EXPIRES_AFTER]
    addresses = [request.address for request in fresh]
    # Where a person takes part in several webinars, the latest registration gives the name and the language.
    people = {person.address: person for person in reversed(delegates_with_sessions_ahead(addresses, now=now))}
    mailed = _mailed_at(list(people), now)
    LinkRequest.objects.filter(pk__in=[request.pk for request in requests]).delete()
    return Delivery.objects.insert_owed(
        _new_delivery(request, people[request.address], now)
        for request in fresh
        if request.address in people and _is_allowed(mailed[request.address], now)
    )


def _mailed_at(addresses: list[str], now: datetime) -> dict[str, list[datetime]]:
    """Return by address when it was owed such a message within the last day."""
    deliveries = Delivery.objects.filter(
        kind=DeliveryKind.LINKS,
        delegate__in=Delegate.objects.with_addresses(addresses).order_by(),
        created_at__gt=now - DAY,
    )
    found: dict[str, list[datetime]] = defaultdict(list)
    for email, created_at in deliveries.order_by().values_list("email", "created_at"):
        found[email.lower()].append(created_at)
    return found


def _is_allowed(mailed_at: list[datetime], now: datetime) -> bool:
    return len(mailed_at) < MAX_PER_DAY and all(at <= now - MIN_INTERVAL for at in mailed_at)


def _new_delivery(request: LinkRequest, person: Delegate, now: datetime) -> Delivery:
    return Delivery(
        key=f"{DeliveryKind.LINKS}:{request.pk}",
        kind=DeliveryKind.LINKS,
        webinar_id=person.webinar_id,
        email=person.email,
        language=person.language,
        delegate=person,
        created_at=now,
        due_at=now,
    )


def is_right(delivery: Delivery, *, now: datetime) -> Q:
    """Return the condition under which it may still be sent.

    The address is still that of the person, who still takes part in something ahead.
    """
    people = delegates_with_sessions_ahead([delivery.email], now=now)
    return Q() if any(person.pk == delivery.delegate_id for person in people) else NO_ROW


def build(delivery: Delivery) -> EmailMultiAlternatives:
    """Build the mail with each webinar ahead of the person, its sessions and the link to their page."""
    person = delivery.delegate
    if person is None:
        raise ValueError("A message with links needs its person.")
    now = delivery.attempted_at or delivery.created_at
    webinars = [
        _webinar_context(delegate, language=person.language, now=now)
        for delegate in delegates_with_sessions_ahead([delivery.email], now=now)
    ]
    return compose(
        delivery,
        "links",
        {"reader_name": person.name, "webinars": webinars},
        name=person.name,
        language=person.language,
        contact_email=person.webinar.contact_email,
    )


def _webinar_context(person: Delegate, *, language: str, now: datetime) -> dict[str, object]:
    return {
        "title": person.webinar.title.render(language).text,
        "body_name": person.delegation.body.name.render(language).text,
        "sessions": [
            (
                released.title.render(language).text,
                hours_for(
                    released.starts_at,
                    released.ends_at,
                    reader_zone=person.timezone,
                    webinar_zone=released.timezone,
                    language=language,
                ),
            )
            for released in sessions_ahead_of(person, now=now)
        ],
        "page_url": page_url(person),
    }


def describe(delivery: Delivery) -> str:
    return gettext("Brings %(who)s the links to their pages, which somebody asked for.") % {
        "who": recipient_of(delivery)
    }


def with_related(deliveries: "QuerySet[Delivery]") -> "QuerySet[Delivery]":
    return deliveries.select_related("delegate__delegation__body", "delegate__webinar")
