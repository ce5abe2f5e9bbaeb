"""Links that were asked for: to addresses that take part in something, and not too often to one of them."""

from collections import defaultdict
from datetime import datetime, timedelta

from registrations.models import Delegate, Delivery, DeliveryKind, LinkRequest
from registrations.queries.participant import delegates_with_sessions_ahead

# So many requests are looked at in one run.
BATCH = 500
# After it nobody waits for the answer any more.
WAITED_FOR = timedelta(days=1)
PAUSE = timedelta(minutes=10)
PER_DAY = 5
DAY = timedelta(days=1)


def plan_links(*, now: datetime) -> int:
    """Owe one mail for each request of an address that takes part in a webinar ahead; how many there are.

    The requests are deleted with it, whatever became of them. At most one mail in `PAUSE` and `PER_DAY` in a day to an
    address, which somebody else may have typed. Five queries, however many requests; one where there is none.
    """
    requests = list(LinkRequest.objects.order_by("pk")[:BATCH])
    if not requests:
        return 0
    fresh = [request for request in requests if request.asked_at > now - WAITED_FOR]
    addresses = [request.address for request in fresh]
    # Of several registrations, the latest tells name and language.
    people = {person.address: person for person in reversed(delegates_with_sessions_ahead(addresses, now=now))}
    mailed = _mailed(list(people), now)
    owed = [
        _delivery(request, people[request.address], now)
        for request in fresh
        if request.address in people and _is_allowed(mailed[request.address], now)
    ]
    Delivery.objects.bulk_create(owed, batch_size=BATCH, ignore_conflicts=True)
    LinkRequest.objects.filter(pk__in=[request.pk for request in requests]).delete()
    return len(owed)


def _mailed(addresses: list[str], now: datetime) -> dict[str, list[datetime]]:
    """By address, when it was owed such a mail in the last day."""
    theirs = Delivery.objects.filter(
        kind=DeliveryKind.LINKS,
        delegate__in=Delegate.objects.with_addresses(addresses).order_by(),
        created_at__gt=now - DAY,
    )
    found: dict[str, list[datetime]] = defaultdict(list)
    for email, created_at in theirs.order_by().values_list("email", "created_at"):
        found[email.lower()].append(created_at)
    return found


def _is_allowed(mailed: list[datetime], now: datetime) -> bool:
    return len(mailed) < PER_DAY and all(at <= now - PAUSE for at in mailed)


def _delivery(request: LinkRequest, person: Delegate, now: datetime) -> Delivery:
    return Delivery(
        key=f"{DeliveryKind.LINKS}:{request.pk}",
        kind=DeliveryKind.LINKS,
        email=person.email,
        language=person.language,
        delegate=person,
        created_at=now,
        due_at=now,
    )
