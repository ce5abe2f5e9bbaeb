"""When whom a rule reminds, and what it asks of the database."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import chain, repeat

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registrations.messages import reminder
from registrations.models import (
    CalendarEntry,
    Delegate,
    Delegation,
    Delivery,
    DeliveryKind,
    DeliveryState,
    FocalPoint,
    Partstat,
    RegistrationPolicy,
    User,
)
from registrations.services.deliveries import stop_deliveries
from registrations.services.delivering.plan import plan
from registrations.services.delivering.send import send_due
from registrations.services.nominations import withdraw_delegate
from sessions_app.editing import cancel_session
from sessions_app.models import ReleasedSession, Session, Webinar
from sessions_app.releases import release_webinar
from tests.factories import (
    FIRST_START,
    NOW,
    make_country,
    make_delegation,
    make_focal_point,
    make_staff,
    make_user,
)
from tests.registrations.services.deliveries import (
    SOON,
    admitted,
    move_session,
    plan_and_send,
    released_delegation,
)
from tests.registrations.services.mail_server import refuse
from tests.registrations.services.reminding import (
    FIRST_END,
    HOUR,
    HOUR_BEFORE,
    MINUTE,
    invited,
    recipients,
    remind,
    reminders,
    subjects,
)

pytestmark = pytest.mark.django_db


# When -------------------------------------------------------------------------------------------


def test_a_reminder_comes_at_its_hour_once_and_says_the_hour() -> None:
    invited()
    remind()

    assert subjects(HOUR_BEFORE - timedelta(seconds=1)) == []
    assert subjects(HOUR_BEFORE) == [
        "Reminder: Context and challenges 1, Mon 16 Nov, 09:00–11:00 (Tegucigalpa, UTC−06:00)"
    ]
    assert subjects(HOUR_BEFORE + MINUTE) == []


def test_a_reminder_after_the_session_comes_once_it_has_ended() -> None:
    invited()
    remind(30, "minutes", moment="after", scope="first")
    at = FIRST_END + 30 * MINUTE

    assert subjects(at - MINUTE) == []
    assert subjects(at + 5 * HOUR) == [
        "Thank you: Context and challenges 1, Mon 16 Nov, 09:00–11:00 (Tegucigalpa, UTC−06:00)"
    ]
    assert subjects(at + 5 * HOUR + MINUTE) == []


@pytest.mark.parametrize(
    ("fields", "late"),
    [
        ({"unit": "hours"}, 30 * MINUTE),
        ({"unit": "days"}, 6 * HOUR),
        ({"unit": "hours", "moment": "after"}, 6 * HOUR),
    ],
)
def test_an_hour_that_passed_long_ago_is_not_made_up_for(fields: dict[str, str], late: timedelta) -> None:
    invited()
    rule = remind(1, scope="first", **fields)
    at = rule.due_at_for(ReleasedSession.objects.get(number=1))

    assert subjects(at + late) == []
    assert len(subjects(at + late - MINUTE)) == 1


def test_a_rule_reminds_of_no_hour_before_it_was_made() -> None:
    invited()
    remind(created_at=HOUR_BEFORE)

    assert subjects(HOUR_BEFORE + MINUTE) == []


def test_someone_admitted_after_the_hour_is_not_reminded_of_it() -> None:
    at = FIRST_START - timedelta(days=1)
    invited()
    Delegate.objects.update(admitted_at=at + 5 * MINUTE)
    remind(1, "days")

    assert subjects(at + 10 * MINUTE) == []


def test_the_reminder_of_the_first_session_is_of_no_later_one() -> None:
    invited()
    remind(scope="first")

    assert subjects(HOUR_BEFORE + timedelta(days=1)) == []


def test_a_moved_session_moves_what_is_unsent() -> None:
    ana = invited()
    remind()
    plan(now=HOUR_BEFORE)

    move_session(ana.webinar, 1, hours=2, now=HOUR_BEFORE)

    assert [subject.partition(":")[0] for subject in subjects(HOUR_BEFORE + MINUTE)] == ["Changed"]
    assert subjects(HOUR_BEFORE + 2 * HOUR) == [
        "Reminder: Context and challenges 1, Mon 16 Nov, 11:00–13:00 (Tegucigalpa, UTC−06:00)"
    ]
    assert [each.state for each in reminders()] == [DeliveryState.SUPERSEDED, DeliveryState.SENT]


def test_a_moved_end_moves_the_reminder_after_it() -> None:
    ana = invited()
    remind(moment="after", scope="first")
    plan(now=FIRST_END + HOUR)

    Session.objects.filter(number=1).update(duration_minutes=180)
    release_webinar(ana.webinar, by=None, now=FIRST_END + HOUR)

    assert [one for one in subjects(FIRST_END + HOUR + MINUTE) if one.startswith("Thank you:")] == []
    assert subjects(FIRST_END + 2 * HOUR) == [
        "Thank you: Context and challenges 1, Mon 16 Nov, 09:00–12:00 (Tegucigalpa, UTC−06:00)"
    ]


def test_a_reminder_that_a_worker_has_taken_goes_out_though_the_clock_steps_back() -> None:
    invited()
    remind()
    plan(now=HOUR_BEFORE)
    # It sees that something is due, claims it, and then looks at it once more.
    readings = chain([HOUR_BEFORE] * 2, repeat(HOUR_BEFORE - HOUR))

    assert send_due(clock=lambda: next(readings)).sent == 1


def test_a_session_that_is_moved_and_moved_back_while_the_reminder_waits_is_reminded_of(server) -> None:
    ana = invited()
    remind(1, "days", scope="first")
    due_at = FIRST_START - 24 * HOUR
    server.answer = refuse(451)
    plan_and_send(due_at + MINUTE)
    move_session(ana.webinar, 1, hours=1, now=due_at + 2 * MINUTE)
    plan_and_send(due_at + 5 * MINUTE)
    move_session(ana.webinar, 1, hours=-1, now=due_at + 6 * MINUTE)
    server.answer = None

    told = [subject for minutes in (7, 40, 90) for subject in subjects(due_at + minutes * MINUTE)]

    assert [subject for subject in told if subject.startswith("Reminder")] == [
        "Reminder: Context and challenges 1, Mon 16 Nov, 09:00–11:00 (Tegucigalpa, UTC−06:00)"
    ]


def test_of_the_reminders_that_waited_for_the_server_the_latest_goes_out(server) -> None:
    invited()
    remind(1, "days", scope="first")
    remind(1, "hours", scope="first")
    server.answer = refuse(421)
    for minutes in (0, 12 * 60, 23 * 60):
        plan_and_send(FIRST_START - 24 * HOUR + minutes * MINUTE)
    server.answer = None

    assert [*subjects(HOUR_BEFORE + 10 * MINUTE), *subjects(HOUR_BEFORE + 20 * MINUTE)] == [
        "Reminder: Context and challenges 1, Mon 16 Nov, 09:00–11:00 (Tegucigalpa, UTC−06:00)"
    ]
    assert sorted(one.state for one in reminders()) == [DeliveryState.SENT, DeliveryState.SUPERSEDED]


def test_nobody_is_reminded_once_the_personal_data_have_ended() -> None:
    invited()
    remind(moment="after")
    RegistrationPolicy.objects.update(purge_on=FIRST_END.date())

    assert subjects(FIRST_END + HOUR) == []


# Whom -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(
    ("chosen", "reminded"),
    [
        ("all", {Partstat.NEEDS_ACTION, Partstat.ACCEPTED, Partstat.TENTATIVE}),
        ("accepted", {Partstat.ACCEPTED}),
        ("unanswered", {Partstat.NEEDS_ACTION}),
        ("focal_points", set()),
    ],
)
def test_a_rule_reminds_its_recipients_and_nobody_who_declined(chosen: str, reminded: set[str], moment: str) -> None:
    delegation = released_delegation()
    people = {partstat: admitted(delegation) for partstat in Partstat}
    plan_and_send()
    for partstat, person in people.items():
        CalendarEntry.objects.filter(delegate=person).update(ical_partstat=partstat)
    rule = remind(recipients=chosen, moment=moment)
    at = rule.due_at_for(ReleasedSession.objects.get(number=1))

    assert recipients(at) == sorted(people[partstat].email for partstat in reminded)


def withdrawn(ana: Delegate) -> None:
    withdraw_delegate(ana, version=ana.version, by=make_staff(), now=SOON, reason="Ill")


def session_cancelled(ana: Delegate) -> None:
    cancel_session(ana.webinar.sessions.get(number=1), now=SOON)
    release_webinar(ana.webinar, by=None, now=SOON)


def webinar_cancelled(ana: Delegate) -> None:
    Webinar.objects.update(cancelled_at=SOON)
    release_webinar(ana.webinar, by=None, now=SOON)


def not_attending(ana: Delegate) -> None:
    Delegation.objects.update(status="not_attending")


@pytest.mark.parametrize("end", [withdrawn, session_cancelled, webinar_cancelled, not_attending])
@pytest.mark.parametrize("chosen", ["all", "focal_points"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_nobody_is_reminded_of_what_ended_or_after_leaving(
    end: Callable[[Delegate], None], chosen: str, moment: str
) -> None:
    ana = invited()
    make_focal_point(ana.delegation.body)
    remind(recipients=chosen, moment=moment, scope="first" if end is withdrawn else "each")
    end(ana)
    plan_and_send(SOON + MINUTE)

    at = HOUR_BEFORE if moment == "before" else FIRST_END + HOUR

    assert subjects(at) == []


@pytest.mark.parametrize("planned_at", [HOUR_BEFORE - MINUTE, HOUR_BEFORE])
def test_none_where_the_invitation_was_stopped_before_or_after_the_reminder_was_owed(planned_at: datetime) -> None:
    admitted(released_delegation())
    remind(scope="first")
    plan(now=SOON)
    plan(now=planned_at)

    stop_deliveries(Delivery.objects.filter(kind="invitation").values_list("pk", flat=True), by=make_staff(), now=SOON)

    assert subjects(HOUR_BEFORE) == []


def test_none_where_the_mail_server_refused_the_invitation_but_one_where_it_did_not_answer(server) -> None:
    remind_of = admitted(released_delegation())
    remind(scope="first")
    server.answer = refuse(550)
    plan_and_send()
    server.answer = None

    assert subjects(HOUR_BEFORE) == []

    Delivery.objects.filter(delegate=remind_of).update(may_have_arrived=True)
    assert len(subjects(HOUR_BEFORE)) == 1


def test_a_reminder_after_a_session_goes_only_to_people_who_were_sent_the_invitation() -> None:
    ana = invited()
    luis = admitted(ana.delegation)
    plan(now=FIRST_START)
    Delivery.objects.filter(delegate=luis).update(state=DeliveryState.STOPPED)
    remind(moment="after", scope="first")

    assert recipients(FIRST_END + HOUR) == [ana.email]


def test_focal_points_are_reminded_of_their_own_delegation_alone() -> None:
    ana = invited()
    panama = make_delegation(ana.webinar, make_country("PA"), status="accepted")
    nobody_named = make_delegation(ana.webinar, make_country("BZ"))
    of_honduras = make_focal_point(ana.delegation.body, is_primary=True).user
    alternate = make_focal_point(ana.delegation.body).user
    make_focal_point(ana.delegation.body, removed_at=NOW)
    make_focal_point(ana.delegation.body, make_user(is_active=False))
    make_focal_point(panama.body)
    make_focal_point(nobody_named.body)
    remind(recipients="focal_points")

    assert recipients(HOUR_BEFORE) == sorted([of_honduras.email, alternate.email])
    assert recipients(HOUR_BEFORE + MINUTE) == []


# What it asks of the database -------------------------------------------------------------------


def test_where_no_hour_has_come_the_planner_asks_two_questions(django_assert_num_queries) -> None:
    invited()
    remind()
    remind(recipients="focal_points", moment="after")

    with django_assert_num_queries(2):
        assert reminder.owed(now=HOUR_BEFORE - MINUTE) == 0


def test_reminders_take_the_same_number_of_questions_for_one_delegate_and_for_many() -> None:
    delegation = released_delegation()
    admitted(delegation)
    plan_and_send()
    remind()
    remind(60, "minutes", recipients="focal_points")
    remind(24, "hours")

    def questions(now: datetime) -> int:
        with CaptureQueriesContext(connection) as queries:
            reminder.owed(now=now)
        return sum(query["sql"].startswith("SELECT") for query in queries)

    with_one = [questions(FIRST_START - 24 * HOUR), questions(HOUR_BEFORE)]
    Delivery.objects.filter(kind=DeliveryKind.REMINDER).delete()
    for _ in range(60):
        admitted(delegation)
        FocalPoint.objects.create(body=delegation.body, user=make_user())
    plan(now=SOON)
    with_many = [questions(FIRST_START - 24 * HOUR), questions(HOUR_BEFORE)]

    assert with_many == with_one
    assert len(reminders()) == 61 + 61 + 60
    assert User.objects.filter(deliveries__kind=DeliveryKind.REMINDER).count() == 60
