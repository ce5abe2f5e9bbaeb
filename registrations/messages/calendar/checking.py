"""Checks, just before a calendar message leaves, that it is still right."""

from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.lookups import Exact

from registrations.messages.composing import NO_ROW
from registrations.models import CalendarEntry, Delivery, IcalMethod
from sessions_app.models import ReleasedSession
from sessions_app.models.release import is_ahead

# The entries that invite to the revision of a session that is released. The check of each invitation narrows this
# queryset, which is put together once, with short names for the columns that it compares: that takes a millisecond.
INVITED = (
    CalendarEntry.objects.invited()
    .filter(released_sequence=F("session__released__sequence"))
    .alias(
        session_sequence=F("session__released__sequence"),
        session_ends_at=F("session__released__ends_at"),
        session_is_cancelled=F("session__released__is_cancelled"),
    )
    .values("pk")
)


def is_right(delivery: Delivery, *, now: datetime) -> Q:
    """Return the condition under which it may still be sent.

    The message is the latest to the mailbox, and what it says of the session and the person still holds.
    """
    if delivery.ical_method == IcalMethod.CANCEL:
        return _cancel_is_right(now)
    return _request_is_right(delivery, now)


def _request_is_right(delivery: Delivery, now: datetime) -> Q:
    """The message is the latest to the mailbox, the session is ahead, and the person takes part.

    The message is built from what was loaded with `delivery`, so the session must still be in that revision, and the
    person still have that version of their link.
    """
    if delivery.delegate is None or delivery.session is None or delivery.entry is None:
        return NO_ROW
    version, revision = delivery.delegate.token_version, delivery.session.released.sequence
    entries = INVITED.filter(
        is_ahead(now, path="session_"),
        pk=delivery.entry.pk,
        sequence=delivery.ical_sequence or 0,
        session_sequence=revision,
        token_version=version,
    )
    return Q(entry__in=entries)


def _cancel_is_right(now: datetime) -> Q:
    """The session is not over, the message is the latest to the mailbox, and the mailbox has, or may have, the session.

    If the server refused the invitation after this cancellation was planned, there is nothing to cancel.
    """
    is_not_over = Exists(ReleasedSession.objects.filter(session=OuterRef("session"), ends_at__gt=now))
    is_latest = Exists(Delivery.objects.latest_of_entry().filter(pk=OuterRef("pk")))
    before = Delivery.objects.filter(
        entry=OuterRef("entry"), may_have_arrived=True, ical_sequence__lt=OuterRef("ical_sequence")
    ).order_by("-ical_sequence")
    holds_it = Exact(Subquery(before.values("ical_method")[:1]), Value(IcalMethod.REQUEST))
    return Q(is_not_over, is_latest, holds_it)
