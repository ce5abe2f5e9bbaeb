"""Storing a checked report, and removing stored reports."""

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
    """The report looks like that of another event, and the user did not confirm it."""

    message = _("Please confirm that this is the report of this session.")
    field = "is_confirmed"


@dataclass(frozen=True)
class ImportResult:
    """How many people of a report were added and how many changed; the others were stored already."""

    added: int
    changed: int
    checked: CheckedReport


@transaction.atomic
def import_attendance(
    session: Session, *, people: Sequence[Attendee], zone: str, is_confirmed: bool, by: User, now: datetime
) -> ImportResult:
    """Store the attendance of `session` as `check_report` finds it. A second call changes nothing.

    Decisions of users are kept. The report of another room of the same session adds the time of people who are in both.
    Locks the session, so that two imports run one after the other. Raises NotConfirmed if there are unconfirmed
    warnings, and NotPossibleNow from the webinar's purge date on.
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
    """Insert new rows and overwrite stored ones in batches: single UPDATEs are about a hundred times slower."""
    while batch := list(islice(rows, BATCH)):
        Attendance.objects.bulk_create(
            batch, update_conflicts=True, unique_fields=["session", "key"], update_fields=UPDATED_FIELDS
        )


def _with_report(row: Attendance, report: AttendanceReport) -> Attendance:
    """Prepare `row` for `_upsert`, as changed by `report`."""
    row.pk, row.report = None, report
    return row


@transaction.atomic
def remove_attendance(session: Session, *, reason: str, by: User, now: datetime) -> int:
    """Delete all reports of `session` and manual matches; return the number of people. A second call returns 0.

    Raises ReasonRequired, and NotPossibleNow from the webinar's purge date on, when only its figures remain. Locks the
    session.
    """
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
    """Build the attendance of a person who is not stored yet."""
    attendee = match.attendee
    return Attendance(
        session=session,
        key=attendee.key,
        name=attendee.name,
        address=attendee.address,
        delegate=match.delegate,
        matched_by=match.matched_by,
        minutes=attendee.minutes,
        first_joined_at=attendee.first_joined_at,
        last_left_at=attendee.last_left_at,
        report=report,
    )


def _changed_attendance(match: Match) -> Attendance | None:
    """Return the stored attendance with what the report adds, or None if it adds nothing."""
    row, attendee = match.stored, match.attendee
    if row is None:
        return None
    before = (row.delegate_id, row.matched_by, row.minutes, row.first_joined_at, row.last_left_at)
    row.minutes = _minutes_of_both(row, attendee)
    row.first_joined_at = min((at for at in (row.first_joined_at, attendee.first_joined_at) if at), default=None)
    row.last_left_at = max((at for at in (row.last_left_at, attendee.last_left_at) if at), default=None)
    row.delegate, row.matched_by = match.delegate, match.matched_by
    after = (row.delegate_id, row.matched_by, row.minutes, row.first_joined_at, row.last_left_at)
    return row if after != before else None


def _minutes_of_both(row: Attendance, attendee: Attendee) -> int:
    """Return the sum of the minutes, or the longer time if the stays overlap: one report then contains the other."""
    if row.first_joined_at and row.last_left_at and attendee.first_joined_at and attendee.last_left_at:
        # A stay of no duration must reach beyond the stored one, or importing the same report again would add its
        # minutes each time.
        is_later = attendee.first_joined_at >= row.last_left_at and attendee.last_left_at > row.last_left_at
        is_earlier = attendee.last_left_at <= row.first_joined_at and attendee.first_joined_at < row.first_joined_at
        if is_later or is_earlier:
            return row.minutes + attendee.minutes
    return max(row.minutes, attendee.minutes)
