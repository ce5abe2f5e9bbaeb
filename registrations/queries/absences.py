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


def absences_that_stand(*, now: datetime) -> "QuerySet[HistoryEvent]":
    """What was said by people who still take part, whose no to a session ahead stands, and who have said yes or maybe
    to none. A session that was moved or added since takes nothing back: it asks them anew."""
    people = Delegate.objects.taking_part()
    # A no counts also where their address was corrected since; a yes only where their calendar is now.
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
        # Nobody signs in to say it; named for the index of history by kind, actor and time.
        actor=None,
    )


def sessions_declined_by(delegate: Delegate, *, now: datetime) -> "QuerySet[ReleasedSession]":
    """The sessions ahead to which `delegate` has said no, as they are released now. One query."""
    theirs = _declined(now).filter(delegate=delegate, session=OuterRef("session"))
    return released_sessions_of(delegate).filter(Exists(theirs))


def _declined(now: datetime) -> "QuerySet[CalendarEntry]":
    """A no to another hour than the released one is none: the planner is about to ask anew."""
    return CalendarEntry.objects.ahead(now).filter(
        ical_partstat=Partstat.DECLINED, starts_at=F("session__released__starts_at")
    )
