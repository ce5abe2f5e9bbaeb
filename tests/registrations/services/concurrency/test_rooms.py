"""Two of the secretariat enter another room at the same moment, on PostgreSQL with real locks."""

from functools import partial

import pytest

from registrations.models import HistoryEvent
from registrations.services.rooms import fingerprint_of_rooms, switch_room
from sessions_app.models import Session
from tests.factories import FIRST_START, make_staff, make_webinar
from tests.races import ROUNDS, kinds_of, two_writers

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_of_two_rooms_entered_at_once_one_is_stored_and_the_other_is_refused():
    session, staff = make_webinar(sessions=1).sessions.get(), make_staff()

    with two_writers() as race:
        for round_ in range(1, ROUNDS // 4 + 1):
            seen = fingerprint_of_rooms(Session.objects.get())
            addresses = [f"https://{house}.example.org/{round_}" for house in ("second", "third")]
            enter = partial(switch_room, session, to_second=True, shown_fingerprint=seen, by=staff, now=FIRST_START)

            outcomes = race(*(partial(enter, second_address=address) for address in addresses))

            assert kinds_of(outcomes) == ["RuleBroken", "done"]
            assert Session.objects.get().current_room_url in addresses
            assert HistoryEvent.objects.count() == round_
