"""Saving a report that was looked at, in one decision."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from registrations.exceptions import ReasonRequired, RuleBroken
from registrations.models import Attendance, AttendanceReport, HistoryEvent, HistoryKind, User
from registrations.services.attendance_import.matching import CheckedReport, Match, check_report
from registrations.services.attendance_import.people import Attendee
from registrations.services.registration_window import check_not_purged
from sessions_app.models import Session

BATCH = 500
UPDATED_FIELDS = ["name", "address", "delegate", "matched_by", "minutes", "first_joined_at", "last_left_at", "report"]


class NotConfirmed(RuleBroken):
    """A report that looks like that of another event, and nobody said that it is not."""

    message = _("Please confirm that this is the report of this session.")
    field = "is_confirmed"


@dataclass(frozen=True)
class ImportResult:
    """How many people of the report are new, how many were changed; the rest was there already."""

    added: int
    changed: int
    checked: CheckedReport


@transaction.atomic
def import_attendance(
    session: Session, *, people: Sequence[Attendee], zone: str, is_confirmed: bool, by: User, now: datetime
) -> ImportResult:
    """Store who took part in `session`, as `check_report` tells; a second call changes nothing.

    Who somebody is stays as a person decided it. A second report of the session, as of a room that was changed,
    adds the time of those who are in both. Locks the session, so two imports are decided one after the other.
    Raises NotConfirmed where there are warnings, and NotPossibleNow once the personal data of the webinar have ended.
    """
    check_not_purged(session.webinar, now=now)
    Session.objects.select_for_update(no_key=True).get(pk=session.pk)
    checked = check_report(session, people, zone=zone)
    if checked.warnings and not is_confirmed:
        raise NotConfirmed
    added = [match for match in checked.matches if match.stored is None]
    changed = [row for match in checked.matches if (row := _changed_attendance(match))]
    if added or changed:
        report = AttendanceReport.objects.create(
            session=session, imported_by=by, imported_at=now, people=len(checked.matches)
        )
        _upsert(
            chain(
                (_new_attendance(session, match, report) for match in added),
                (_with_report(row, report) for row in changed),
            )
        )
        _record(session, HistoryKind.ATTENDANCE_IMPORTED, by=by, now=now, people=len(added) + len(changed))
    return ImportResult(len(added), len(changed), checked)


def _upsert(rows: Iterator[Attendance]) -> None:
    """Those that are new and those that are not, a batch at a time: an update for each row costs a hundred times more
    than an insertion that gives way to what stands there."""
    while batch := list(islice(rows, BATCH)):
        Attendance.objects.bulk_create(
            batch, update_conflicts=True, unique_fields=["session", "key"], update_fields=UPDATED_FIELDS
        )


def _with_report(row: Attendance, report: AttendanceReport) -> Attendance:
    """`row` as `report` changes it, to be written over the one of its key."""
    row.pk, row.report = None, report
    return row


@transaction.atomic
def remove_attendance(session: Session, *, reason: str, by: User, now: datetime) -> int:
    """Take back all reports of `session`, what was matched by hand too; return of how many people. A second call
    finds nobody. Raises ReasonRequired, and NotPossibleNow once the personal data of the webinar have ended: what is
    left then are its figures."""
    check_not_purged(session.webinar, now=now)
    if not reason.strip():
        raise ReasonRequired(_("Please give a reason."))
    Session.objects.select_for_update(no_key=True).get(pk=session.pk)
    removed, _by_model = Attendance.objects.filter(session=session).delete()
    AttendanceReport.objects.filter(session=session).delete()
    if removed:
        _record(session, HistoryKind.ATTENDANCE_REMOVED, by=by, now=now, people=removed, reason=reason)
    return removed


def _record(
    session: Session, kind: HistoryKind, *, by: User, now: datetime, people: int, reason: str = ""
) -> HistoryEvent:
    return HistoryEvent.objects.create(
        webinar_id=session.webinar_id,
        kind=kind,
        actor=by,
        at=now,
        reason=reason,
        changes={"session": [None, session.number], "people": [None, people]},
    )


def _new_attendance(session: Session, match: Match, report: AttendanceReport) -> Attendance:
    one = match.attendee
    return Attendance(
        session=session,
        key=one.key,
        name=one.name,
        address=one.address,
        delegate=match.delegate,
        matched_by=match.matched_by,
        minutes=one.minutes,
        first_joined_at=one.first_joined_at,
        last_left_at=one.last_left_at,
        report=report,
    )


def _changed_attendance(match: Match) -> Attendance | None:
    """What is stored of somebody, with what the report adds; None where it adds nothing."""
    row, one = match.stored, match.attendee
    if row is None:
        return None
    before = (row.delegate_id, row.matched_by, row.minutes, row.first_joined_at, row.last_left_at)
    row.minutes = _minutes_of_both(row, one)
    row.first_joined_at = min((at for at in (row.first_joined_at, one.first_joined_at) if at), default=None)
    row.last_left_at = max((at for at in (row.last_left_at, one.last_left_at) if at), default=None)
    row.delegate, row.matched_by = match.delegate, match.matched_by
    after = (row.delegate_id, row.matched_by, row.minutes, row.first_joined_at, row.last_left_at)
    return row if after != before else None


def _minutes_of_both(row: Attendance, one: Attendee) -> int:
    """Together where the two lie apart in time; else one report holds the other, and the longer time counts."""
    if row.first_joined_at and row.last_left_at and one.first_joined_at and one.last_left_at:
        # Who left in the instant of joining lies apart only where it reaches beyond what is stored: else the same
        # report would add its minutes each time.
        is_later = one.first_joined_at >= row.last_left_at and one.last_left_at > row.last_left_at
        is_earlier = one.last_left_at <= row.first_joined_at and one.first_joined_at < row.first_joined_at
        if is_later or is_earlier:
            return row.minutes + one.minutes
    return max(row.minutes, one.minutes)
