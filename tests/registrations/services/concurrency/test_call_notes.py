"""A note of a call that is sent twice at the same moment is one call, on PostgreSQL with real locks."""

from datetime import datetime, timedelta
from functools import partial

import pytest

from registrations.models import CallNote, HistoryEvent
from registrations.services.call_notes import note_call
from tests.factories import make_delegation, make_staff
from tests.races import ROUNDS, kinds_of, two_writers

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_two_requests_of_one_form_keep_one_note_and_one_event(now: datetime) -> None:
    delegation, staff, colleagues = make_delegation(), make_staff(), (make_staff(), make_staff())

    with two_writers() as race:
        for number in range(ROUNDS):
            write = partial(
                note_call, delegation, text=f"Call {number}.", handled_by=colleagues[number % 2], by=staff, now=now
            )

            assert kinds_of(race(write, write)) == ["done", "done"]

    assert CallNote.objects.count() == ROUNDS
    assert HistoryEvent.objects.count() == ROUNDS


def test_two_dates_at_the_same_moment_leave_one_to_look_at_again(now: datetime) -> None:
    delegation, staff, colleague = make_delegation(), make_staff(), make_staff()
    day = now.date() + timedelta(days=1)

    with two_writers() as race:
        for number in range(ROUNDS):
            one, other = (
                partial(note_call, delegation, text=f"Call {number}.", look_again_on=day, by=by, now=now)
                for by in (staff, colleague)
            )

            assert kinds_of(race(one, other)) == ["done", "done"]
            assert CallNote.objects.open().count() == 1
