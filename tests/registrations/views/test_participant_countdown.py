from datetime import UTC, datetime, timedelta

import pytest

from registrations.views.participant.countdown import countdown

# 09:00 in Tegucigalpa.
START = datetime(2026, 11, 17, 15, 0, tzinfo=UTC)
END = START + timedelta(hours=2)


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (START - timedelta(days=20), "In 20 days"),
        (START - timedelta(days=2), "In 2 days"),
        (datetime(2026, 11, 16, 6, 0, tzinfo=UTC), "Tomorrow"),
        (datetime(2026, 11, 16, 5, 59, tzinfo=UTC), "In 2 days"),
        (datetime(2026, 11, 17, 5, 59, tzinfo=UTC), "Tomorrow"),
        (datetime(2026, 11, 17, 6, 0, tzinfo=UTC), "In 9 hours"),
        (START - timedelta(minutes=119), "In 2 hours"),
        (START - timedelta(minutes=90), "In 2 hours"),
        (START - timedelta(minutes=89), "In 1 hour"),
        (START - timedelta(minutes=60), "In 1 hour"),
        (START - timedelta(minutes=59), "In 59 minutes"),
        (START - timedelta(seconds=1), "In 1 minute"),
        (START, "Now"),
        (END - timedelta(seconds=1), "Now"),
        (END, "Over"),
    ],
)
def test_the_countdown_counts_days_in_the_time_zone_of_the_participant(now, words):
    assert countdown(START, END, now=now, timezone="America/Tegucigalpa") == words


def test_tomorrow_is_the_next_day_in_the_time_zone_of_the_participant():
    now = datetime(2026, 11, 16, 14, 30, tzinfo=UTC)

    assert countdown(START, END, now=now, timezone="America/Tegucigalpa") == "Tomorrow"
    assert countdown(START, END, now=now, timezone="Asia/Tokyo") == "In 2 days"
    assert countdown(START, END, now=now + timedelta(hours=1), timezone="Asia/Tokyo") == "Tomorrow"
