"""The mail server is away, hangs up, says nonsense or nothing at all, or refuses."""

import time

import pytest

from registrations.models import Delegate, Delivery
from tests.faults.fleet import INVITATIONS, PEOPLE, Fleet, held_in, states
from tests.sizes import IS_DRILL

pytestmark = pytest.mark.postgresql

AWAY_SECONDS = 60 if IS_DRILL else 20
FAULTS_IN_A_MESSAGE = 5
# Not all batches are tried while it is away: a message that fails twice waits for two more minutes.
PLAN_EVERY_SECONDS = 5 if IS_DRILL else 10


def test_a_server_that_says_421_for_a_while_delays_and_repeats_nothing(fleet: Fleet) -> None:
    fleet.settings["PLAN_EVERY_SECONDS"] = str(PLAN_EVERY_SECONDS)
    fleet.invite_everyone()
    fleet.start_beat()
    fleet.start_worker()
    fleet.start_worker()

    fleet.wait_for_more(100)
    fleet.mail.is_away = True
    time.sleep(AWAY_SECONDS)
    fleet.mail.is_away = False
    fleet.wait_until_nothing_is_owed()

    calendars = fleet.calendars()
    assert held_in(calendars) == fleet.wanted()
    assert calendars.ignored == 0
    assert states() == {"sent": INVITATIONS}


def test_a_server_that_hangs_up_or_answers_nonsense_after_a_message_gets_that_one_again(fleet: Fleet) -> None:
    fleet.mail.hang_ups = FAULTS_IN_A_MESSAGE
    fleet.mail.nonsense = FAULTS_IN_A_MESSAGE
    fleet.invite_everyone()
    fleet.start_beat()
    fleet.start_worker()
    fleet.start_worker()

    fleet.wait_until_nothing_is_owed()

    calendars = fleet.calendars()
    assert held_in(calendars) == fleet.wanted()
    # It had kept those over which it hung up.
    assert (calendars.repeated, calendars.overtaken) == (FAULTS_IN_A_MESSAGE, 0)
    assert states() == {"sent": INVITATIONS}


def test_a_server_that_falls_silent_is_left_after_the_time_out(fleet: Fleet) -> None:
    fleet.settings["EMAIL_TIMEOUT"] = "2"
    fleet.invite_everyone()
    fleet.start_beat()
    workers = [fleet.start_worker() for _ in range(2)]

    fleet.wait_for_more(100)
    fleet.mail.is_silent = True
    others = fleet.mail.connections + 4
    # Whoever waits for ever opens no other connection.
    fleet.wait_until(lambda: fleet.mail.connections >= others)
    told = set(Delivery.objects.exclude(last_error="").values_list("last_error", flat=True))
    fleet.mail.is_silent = False
    fleet.wait_until_nothing_is_owed()

    calendars = fleet.calendars()
    assert held_in(calendars) == fleet.wanted()
    assert told == {"The mail server did not answer in time."}
    assert {line["reason"] for line in fleet.logged("mail_server_away")} == told
    # It may have kept a message without saying so.
    assert calendars.repeated <= len(workers)
    assert calendars.overtaken == 0
    assert states() == {"sent": INVITATIONS}


def test_of_a_server_that_refuses_one_address_in_ten_only_those_fail_and_are_marked_so(fleet: Fleet) -> None:
    fleet.invite_everyone()
    refused = frozenset(Delegate.objects.order_by("pk").values_list("email", flat=True)[::10])
    fleet.mail.refused = refused
    fleet.start_beat()
    fleet.start_worker()
    fleet.start_worker()

    fleet.wait_until_nothing_is_owed()

    calendars = fleet.calendars()
    assert held_in(calendars) == {address: box for address, box in fleet.wanted().items() if address not in refused}
    assert calendars.ignored == 0
    assert len(refused) == PEOPLE / 10
    assert states() == {"sent": INVITATIONS * 9 / 10, "failed": INVITATIONS / 10}
    failed = Delivery.objects.filter(state="failed").values_list("email", "last_error")
    assert set(failed) == {(address, "The mail server refused the address.") for address in refused}
    logged = fleet.logged("delivery_failed")
    assert {line["delivery"] for line in logged} == set(
        Delivery.objects.filter(state="failed").values_list("pk", flat=True)
    )
    assert {(line["level"], line["reason"]) for line in logged} == {("warning", "The mail server refused the address.")}
    assert [line["sent"] for line in fleet.logged("sent")]
    assert not [address for address in fleet.wanted() if address in fleet.whole_logs()]
