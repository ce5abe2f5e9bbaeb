"""The rules of reminders and gap notices as rows: what the database refuses, their hours, their sentences."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from registrations.models import GapNoticeRule, RegistrationPolicy, ReminderRule
from sessions_app.models import ReleasedSession
from tests.factories import FIRST_START, NOW, make_gap_notice_rule, make_reminder_rule, make_webinar

BOUNDS = [
    ("minutes", 5, 86_400),
    ("hours", 1, 1440),
    ("days", 1, 60),
]
TEN_YEARS = 3650


def test_a_reminder_rule_stands_once_per_webinar(db: None) -> None:
    webinar = make_webinar()
    make_reminder_rule(webinar)

    with pytest.raises(IntegrityError), transaction.atomic():
        make_reminder_rule(webinar)
    make_reminder_rule(webinar, 60, "minutes")
    make_reminder_rule(webinar, recipients="accepted")
    make_reminder_rule(webinar, moment="after")
    make_reminder_rule(webinar, scope="first")


@pytest.mark.parametrize(("unit", "lowest", "highest"), BOUNDS)
def test_a_reminder_lies_from_5_minutes_to_60_days_off(db: None, unit: str, lowest: int, highest: int) -> None:
    webinar = make_webinar()

    for amount in (0, lowest - 1, highest + 1, TEN_YEARS * 24 * 60):
        with pytest.raises(IntegrityError), transaction.atomic():
            make_reminder_rule(webinar, amount, unit)
        with pytest.raises(ValidationError, match="from 5 minutes to 60 days before or after the session"):
            ReminderRule(webinar=webinar, amount=amount, unit=unit, created_at=NOW).full_clean()
    make_reminder_rule(webinar, lowest, unit)
    make_reminder_rule(webinar, highest, unit)


@pytest.mark.parametrize(
    "fields", [{"moment": "during"}, {"recipients": "nobody"}, {"scope": "last"}, {"unit": "years"}]
)
def test_a_reminder_rule_says_nothing_unknown(db: None, fields: dict[str, str]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_reminder_rule(make_webinar(), **fields)


@pytest.mark.parametrize(
    ("fields", "hour"),
    [
        ({"amount": 30, "unit": "minutes"}, datetime(2026, 11, 16, 14, 30, tzinfo=UTC)),
        ({"amount": 30, "unit": "minutes", "moment": "after"}, datetime(2026, 11, 16, 17, 30, tzinfo=UTC)),
        ({"amount": 2, "unit": "days", "moment": "after"}, datetime(2026, 11, 18, 17, 0, tzinfo=UTC)),
        # New York's clocks go back on the first of November: ten in the morning is then an hour later.
        ({"amount": 20, "unit": "days"}, datetime(2026, 10, 27, 14, 0, tzinfo=UTC)),
        ({"amount": 20 * 24, "unit": "hours"}, datetime(2026, 10, 27, 15, 0, tzinfo=UTC)),
    ],
)
def test_days_keep_the_hour_of_the_clock_and_hours_their_length(fields: dict[str, object], hour: datetime) -> None:
    released = ReleasedSession(starts_at=FIRST_START, ends_at=FIRST_START.replace(hour=17), timezone="America/New_York")

    assert ReminderRule(**fields).due_at_for(released) == hour


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"amount": 2, "recipients": "unanswered"}, "2 days before each session, to those who have not answered"),
        ({"amount": 1, "scope": "first"}, "1 day before the first session, to everyone who has not declined"),
        (
            {"amount": 1, "unit": "hours", "recipients": "focal_points"},
            "1 hour before each session, to the focal points",
        ),
        (
            {"amount": 30, "unit": "minutes", "moment": "after", "recipients": "accepted"},
            "30 minutes after each session, to those who accepted",
        ),
    ],
)
def test_a_reminder_rule_reads_like_a_sentence(fields: dict[str, object], sentence: str) -> None:
    assert str(ReminderRule(**fields)) == sentence


def test_a_gap_notice_rule_stands_once_per_webinar_and_lies_1_to_60_days_before(db: None) -> None:
    webinar = make_webinar()
    make_gap_notice_rule(webinar, 5)

    for days in (5, 0, 61, TEN_YEARS):
        with pytest.raises(IntegrityError), transaction.atomic():
            make_gap_notice_rule(webinar, days)


@pytest.mark.parametrize(("days", "sentence"), [(1, "1 day"), (5, "5 days")])
def test_a_gap_notice_rule_reads_like_a_sentence(days: int, sentence: str) -> None:
    assert str(GapNoticeRule(days_before=days)) == f"{sentence} before registration closes"


@pytest.mark.parametrize(
    ("closes_at", "due_at"),
    [
        (datetime(2026, 11, 6, 22, 0, tzinfo=UTC), datetime(2026, 11, 4, 15, 0, tzinfo=UTC)),
        # Still the sixth in San José.
        (datetime(2026, 11, 7, 5, 59, tzinfo=UTC), datetime(2026, 11, 4, 15, 0, tzinfo=UTC)),
    ],
)
def test_gap_notices_are_due_at_nine_of_the_webinars_clock(db: None, closes_at: datetime, due_at: datetime) -> None:
    rule = make_gap_notice_rule(make_webinar(), 2)
    RegistrationPolicy.objects.update(closes_at=closes_at)

    assert GapNoticeRule.objects.get(pk=rule.pk).due_at == due_at


@pytest.mark.parametrize(
    ("now", "days"),
    [
        # The webinar's clock is six hours behind UTC.
        (datetime(2026, 11, 1, 15, 0, tzinfo=UTC), 5),
        (datetime(2026, 11, 6, 5, 59, tzinfo=UTC), 1),
        (datetime(2026, 11, 6, 6, 0, tzinfo=UTC), 0),
        (datetime(2026, 11, 8, 0, 0, tzinfo=UTC), 0),
    ],
)
def test_days_are_counted_on_the_webinars_calendar(db: None, now: datetime, days: int) -> None:
    policy = make_webinar().policy
    policy.closes_at = datetime(2026, 11, 6, 23, 0, tzinfo=UTC)

    assert policy.days_left_at(now) == days
