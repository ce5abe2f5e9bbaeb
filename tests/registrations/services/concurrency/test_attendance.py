"""Imports of a participant report at the same moment, on PostgreSQL with real locks."""

from functools import partial

import pytest

from registrations.models import Attendance, AttendanceReport, Delegate, MatchedBy
from registrations.services.attendance_import.manual_matching import match_manually
from tests.factories import make_attendance, make_staff
from tests.races import two_writers
from tests.registrations.services.attendance_import.stories import AFTER, attendee, imported, make_session_of
from tests.sizes import IS_DRILL

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

ROUNDS = 40 if IS_DRILL else 15


def test_one_report_imported_twice_at_once_is_there_once() -> None:
    session, _people = make_session_of("ana", "luz")
    staff = make_staff()
    report = partial(
        imported, session, attendee("Ana", "ana@example.org"), attendee("Luz", "luz@example.org"), by=staff
    )

    with two_writers() as race:
        for _round in range(ROUNDS):
            Attendance.objects.all().delete()
            AttendanceReport.objects.all().delete()

            outcomes = race(report, report)

            assert sorted((one.added, one.changed) for one in outcomes) == [(0, 0), (2, 0)]
            assert (Attendance.objects.count(), AttendanceReport.objects.count()) == (2, 1)


def test_a_manual_match_during_an_import_survives_it() -> None:
    session, (_ana, luz) = make_session_of("ana", "luz")
    staff = make_staff()
    with two_writers() as race:
        for number in range(ROUNDS):
            row = make_attendance(
                session, by=staff, key=f"ana{number}@example.org", address=f"ana{number}@example.org", minutes=1
            )
            Delegate.objects.filter(name="ana").update(email=f"ana{number}@example.org")

            race(
                partial(imported, session, attendee("Ana", f"ana{number}@example.org"), by=staff),
                partial(match_manually, session, answers={row.pk: str(luz.pk)}, by=staff, now=AFTER),
            )

            row.refresh_from_db()
            assert (row.delegate, row.matched_by, row.minutes) == (luz, MatchedBy.HAND, 60)
