from datetime import UTC, datetime, timedelta

import pytest

from sessions_app.hours import format_hour, format_long_day, hours_for, zone_city, zone_offset

START = datetime(2026, 11, 16, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "language", "text"),
    [
        ("America/Tegucigalpa", "en", "Mon 16 Nov, 09:00 (Tegucigalpa)"),
        ("America/Panama", "es", "lun 16 nov, 10:00 (Panamá)"),
        ("America/Santo_Domingo", "en", "Mon 16 Nov, 11:00 (Santo Domingo)"),
    ],
)
def test_an_hour_is_written_in_the_readers_zone_and_names_it(zone: str, language: str, text: str) -> None:
    assert format_hour(START, zone, language) == text


def test_the_webinars_hour_stands_beside_the_readers_only_where_the_clock_differs() -> None:
    def shown(zone: str) -> str:
        return str(
            hours_for(
                START,
                START + timedelta(hours=2),
                reader_zone=zone,
                webinar_zone="America/Costa_Rica",
                language="en",
            )
        )

    assert shown("America/Tegucigalpa") == "Mon 16 Nov, 09:00–11:00 (Tegucigalpa)"
    assert shown("America/Panama") == "Mon 16 Nov, 10:00–12:00 (Panama) · 09:00–11:00 (Costa Rica)"
    assert shown("Asia/Tokyo") == "Tue 17 Nov, 00:00–02:00 (Tokyo) · Mon 16 Nov, 09:00–11:00 (Costa Rica)"


def test_days_are_written_in_full_in_both_languages() -> None:
    assert format_long_day(START, "America/Costa_Rica", "en") == "Monday 16 November 2026"
    assert format_long_day(START, "America/Costa_Rica", "es") == "lunes 16 de noviembre de 2026"


def test_offsets_follow_the_clock_change() -> None:
    assert zone_offset(START, "America/New_York") == "UTC−05:00"
    assert zone_offset(START - timedelta(days=30), "America/New_York") == "UTC−04:00"


def test_cities_are_named_in_the_readers_language() -> None:
    assert zone_city("America/Mexico_City", "es") == "Ciudad de México"
