import re
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.template import Context, Template
from django.utils import timezone

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


def test_the_webinars_hour_is_added_only_if_its_clock_differs() -> None:
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

    assert shown("America/Tegucigalpa") == "Mon 16 Nov, 09:00–11:00 (Tegucigalpa, UTC−06:00)"
    assert (
        shown("America/Panama") == "Mon 16 Nov, 10:00–12:00 (Panama, UTC−05:00) · 09:00–11:00 (Costa Rica, UTC−06:00)"
    )
    assert (
        shown("Asia/Tokyo")
        == "Tue 17 Nov, 00:00–02:00 (Tokyo, UTC+09:00) · Mon 16 Nov, 09:00–11:00 (Costa Rica, UTC−06:00)"
    )


def test_a_change_of_the_clocks_during_a_session_shows_both_offsets() -> None:
    # On 1 November 2026 New York goes from UTC−04:00 to UTC−05:00 at 06:00 UTC.
    starts_at = datetime(2026, 11, 1, 5, 0, tzinfo=UTC)

    shown = hours_for(
        starts_at,
        starts_at + timedelta(hours=2),
        reader_zone="America/Santo_Domingo",
        webinar_zone="America/New_York",
        language="en",
    )

    assert str(shown) == (
        "Sun 1 Nov, 01:00–03:00 (Santo Domingo, UTC−04:00) · 01:00–02:00 (New York, UTC−04:00 → UTC−05:00)"
    )


def test_utc_is_named_once() -> None:
    shown = hours_for(START, None, reader_zone="UTC", webinar_zone="UTC", language="es")

    assert str(shown) == "lun 16 nov, 15:00 (UTC)"


def test_days_are_written_in_full_in_both_languages() -> None:
    assert format_long_day(START, "America/Costa_Rica", "en") == "Monday 16 November 2026"
    assert format_long_day(START, "America/Costa_Rica", "es") == "lunes 16 de noviembre de 2026"


def test_offsets_follow_the_clock_change() -> None:
    assert zone_offset(START, "America/New_York") == "UTC−05:00"
    assert zone_offset(START - timedelta(days=30), "America/New_York") == "UTC−04:00"


def test_cities_are_named_in_the_readers_language() -> None:
    assert zone_city("America/Mexico_City", "es") == "Ciudad de México"


def test_the_datetime_attribute_has_whole_seconds_and_the_zone_of_the_page() -> None:
    """HTML allows three digits of a second in the attribute `datetime`; Python writes six."""
    template = Template('{% load hours %}<time datetime="{{ at|iso }}"></time>')

    with timezone.override("America/Panama"):
        written = template.render(Context({"at": START.replace(microsecond=123456)}))

    assert written == '<time datetime="2026-11-16T10:00:00-05:00"></time>'


def test_every_template_writes_the_datetime_attribute_with_the_same_filter() -> None:
    folder = settings.BASE_DIR / "templates"
    written = [
        value
        for path in folder.rglob("*.html")
        for value in re.findall(r'<time datetime="([^>]*?)">', path.read_text(encoding="utf-8"))
    ]

    assert len(written) > 20
    # A day without an hour has no zone.
    assert [
        value
        for value in written
        if not value.endswith(("|iso }}", '_on|date:"Y-m-d" }}', 'look_again|date:"Y-m-d" }}'))
    ] == []
