"""Makes answers from calendar programs count as on the page, or keeps why they do not (rule 21)."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from registrations.exceptions import InvalidInput
from registrations.models import (
    AnswerState,
    AttentionReason,
    CalendarAnswer,
    CalendarEntry,
    Delegate,
    HistoryKind,
    IcalMethod,
    IgnoredBecause,
    IncomingMail,
    Partstat,
    User,
)
from registrations.queries.calendar_answers import Revision, newest_counted, sequences_of_last_time_change
from registrations.queries.participant import is_invited, sessions_ahead_of
from registrations.services.answers import clean_decline_reason, record_absence, save_answer
from registrations.services.history import record
from registrations.services.inbox.calendar_replies import CalendarReply
from registrations.services.inbox.parsing import ascii_and_unicode_forms, one_line
from registrations.services.transactions import atomic_with_retry

# As long as its column.
MAX_FROM_ADDRESS = 320


@transaction.atomic
def record_reply(
    mail: IncomingMail, reply: CalendarReply, *, is_proven: bool, from_address: str, now: datetime
) -> CalendarAnswer | AttentionReason:
    """Store the answer that `mail` brought; if `is_proven`, it counts like one that is given on the page.

    An answer that does not count any more is stored with the reason; one that is not proven waits for staff. Returns
    UNKNOWN_SESSION, and stores nothing, if no mailbox of ours holds this session. Locks the calendar entries of the
    person.
    """
    found = _find_entry(reply)
    if found is None:
        return AttentionReason.UNKNOWN_SESSION
    entries = _lock_entries([found])
    entry = entries[found.pk]
    answer = CalendarAnswer(
        mail=mail,
        entry=entry,
        delegate=entry.delegate,
        ical_partstat=reply.partstat,
        # A number above that of our message would outdo all later answers.
        ical_sequence=min(reply.sequence, entry.sequence),
        # A clock that is fast must not outdo later answers.
        ical_stamp=min(reply.stamp, now),
        comment=reply.comment,
        from_address=one_line(from_address)[:MAX_FROM_ADDRESS],
        received_at=now,
        state=AnswerState.TO_CONFIRM,
    )
    first, newest = sequences_of_last_time_change([entry])[entry.pk], newest_counted([entry]).get(entry.pk)
    because = _why_ignored(answer, entry, first_sequence=first, newest=newest, now=now)
    if is_proven or because is not None:
        _apply_outcome(answer, entries, because=because, by=None, now=now)
    answer.save(force_insert=True)
    return answer


@atomic_with_retry
def confirm_answers(answer_ids: Collection[int], *, by: User, now: datetime) -> int:
    """Make those of the answers count that wait to be confirmed; return how many now do.

    The rules apply as they do `now`: an answer that does not count any more is kept with the reason, and of two answers
    to one session the newer counts. A second call changes nothing. Locks the calendar entries of the people, then the
    answers.
    """
    waiting = CalendarAnswer.objects.filter(pk__in=answer_ids, state=AnswerState.TO_CONFIRM)
    entries = _lock_entries(CalendarEntry.objects.filter(answers__in=waiting).order_by())
    answers = list(waiting.select_for_update().order_by("pk"))
    concerned = [entries[pk] for pk in {answer.entry_id for answer in answers}]
    first, newest = sequences_of_last_time_change(concerned), newest_counted(concerned)
    for answer in sorted(answers, key=_revision, reverse=True):
        pk = answer.entry_id
        because = _why_ignored(answer, entries[pk], first_sequence=first[pk], newest=newest.get(pk), now=now)
        _apply_outcome(answer, entries, because=because, by=by, now=now)
        answer.save(update_fields=["state", "ignored_because", "decided_at", "decided_by"])
        if because is None:
            newest[pk] = _revision(answer)
    return sum(answer.state == AnswerState.COUNTED for answer in answers)


@atomic_with_retry
def dismiss_answers(answer_ids: Collection[int], *, by: User, now: datetime) -> int:
    """Dismiss those of the answers that wait to be confirmed; return how many. A second call dismisses none."""
    waiting = CalendarAnswer.objects.filter(pk__in=answer_ids, state=AnswerState.TO_CONFIRM)
    return waiting.update(state=AnswerState.DISMISSED, decided_at=now, decided_by=by)


def _find_entry(reply: CalendarReply) -> CalendarEntry | None:
    try:
        uid = UUID(reply.uid)
    except ValueError:
        return None
    return CalendarEntry.objects.filter(
        session__ical_uid=uid, address__in=ascii_and_unicode_forms(reply.attendee)
    ).first()


def _lock_entries(entries: Iterable[CalendarEntry]) -> dict[int, CalendarEntry]:
    """Lock all calendar entries of the people of `entries`, by id, and return them by id with what they refer to."""
    keys = {entry.pk: entry.delegate_id for entry in entries}
    rows = CalendarEntry.objects.filter(Q(pk__in=keys) | Q(delegate__in=set(keys.values())))
    locked = rows.select_for_update(no_key=True, of=("self",)).order_by("pk")
    return {entry.pk: entry for entry in locked.select_related("session__released", "delegate__delegation")}


def _revision(answer: CalendarAnswer) -> Revision:
    return answer.ical_sequence, answer.ical_stamp


def _why_ignored(
    answer: CalendarAnswer, entry: CalendarEntry, *, first_sequence: int, newest: Revision | None, now: datetime
) -> IgnoredBecause | None:
    """Return why `answer` does not count, or None if it does.

    `first_sequence` is that of the last time change, `newest` the revision of the newest answer that counts.
    """
    released = entry.session.released
    if released.is_cancelled:
        return IgnoredBecause.SESSION_CANCELLED
    if now >= released.ends_at:
        return IgnoredBecause.SESSION_OVER
    if not _is_invited(entry) or answer.delegate_id != entry.delegate_id:
        return IgnoredBecause.NOT_INVITED
    # A session that was moved is released before the mailbox is told of it.
    is_moved = (entry.starts_at, entry.ends_at) != (released.starts_at, released.ends_at)
    if is_moved or answer.ical_sequence < first_sequence:
        return IgnoredBecause.OF_EARLIER_TIME
    if newest is not None and _revision(answer) <= newest:
        return IgnoredBecause.OLDER
    # The present answer is from the page, unless it is the newest one of the calendar.
    answered_on_page = entry.answered_at if newest is None or entry.answered_at != newest[1] else None
    if answered_on_page is not None and answered_on_page > _given_at(answer, entry):
        return IgnoredBecause.ANSWERED_ON_PAGE
    return None


def _given_at(answer: CalendarAnswer, entry: CalendarEntry) -> datetime:
    """Return when the answer was given. A clock may be slow, but nobody answers a message before it was made."""
    if answer.ical_sequence < entry.sequence:
        return answer.ical_stamp
    return max(answer.ical_stamp, entry.stamp)


def _is_invited(entry: CalendarEntry) -> bool:
    return (
        is_invited(entry.delegate)
        and entry.address == entry.delegate.address
        and entry.planned_method != IcalMethod.CANCEL
    )


def _apply_outcome(
    answer: CalendarAnswer,
    entries: Mapping[int, CalendarEntry],
    *,
    because: IgnoredBecause | None,
    by: User | None,
    now: datetime,
) -> None:
    """Set in `answer`, without saving it, that it is ignored for this reason or else counts, and make it count."""
    answer.decided_at, answer.decided_by = now, by
    if because is not None:
        answer.state, answer.ignored_because = AnswerState.IGNORED, because
        return
    answer.state = AnswerState.COUNTED
    entry = entries[answer.entry_id]
    before, partstat = entry.ical_partstat, Partstat(answer.ical_partstat)
    is_new = save_answer(entry, entry.session, partstat=partstat, at=answer.ical_stamp)
    if is_new or answer.comment:
        record(
            HistoryKind.ANSWERED,
            delegation=entry.delegate.delegation,
            delegate=entry.delegate,
            by=by,
            now=answer.ical_stamp,
            reason=answer.comment,
            changes={"session": [entry.session.released.number] * 2, "answer": [before, partstat.value]},
        )
    if is_new and partstat == Partstat.DECLINED:
        _record_absence(entry.delegate, entries.values(), comment=answer.comment, now=now)


def _record_absence(delegate: Delegate, entries: Iterable[CalendarEntry], *, comment: str, now: datetime) -> None:
    """Record that `delegate` cannot come if they have declined every session ahead.

    Focal points are told of it. They are told the comment if it would be accepted as a reason on the page. The caller
    has made sure that the answer is new.
    """
    ahead = {(released.session_id, released.starts_at) for released in sessions_ahead_of(delegate, now=now)}
    theirs = [entry for entry in entries if (entry.delegate_id, entry.address) == (delegate.pk, delegate.address)]
    declined = {(entry.session_id, entry.starts_at) for entry in theirs if entry.ical_partstat == Partstat.DECLINED}
    if not ahead <= declined:
        return
    try:
        reason = clean_decline_reason(comment)
    except InvalidInput:
        reason = ""
    record_absence(delegate, reason=reason, now=now)
