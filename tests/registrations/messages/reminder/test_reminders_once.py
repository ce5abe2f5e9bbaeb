"""One reminder per person and session, whatever happens meanwhile; none that is no longer wanted."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail

from registrations.messages import reminder
from registrations.models import (
    CalendarEntry,
    Delegate,
    DeliveryState,
    FocalPoint,
    Partstat,
    ReminderRule,
)
from registrations.services.delivering.plan import plan
from registrations.services.delivering.send import send_due
from registrations.services.nominations import withdraw_delegate
from sessions_app.editing import cancel_session
from sessions_app.models import Webinar
from sessions_app.releases import release_webinar
from tests.factories import (
    FIRST_START,
    make_focal_point,
    make_staff,
    make_user,
)
from tests.registrations.services.deliveries import (
    plan_and_send,
)
from tests.registrations.services.reminding import (
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


# Once -------------------------------------------------------------------------------------------


def test_two_rules_of_one_instant_are_one_reminder() -> None:
    invited()
    remind(1, "hours")
    remind(60, "minutes")
    remind(1, "hours", recipients="unanswered")

    assert len(subjects(HOUR_BEFORE)) == 1
    assert subjects(HOUR_BEFORE + MINUTE) == []


def test_of_several_reminders_due_at_once_the_latest_is_sent() -> None:
    invited()
    remind(24, "hours", scope="first")
    latest = remind(23, "hours")

    plan_and_send(FIRST_START - 22 * HOUR)
    plan_and_send(FIRST_START - 22 * HOUR + MINUTE)

    assert [each.rule for each in reminders()] == [latest]


@pytest.mark.parametrize("of_focal_points", [60, 59])
def test_one_person_with_two_roles_gets_one_reminder_as_a_delegate(of_focal_points: int) -> None:
    ana = invited(email="Ana@example.org")
    make_focal_point(ana.delegation.body, make_user("ana@example.org"))
    other = make_focal_point(ana.delegation.body).user
    remind(60, "minutes")
    remind(of_focal_points, "minutes", recipients="focal_points")

    assert recipients(FIRST_START - 58 * MINUTE) == sorted(["Ana@example.org", other.email])
    assert recipients(FIRST_START - 57 * MINUTE) == []
    assert [each.delegate for each in reminders() if each.user is None] == [ana]


def test_one_person_with_two_roles_and_two_hours_is_reminded_at_both() -> None:
    ana = invited(email="ana@example.org")
    make_focal_point(ana.delegation.body, make_user("ana@example.org"))
    remind(2, "hours", recipients="focal_points")
    remind(1, "hours")

    assert recipients(FIRST_START - 2 * HOUR) == [ana.email]
    assert recipients(HOUR_BEFORE) == [ana.email]


def test_an_answer_between_two_runs_brings_no_second_reminder() -> None:
    invited()
    remind(24, "hours", recipients="unanswered")
    remind(23, "hours", recipients="accepted")
    at = FIRST_START - 22 * HOUR

    assert len(subjects(at)) == 1
    CalendarEntry.objects.update(ical_partstat=Partstat.ACCEPTED)

    assert subjects(at + MINUTE) == []


def test_a_rule_made_anew_does_not_remind_of_the_same_hour_again() -> None:
    invited()
    remind(24, "hours")
    at = FIRST_START - 24 * HOUR
    assert len(subjects(at)) == 1

    ReminderRule.objects.all().delete()
    remind(24, "hours", created_at=at - HOUR)

    assert subjects(at + MINUTE) == []


def test_a_changed_rule_reminds_the_same_people_again_at_its_new_hour() -> None:
    invited()
    rule = remind(24, "hours")
    assert len(subjects(FIRST_START - 24 * HOUR)) == 1

    rule.amount, rule.created_at = 2, FIRST_START - 20 * HOUR
    rule.save()

    assert len(subjects(FIRST_START - 2 * HOUR)) == 1
    assert subjects(FIRST_START - 2 * HOUR + MINUTE) == []


def test_a_clock_that_is_stepped_back_an_hour_reminds_nobody_twice() -> None:
    invited()
    remind(60, "minutes")
    remind(50, "minutes")
    # No planner was at work at the first of the two hours.
    at = FIRST_START - 50 * MINUTE
    assert len(subjects(at)) == 1

    again = [subjects(at - HOUR + minutes * MINUTE) for minutes in range(62)]

    assert [each for each in again if each] == []


def test_planners_that_overlap_remind_once() -> None:
    invited()
    remind()

    assert [reminder.owed(now=HOUR_BEFORE), reminder.owed(now=HOUR_BEFORE)] == [1, 0]


# The last look ----------------------------------------------------------------------------------


def declined() -> None:
    CalendarEntry.objects.update(ical_partstat=Partstat.DECLINED)


def answered() -> None:
    CalendarEntry.objects.update(ical_partstat=Partstat.TENTATIVE)


def left() -> None:
    ana = Delegate.objects.get()
    withdraw_delegate(ana, version=ana.version, by=make_staff(), now=HOUR_BEFORE, reason="Ill")


def rule_deleted() -> None:
    ReminderRule.objects.all().delete()


def rule_changed() -> None:
    ReminderRule.objects.update(amount=2, created_at=HOUR_BEFORE + timedelta(seconds=10))


def session_cancelled() -> None:
    webinar = Webinar.objects.get()
    cancel_session(webinar.sessions.get(number=1), now=HOUR_BEFORE)
    release_webinar(webinar, by=None, now=HOUR_BEFORE)


@pytest.mark.parametrize("change", [declined, answered, left, rule_deleted, rule_changed, session_cancelled])
def test_a_reminder_that_is_no_longer_right_is_not_sent(change: Callable[[], None]) -> None:
    invited()
    remind(recipients="unanswered")
    plan(now=HOUR_BEFORE)
    before = len(mail.outbox)

    change()
    send_due(clock=lambda: HOUR_BEFORE + MINUTE)

    assert len(mail.outbox) == before
    assert [each.state for each in reminders()] == [DeliveryState.SUPERSEDED]


def test_a_reminder_does_not_leave_once_the_session_has_begun() -> None:
    invited()
    remind()
    plan(now=HOUR_BEFORE)

    assert send_due(clock=lambda: FIRST_START).sent == 0


def test_a_focal_point_who_was_removed_is_not_reminded() -> None:
    ana = invited()
    make_focal_point(ana.delegation.body)
    remind(recipients="focal_points")
    plan(now=HOUR_BEFORE)

    FocalPoint.objects.update(removed_at=HOUR_BEFORE)

    assert send_due(clock=lambda: HOUR_BEFORE + MINUTE).sent == 0
