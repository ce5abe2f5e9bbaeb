"""Much happens at once: planners, senders, releases."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from registrations.models import Delivery
from registrations.services.delivering.plan import plan
from tests.faults.fleet import INVITATIONS, PEOPLE, Fleet, held_in, states
from tests.registrations.services.deliveries import move_session

pytestmark = pytest.mark.postgresql

PLANNERS = 10
RELEASES = 3
MAIL_PER_MINUTE = INVITATIONS * 6 // 10
# A minute, less what a message may take from its worker to the mail server.
NEARLY_A_MINUTE = 50


def test_two_beats_four_workers_and_ten_planners_repeat_nothing(fleet: Fleet) -> None:
    fleet.register_everyone()
    start = Barrier(PLANNERS)

    def plan_again_and_again(_: int) -> None:
        start.wait()
        for _ in range(PLANNERS):
            plan(now=timezone.now())
        connection.close()

    for _ in range(2):
        fleet.start_beat()
    for _ in range(4):
        fleet.start_worker()
    with ThreadPoolExecutor(PLANNERS) as planners:
        list(planners.map(plan_again_and_again, range(PLANNERS)))
    fleet.plan()
    fleet.wait_until_nothing_is_owed()

    calendars = fleet.calendars()
    assert held_in(calendars) == fleet.wanted()
    assert calendars.ignored == 0
    assert states() == {"sent": INVITATIONS}


def test_releases_during_the_sending_leave_each_calendar_on_the_newest_and_none_gets_an_older_after_it(
    fleet: Fleet,
) -> None:
    fleet.mail.pace = 0.005
    fleet.invite_everyone()
    fleet.start_beat()
    fleet.start_worker()
    fleet.start_worker()

    for _ in range(RELEASES):
        fleet.wait_for_more(INVITATIONS // 5)
        move_session(fleet.webinar, 1, hours=1, now=timezone.now())
        fleet.plan()
    fleet.wait_until_nothing_is_owed()

    calendars = fleet.calendars()
    assert held_in(calendars) == fleet.wanted()
    assert calendars.ignored == 0
    sent = len(fleet.mail.received)
    assert states() == {"sent": sent, "superseded": INVITATIONS + RELEASES * PEOPLE - sent}
    assert Delivery.objects.filter(session__number=2).count() == PEOPLE


def test_workers_together_keep_the_limit_of_a_minute(fleet: Fleet) -> None:
    fleet.settings["MAIL_PER_MINUTE"] = str(MAIL_PER_MINUTE)
    fleet.invite_everyone()
    fleet.start_beat()
    for _ in range(3):
        fleet.start_worker()

    fleet.wait_until_nothing_is_owed()

    times = [message.at for message in fleet.mail.received]
    spans = [later - at for at, later in zip(times, times[MAIL_PER_MINUTE:], strict=False)]
    assert min(spans) > NEARLY_A_MINUTE
    calendars = fleet.calendars()
    assert held_in(calendars) == fleet.wanted()
    assert calendars.ignored == 0
    assert states() == {"sent": INVITATIONS}
