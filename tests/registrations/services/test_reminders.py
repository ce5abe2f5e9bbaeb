from datetime import datetime, timedelta

import pytest

from registrations.models import (
    CalendarEntry,
    Delegate,
    Delivery,
    DeliveryKind,
    Partstat,
    ReminderRule,
    ReminderScope,
)
from tests.factories import FIRST_START, NOW
from tests.registrations.services.deliveries import admitted, plan_and_send, released_delegation, sent_by

pytestmark = pytest.mark.django_db


def remind(minutes: int, scope: str = ReminderScope.EACH_SESSION) -> ReminderRule:
    webinar = Delegate.objects.first().webinar
    return ReminderRule.objects.create(webinar=webinar, minutes_before=minutes, scope=scope, created_at=NOW)


def reminders(now: datetime) -> list[str]:
    return [message.subject for message in sent_by(now)]


def test_a_reminder_comes_at_its_hour_once_and_says_the_hour() -> None:
    admitted(released_delegation(), language="en")
    remind(60)
    plan_and_send()
    at = FIRST_START - timedelta(minutes=60)

    assert reminders(at - timedelta(seconds=1)) == []
    assert reminders(at) == ["Reminder: Context and challenges 1, Mon 16 Nov, 09:00–11:00 (Tegucigalpa)"]
    assert reminders(at + timedelta(minutes=1)) == []


def test_an_hour_that_passed_long_ago_is_not_made_up_for() -> None:
    admitted(released_delegation())
    remind(60)
    plan_and_send()

    assert reminders(FIRST_START - timedelta(minutes=30)) == []


def test_of_several_reminders_due_at_once_the_latest_is_sent() -> None:
    admitted(released_delegation())
    remind(24 * 60, ReminderScope.FIRST_SESSION)
    latest = remind(23 * 60)
    plan_and_send()

    reminders(FIRST_START - timedelta(hours=22))

    assert [each.rule for each in Delivery.objects.filter(kind=DeliveryKind.REMINDER)] == [latest]


@pytest.mark.parametrize("partstat", [Partstat.DECLINED, Partstat.ACCEPTED])
def test_nobody_who_declined_is_reminded(partstat: str) -> None:
    admitted(released_delegation())
    remind(60)
    plan_and_send()
    CalendarEntry.objects.update(ical_partstat=partstat)

    assert len(reminders(FIRST_START - timedelta(minutes=59))) == (partstat == Partstat.ACCEPTED)


def test_someone_admitted_after_the_hour_is_not_reminded_of_it() -> None:
    at = FIRST_START - timedelta(days=1)
    delegation = released_delegation()
    admitted(delegation)
    Delegate.objects.update(admitted_at=at + timedelta(minutes=5))
    remind(24 * 60)
    plan_and_send()

    assert reminders(at + timedelta(minutes=10)) == []


def test_the_reminder_before_the_first_session_is_of_no_later_one() -> None:
    admitted(released_delegation())
    remind(60, ReminderScope.FIRST_SESSION)
    plan_and_send()

    at_the_second = FIRST_START + timedelta(days=1) - timedelta(minutes=60)

    assert reminders(at_the_second) == []
