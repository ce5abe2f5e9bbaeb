"""Workers, PostgreSQL and Redis end while messages are being sent."""

import signal

import pytest

from tests.faults.fleet import INVITATIONS, Fleet, held_in, states
from tests.faults.smtp_server import Received
from tests.sizes import IS_DRILL

pytestmark = pytest.mark.postgresql

KILLS = 20 if IS_DRILL else 5
# Whether a service manager tells the children, too.
STOPS = (False, True, True)
# The last kill, too, falls into sending.
MESSAGES_BETWEEN_KILLS = 40 if IS_DRILL else 20
# At this pace one worker alone needs more than a second for them.
MESSAGES_BEFORE_BOTH_SEND = 200 if IS_DRILL else 120
# Without those that the killed worker had claimed, whose lease goes on.
MESSAGES_AFTER_THE_KILL = 500 if IS_DRILL else 100
# Time to take up what the dead had claimed.
LEASE = {"DELIVERY_LEASE_SECONDS": "11", "EMAIL_TIMEOUT": "2"}
PACE_SECONDS = 0.01


def test_a_worker_that_is_killed_again_and_again_loses_nothing_and_repeats_a_message_per_kill_at_most(
    fleet: Fleet,
) -> None:
    fleet.settings |= LEASE | {"PLAN_EVERY_SECONDS": "1"}
    fleet.mail.pace = PACE_SECONDS
    fleet.invite_everyone()
    fleet.start_beat()

    for _ in range(KILLS):
        worker = fleet.start_worker()
        fleet.wait_for_more(MESSAGES_BETWEEN_KILLS)
        fleet.kill(worker)
    fleet.mail.pace = 0
    fleet.start_worker()
    fleet.wait_until_nothing_is_owed()

    calendars = fleet.calendars()
    assert held_in(calendars) == fleet.wanted()
    assert calendars.repeated <= KILLS
    assert calendars.overtaken == 0
    assert states() == {"sent": INVITATIONS}


def test_two_workers_share_what_one_plan_owes_and_one_goes_on_when_the_other_is_killed(fleet: Fleet) -> None:
    fleet.settings |= {"PLAN_EVERY_SECONDS": "60"}
    fleet.mail.pace = PACE_SECONDS
    fleet.register_everyone()
    workers = [fleet.start_worker() for _ in range(2)]

    # There is no beat: nothing but what this one plan starts goes on.
    fleet.ask_for_a_plan()
    fleet.wait_for_more(MESSAGES_BEFORE_BOTH_SEND)
    taking_part = senders_at_once(fleet.mail.received)
    fleet.kill(workers[0])
    fleet.wait_for_more(MESSAGES_AFTER_THE_KILL)

    assert taking_part == 2
    assert fleet.calendars().overtaken == 0


def senders_at_once(received: list[Received]) -> int:
    """Over how many connections at most messages came in at one time: each worker has one."""
    first, last = {}, {}
    for number, message in enumerate(received):
        first.setdefault(message.by, number)
        last[message.by] = number
    return max(sum(first[one] <= number <= last[one] for one in first) for number in range(len(received)))


def test_a_worker_that_is_asked_to_stop_ends_by_itself_and_leaves_the_rest_to_others(fleet: Fleet) -> None:
    # A worker sends for up to four seconds more; all of them together must leave something.
    fleet.mail.pace = 4 * PACE_SECONDS
    fleet.invite_everyone()
    fleet.start_beat()

    ends = []
    for signals_group in STOPS:
        worker = fleet.start_worker()
        fleet.wait_for_more(MESSAGES_BETWEEN_KILLS)
        ends.append((fleet.stop(worker, within=60, signals_group=signals_group), "claimed" in states()))
    left = states()["due"]
    fleet.mail.pace = 0
    fleet.start_worker()
    fleet.wait_until_nothing_is_owed()

    assert ends == [(0, False)] * len(STOPS)
    assert left > 0
    calendars = fleet.calendars()
    assert held_in(calendars) == fleet.wanted()
    assert calendars.ignored == 0
    assert states() == {"sent": INVITATIONS}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "immediate"])
def test_a_restart_of_postgresql_loses_nothing_and_repeats_a_message_per_worker_at_most(
    fleet: Fleet, how: signal.Signals
) -> None:
    fleet.settings |= LEASE
    fleet.mail.pace = PACE_SECONDS
    fleet.invite_everyone()
    fleet.start_beat()
    workers = [fleet.start_worker() for _ in range(2)]

    fleet.wait_for_more(INVITATIONS // 2)
    fleet.restart_database(how)
    fleet.wait_until_nothing_is_owed()

    calendars = fleet.calendars()
    assert held_in(calendars) == fleet.wanted()
    assert calendars.repeated <= len(workers)
    assert calendars.overtaken == 0
    assert states() == {"sent": INVITATIONS}
    assert [worker.poll() for worker in workers] == [None, None]


def test_redis_that_is_away_during_the_sending_delays_and_repeats_nothing(fleet: Fleet) -> None:
    fleet.mail.pace = 2 * PACE_SECONDS
    fleet.invite_everyone()
    fleet.start_beat()
    workers = [fleet.start_worker() for _ in range(2)]

    fleet.wait_for_more(20)
    fleet.redis.end(signal.SIGKILL)
    fleet.wait_until(lambda: "claimed" not in states())
    left = states()["due"]
    fleet.redis.start()
    fleet.wait_until_nothing_is_owed()

    assert left > 0
    calendars = fleet.calendars()
    assert held_in(calendars) == fleet.wanted()
    assert calendars.ignored == 0
    assert states() == {"sent": INVITATIONS}
    assert [worker.poll() for worker in workers] == [None, None]
