"""Who has said that they cannot come."""

from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Lower

from registrations.models import (
    CalendarEntry,
    Delegate,
    HistoryEvent,
    HistoryKind,
    Partstat,
)
from registrations.queries.participant import released_sessions_of
from sessions_app.models import ReleasedSession

# The same reason, given once more within this time, is no news.
SAME_REASON_WITHIN = timedelta(hours=1)


def current_absences(*, now: datetime) -> "QuerySet[HistoryEvent]":
    """Return the events of people who cannot come, still take part, and have declined a session ahead.

    Leaves out people who have answered yes or maybe to any session ahead. A session that was moved or added since does
    not end an absence: it asks for another answer.
    """
    people = Delegate.objects.taking_part()
    # A no still counts after the address was corrected; a yes counts only for the present address.
    yes = CalendarEntry.objects.ahead(now).filter(
        delegate=OuterRef("delegate"),
        address=Lower(OuterRef("delegate__email")),
        ical_partstat__in=[Partstat.ACCEPTED, Partstat.TENTATIVE],
    )
    return HistoryEvent.objects.filter(
        Exists(people.filter(pk=OuterRef("delegate"))),
        Exists(_declined(now).filter(delegate=OuterRef("delegate"))),
        ~Exists(yes),
        kind=HistoryKind.CANNOT_COME,
        # A participant has no account. The condition lets the index by kind, actor and time be used.
        actor=None,
    )


def sessions_declined_by(delegate: Delegate, *, now: datetime) -> "QuerySet[ReleasedSession]":
    """Return the released sessions ahead that `delegate` has declined. One query."""
    theirs = _declined(now).filter(delegate=delegate, session=OuterRef("session"))
    return released_sessions_of(delegate).filter(Exists(theirs))


def _declined(now: datetime) -> "QuerySet[CalendarEntry]":
    """Return the entries of sessions ahead that are declined at the released hour; a moved session is asked anew."""
    return CalendarEntry.objects.ahead(now).filter(
        ical_partstat=Partstat.DECLINED, starts_at=F("session__released__starts_at")
    )
