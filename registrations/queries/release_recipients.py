"""Counts the people who would be mailed if an agenda were released.

The page of the release reads the figures through `sessions_app/participants.py`, and shows them with
`sessions_app/release_recipients.py`.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Count

from registrations.models import CalendarEntry, Delegate, IcalMethod
from sessions_app.models import Webinar
from sessions_app.releases import AgendaChanges


def count_recipients(webinar: Webinar, changes: AgendaChanges, *, now: datetime) -> Mapping[int, int]:
    """Return how many people would be mailed about each changed session, by session number. Costs two queries.

    A cancellation is mailed to the mailboxes that hold the session or are about to; any other change to everyone who
    takes part. Nobody is mailed about a session that is over.
    """
    invited = Delegate.objects.to_be_mailed().filter(webinar=webinar).count()
    holding = dict(
        CalendarEntry.objects.filter(session__webinar=webinar, planned_method=IcalMethod.REQUEST)
        .order_by()
        .values_list("session__number")
        .annotate(mailboxes=Count("pk"))
    )
    recipients = {}
    for change in changes.sessions:
        mailed = holding.get(change.number, 0) if change.after.is_cancelled else invited
        recipients[change.number] = mailed if change.after.ends_at > now else 0
    return recipients
