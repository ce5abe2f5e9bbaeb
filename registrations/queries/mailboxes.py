"""Which mailboxes do not hold what they should: the questions that the planner asks each 30 s.

Two anti-joins, however many people; where every mailbox is as it should be, both come back empty.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Lower

from registrations.models import CalendarEntry, Delegate, IcalMethod
from sessions_app.models import ReleasedSession


@dataclass(frozen=True)
class Addressee:
    """A person who should hold a session under `address`, lower-cased."""

    session_id: int
    address: str
    delegate_id: int
    email: str
    language: str
    token_version: int


def people_to_tell(*, now: datetime) -> Iterable[Addressee]:
    """Who takes part in a session ahead and whose mailbox is not told so, in its newest revision, under their link.

    Without those whose last change is still held back. One query, by session and address.
    """
    told = CalendarEntry.objects.filter(
        session=OuterRef("session_id"),
        address=OuterRef("mailbox"),
        delegate=OuterRef("pk"),
        token_version=OuterRef("token_version"),
        planned_method=IcalMethod.REQUEST,
        released_sequence__gte=OuterRef("released_sequence"),
    )
    people = _participants(now).filter(~Exists(told))
    rows = people.values_list("session_id", "mailbox", "pk", "email", "language", "token_version")
    return (Addressee(*row) for row in rows)


def _participants(now: datetime) -> "QuerySet[Any]":
    """A row for each person and session ahead in which they take part, their last change no longer held back and their
    mail not waiting for the secretariat; by session and address."""
    return (
        Delegate.objects.to_be_mailed()
        .filter(webinar__sessions__released__in=ReleasedSession.objects.ahead(now), mail_not_before__lte=now)
        .annotate(
            session_id=F("webinar__sessions"),
            released_sequence=F("webinar__sessions__released__sequence"),
            mailbox=Lower("email"),
        )
        .order_by("session_id", "mailbox")
    )


def entries_to_take_back(*, now: datetime) -> "QuerySet[CalendarEntry]":
    """The mailboxes that hold a session ahead, or are about to, and should not: nobody takes part under them.

    A session that was cancelled before its end is one of these. A mailbox waits while the last change of its person,
    or of a newcomer to it, is still held back. One query.
    """
    held_newcomer = (
        Delegate.objects.admitted()
        .alias(mailbox=Lower("email"))
        .filter(webinar=OuterRef("delegate__webinar"), mailbox=OuterRef("address"), mail_not_before__gt=now)
    )
    return (
        CalendarEntry.objects.filter(session__released__ends_at__gt=now, delegate__mail_not_before__lte=now)
        .exclude(planned_method=IcalMethod.CANCEL)
        .exclude(
            session__in=ReleasedSession.objects.ahead(now).values("session"),
            delegate__in=Delegate.objects.taking_part(),
            address=Lower("delegate__email"),
        )
        .exclude(Exists(held_newcomer))
        .order_by()
    )
