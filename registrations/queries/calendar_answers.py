"""What decides whether an answer from a calendar program counts: the messages to its mailbox, and earlier answers."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from registrations.models import AnswerState, CalendarAnswer, CalendarEntry, Delivery, IcalMethod
from sessions_app.agenda import agenda_from_release
from sessions_app.models import Release

# SEQUENCE and DTSTAMP order the answers of a calendar program (RFC 5546 §2.1.5).
Revision = tuple[int, datetime]
# The start and end of each session, by the id of the release and the UID of the session.
TimesByRelease = Mapping[tuple[int | None, UUID], tuple[datetime, datetime]]


def sequences_of_last_time_change(entries: Collection[CalendarEntry]) -> Mapping[int, int]:
    """Return by entry id the SEQUENCE of the last time change; an answer with a lower one is about another time.

    It is the lowest SEQUENCE of the consecutive REQUESTs, counted back from the latest, that have the time and the
    person of the entry; a CANCEL, or a REQUEST with another time or for another person, ends them. A message that was
    superseded before it can have been sent is left out. Two queries; `session` must be loaded.
    """
    messages = list(
        Delivery.objects.not_superseded()
        .filter(entry__in=[entry.pk for entry in entries], ical_sequence__isnull=False)
        .only("entry", "delegate", "release", "ical_method", "ical_sequence")
        .order_by("entry_id", "-ical_sequence")
    )
    by_entry = {pk: list(group) for pk, group in groupby(messages, key=attrgetter("entry_id"))}
    times = _times_by_release({message.release_id for message in messages if message.release_id is not None})
    return {
        entry.pk: _sequence_of_last_time_change(entry, messages=by_entry.get(entry.pk, []), times=times)
        for entry in entries
    }


def _sequence_of_last_time_change(entry: CalendarEntry, *, messages: Iterable[Delivery], times: TimesByRelease) -> int:
    """Look through `messages`, which begin with the newest. Without any, the entry itself has the SEQUENCE."""
    sequence = entry.sequence
    for message in messages:
        time_told = times.get((message.release_id, entry.session.ical_uid))
        is_same = (message.delegate_id, time_told) == (entry.delegate_id, (entry.starts_at, entry.ends_at))
        if message.ical_method != IcalMethod.REQUEST or message.ical_sequence is None or not is_same:
            break
        sequence = message.ical_sequence
    return sequence


def _times_by_release(release_ids: Collection[int]) -> TimesByRelease:
    """Return the times that the sessions had in these releases. One query."""
    return {
        (release.pk, session.ical_uid): (session.starts_at, session.ends_at)
        for release in Release.objects.filter(pk__in=release_ids)
        for session in agenda_from_release(release).sessions
    }


def newest_counted(entries: Collection[CalendarEntry]) -> dict[int, Revision]:
    """Return by entry id the revision of the newest answer of its person that counts. One query."""
    people = {entry.pk: entry.delegate_id for entry in entries}
    counted = CalendarAnswer.objects.filter(entry__in=people, state=AnswerState.COUNTED)
    rows = counted.order_by("ical_sequence", "ical_stamp").values_list(
        "entry", "delegate", "ical_sequence", "ical_stamp"
    )
    return {entry: (sequence, stamp) for entry, delegate, sequence, stamp in rows if people[entry] == delegate}
