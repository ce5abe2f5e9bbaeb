"""Notes of calls with a country, the date to look again, and who of the secretariat is on it."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from registrations.exceptions import InvalidInput, ReasonRequired
from registrations.models import CallNote, Delegation, HistoryKind, User
from registrations.models.call_note import MAX_NOTE_LENGTH
from registrations.queries import last_session_end
from registrations.services.history import record
from registrations.services.registration_window import check_not_purged, check_time, clean_reason

# The same note of the same person within this time is the same call: a form was sent twice.
SAME_CALL = timedelta(minutes=10)


@transaction.atomic
def note_call(
    delegation: Delegation,
    *,
    text: str,
    look_again_on: date | None = None,
    handled_by: User | None = None,
    by: User,
    now: datetime,
) -> CallNote:
    """Store what was said in a call about `delegation`, and hand the delegation over to `handled_by` if one is given.

    The note ends earlier dates to look again that have come; with a date of its own it ends all of them. The same note
    again within ten minutes changes nothing. Raises ReasonRequired if `text` is blank, InvalidInput for a text that
    cannot be stored, a day before today or after the webinar, and an account that is not staff, NotPossibleNow once
    the personal data of the webinar end, and WebinarOver. Locks the delegation.
    """
    locked = _lock(delegation)
    check_time(locked.webinar, by=by, now=now)
    check_not_purged(locked.webinar, now=now)
    text = clean_reason(text, field="text", longest=MAX_NOTE_LENGTH)
    if not text:
        raise ReasonRequired(_("Please write what was said."), field="text")
    today = timezone.localdate(now)
    _check_date(locked, look_again_on, today=today)
    same = CallNote.objects.filter(
        delegation=locked, text=text, look_again_on=look_again_on, written_by=by, written_at__gt=now - SAME_CALL
    ).first()
    if handled_by is not None:
        _hand_over(locked, to=handled_by, by=by, now=now)
    if same is not None:
        return same
    earlier = CallNote.objects.open().filter(delegation=locked)
    if look_again_on is None:
        earlier = earlier.filter(look_again_on__lte=today)
    earlier.update(done_at=now, done_by=by)
    return CallNote.objects.create(
        delegation=locked, text=text, look_again_on=look_again_on, written_by=by, written_at=now
    )


@transaction.atomic
def end_look_again(note: CallNote, *, by: User, now: datetime) -> bool:
    """End the date to look again of `note`; return whether it was still open. A second call changes nothing."""
    return CallNote.objects.open().filter(pk=note.pk).update(done_at=now, done_by=by) > 0


@transaction.atomic
def hand_over(delegation: Delegation, *, to: User, by: User, now: datetime) -> bool:
    """Make `to` the one who is on `delegation`; return whether that changed anything. The history records it.

    Raises InvalidInput if `to` is not an active staff account, and what `check_time` raises. Locks the delegation.
    """
    locked = _lock(delegation)
    check_time(locked.webinar, by=by, now=now)
    return _hand_over(locked, to=to, by=by, now=now)


def _lock(delegation: Delegation) -> Delegation:
    """Lock and read `delegation`. Its seats are not counted, so the quotas are not locked.

    Who is on it is read afterwards: a joined row would be that of before the lock was waited for.
    """
    rows = Delegation.objects.select_related("webinar__policy", "body")
    return rows.select_for_update(of=("self",), no_key=True).get(pk=delegation.pk)


def _hand_over(delegation: Delegation, *, to: User, by: User, now: datetime) -> bool:
    if not (to.is_staff and to.is_active):
        raise InvalidInput({"handled_by": [_("Please choose somebody of the secretariat.")]})
    before = delegation.handled_by
    if before == to:
        return False
    delegation.handled_by = to
    delegation.save(update_fields=["handled_by"])
    changes = {"handled_by": [str(before) if before else "", str(to)]}
    record(HistoryKind.HANDED_OVER, delegation=delegation, by=by, now=now, changes=changes)
    return True


def _check_date(delegation: Delegation, look_again_on: date | None, *, today: date) -> None:
    """Raise InvalidInput for a day on which nobody would look: before `today`, or after the webinar."""
    if look_again_on is None:
        return
    if look_again_on < today:
        raise InvalidInput({"look_again_on": [_("This day is over. Please choose today or a later day.")]})
    end = last_session_end(delegation.webinar)
    if end is not None and look_again_on > timezone.localdate(end):
        raise InvalidInput({"look_again_on": [_("The webinar is over by then. Please choose an earlier day.")]})
