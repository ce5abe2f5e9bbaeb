"""The delegations that wait for a decision, and what happened in them of late."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from registrations.models import Delegation, DelegationStatus, HistoryEvent
from registrations.queries.delegation_page import webinars_over
from registrations.queries.letters import lacking_letter
from registrations.queries.lists import seats_of_many
from registrations.queries.seats import gaps_in

LATEST = 4


def delegations_awaiting_decision(*, now: datetime) -> "QuerySet[Delegation]":
    """Those that are submitted and can still be decided on, the one that waits longest first. One query of its own.

    After the last session, and of a webinar that is cancelled, nothing is decided any more: these are seen in the list
    of delegations.
    """
    submitted = Delegation.objects.filter(status=DelegationStatus.SUBMITTED, webinar__cancelled_at__isnull=True)
    over = webinars_over(submitted.order_by().values("webinar"), now=now)
    return submitted.exclude(webinar__in=over).order_by("submitted_at", "pk")


def review_queue_rows(*, now: datetime) -> list[Any]:
    """`delegations_awaiting_decision` with `is_complete`: those that lack nothing first, since one click decides about
    them; then the one that waits longest. Five queries, however many; two where none waits."""
    waiting: Any = delegations_awaiting_decision(now=now).annotate(lacks_letter=lacking_letter())
    rows = list(waiting.select_related("webinar", "body"))
    seats = seats_of_many(rows) if rows else {}
    for row in rows:
        row.is_complete = not row.lacks_letter and not gaps_in(seats[row.pk])
    return sorted(rows, key=lambda row: not row.is_complete)


def latest_history(delegations: Collection[int], *, most: int = LATEST) -> dict[int, tuple[HistoryEvent, ...]]:
    """By id of the delegation its latest events, the last one first, at most `most` of each; none of one without.

    Address clashes too: for the secretariat alone (rule 8). One query, however many.
    """
    place = Window(RowNumber(), partition_by=F("delegation"), order_by=[F("at").desc(), F("pk").desc()])
    events = HistoryEvent.objects.filter(delegation__in=delegations).annotate(place=place).filter(place__lte=most)
    found: dict[int, list[HistoryEvent]] = defaultdict(list)
    for event in events.select_related("actor", "delegate").order_by("-at", "-pk"):
        if event.delegation_id is not None:
            found[event.delegation_id].append(event)
    return {pk: tuple(events) for pk, events in found.items()}
