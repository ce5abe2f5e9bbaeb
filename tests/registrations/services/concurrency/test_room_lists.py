"""A person is among those who came in one export alone, on PostgreSQL with real locks."""

from datetime import datetime
from functools import partial

import pytest

from registrations.models import CalendarEntry
from registrations.queries.room_lists import RoomList
from registrations.services.exports import Table, export_room_list
from sessions_app.models import Session
from tests.factories import make_staff
from tests.races import ROUNDS, two_writers
from tests.registrations.services.deliveries import SOON, admitted, plan_and_send, released_delegation

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_of_two_exports_at_once_one_has_those_who_came(now: datetime) -> None:
    staff, ana = make_staff(), admitted(released_delegation())
    plan_and_send(SOON)
    session = Session.objects.get(webinar=ana.webinar, number=1)
    export = partial(export_room_list, session, RoomList.ADDED, by=staff, now=now)

    with two_writers() as race:
        for _round in range(ROUNDS // 4):
            CalendarEntry.objects.update(exported_for_room=None)

            outcomes = race(export, export)

            assert [isinstance(outcome, Table) for outcome in outcomes].count(True) == 1
