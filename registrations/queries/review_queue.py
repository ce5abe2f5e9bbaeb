"""The delegations that wait for a decision of the secretariat, and their latest events."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from registrations.models import Delegation, DelegationStatus, HistoryEvent
from registrations.queries.letters import lacking_letter
from registrations.queries.lists import gaps_of_delegations
from registrations.queries.webinar_end import webinars_over

LATEST = 4


def delegations_awaiting_decision(*, now: datetime) -> "QuerySet[Delegation]":
    """Return the submitted delegations that can still be decided, the earliest first. One query when called.

    Delegations of webinars that are over or cancelled are left out, because nothing can be decided about them.
    """
    submitted = Delegation.objects.filter(status=DelegationStatus.SUBMITTED, webinar__cancelled_at__isnull=True)
    over = webinars_over(submitted.order_by().values("webinar"), now=now)
    return submitted.exclude(webinar__in=over).order_by("submitted_at", "pk")


def review_queue_rows(*, now: datetime) -> list[Any]:
    """Return the delegations that wait for a decision, with `is_complete` and the number of `missing` people.

    Complete ones come first, because one click decides about them, then those that wait longest. Costs five queries, or
    two if none waits.
    """
    waiting: Any = delegations_awaiting_decision(now=now).annotate(lacks_letter=lacking_letter())
    rows = list(waiting.select_related("body"))
    gaps = gaps_of_delegations(rows) if rows else {}
    for row in rows:
        row.missing = sum(seat.missing for seat in gaps[row.pk])
        row.is_complete = not row.lacks_letter and not gaps[row.pk]
    return sorted(rows, key=lambda row: not row.is_complete)


def latest_history(delegations: Collection[int], *, most: int = LATEST) -> dict[int, tuple[HistoryEvent, ...]]:
    """Return the latest events of each delegation, at most `most`, the latest first. Costs one query.

    The events include address clashes, which only the secretariat may see (rule 8).
    """
    position = Window(RowNumber(), partition_by=F("delegation"), order_by=[F("at").desc(), F("pk").desc()])
    events = (
        HistoryEvent.objects.filter(delegation__in=delegations).annotate(position=position).filter(position__lte=most)
    )
    found: dict[int, list[HistoryEvent]] = defaultdict(list)
    for event in events.select_related("actor", "delegate").order_by("-at", "-pk"):
        if event.delegation_id is not None:
            found[event.delegation_id].append(event)
    return {pk: tuple(events) for pk, events in found.items()}
