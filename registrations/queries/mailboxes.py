"""Which mailboxes do not hold what they should. The planner runs these two queries every 30 seconds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Lower

from registrations.models import CalendarEntry, Delegate, IcalMethod
from sessions_app.models import ReleasedSession


@dataclass(frozen=True)
class Invitee:
    """A person whose mailbox at `address`, lower-cased, should hold a session."""

    session_id: int
    address: str
    delegate_id: int
    email: str
    language: str
    token_version: int


def people_to_invite(*, now: datetime) -> Iterable[Invitee]:
    """Yield the participants of sessions ahead who are not invited to the newest revision, under their present link.

    Leaves out people whose last change is still held back. One query, ordered by session and address.
    """
    invited = CalendarEntry.objects.filter(
        session=OuterRef("session_id"),
        address=OuterRef("mailbox"),
        delegate=OuterRef("pk"),
        token_version=OuterRef("token_version"),
        planned_method=IcalMethod.REQUEST,
        released_sequence__gte=OuterRef("released_sequence"),
    )
    people = _participants(now).filter(~Exists(invited))
    rows = people.values_list("session_id", "mailbox", "pk", "email", "language", "token_version")
    return (Invitee(*row) for row in rows)


def _participants(now: datetime) -> "QuerySet[Any]":
    """Return a row for each person and session ahead in which they take part, ordered by session and address.

    Leaves out people whose last change or whose mail is still held back.
    """
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


def entries_to_cancel(*, now: datetime) -> "QuerySet[CalendarEntry]":
    """Return the entries that hold a session that is not over, or are about to, although nobody takes part with them.

    Includes the entries of a cancelled session. Leaves out mailboxes for whose person, or for a newcomer to them, a
    change is still held back. One query.
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
