"""Formats instants for a reader, with day, hour and time zone in the reader's language (rule 13).

Pages, mails and the texts of calendars all use it, so that an hour reads the same everywhere.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, get_timezone_location

from sessions_app.zones import differs_at


@lru_cache(maxsize=2048)
def zone_city(zone: str, language: str) -> str:
    """Return the exemplar city (CLDR) of an IANA time zone in `language`: "Ciudad de México"."""
    location: str = get_timezone_location(ZoneInfo(zone), locale=Locale.parse(language), return_city=True)
    return location.rpartition("/")[2]


def zone_offset(instant: datetime, zone: str) -> str:
    """Return the offset from UTC at `instant`, as "UTC−06:00", with a minus sign and not a hyphen."""
    offset = instant.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
    minutes = int(offset.total_seconds() // 60)
    sign = "−" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def format_clock(instant: datetime, zone: str) -> str:
    """Return the hour as "09:00"; the caller prints the time zone beside it."""
    return instant.astimezone(ZoneInfo(zone)).strftime("%H:%M")


@lru_cache(maxsize=2048)
def format_day(instant: datetime, zone: str, language: str, *, with_year: bool = False) -> str:
    """Return the day as "Mon 16 Nov" or "lun 16 nov"; `with_year` is for texts that may be read years later."""
    pattern = "EEE d MMM y" if with_year else "EEE d MMM"
    return (
        format_datetime(instant.astimezone(ZoneInfo(zone)), pattern, locale=language).replace(",", "").replace(".", "")
    )


@lru_cache(maxsize=512)
def format_long_day(instant: datetime, zone: str, language: str) -> str:
    """Return the day in full: "Monday 16 November 2026", "lunes 16 de noviembre de 2026"."""
    pattern = "EEEE d MMMM y" if language == "en" else "EEEE d 'de' MMMM 'de' y"
    return format_datetime(instant.astimezone(ZoneInfo(zone)), pattern, locale=language)


@lru_cache(maxsize=2048)
def format_days(first: datetime, last: datetime, zone: str, language: str, *, with_weekdays: bool = False) -> str:
    """Return the days from `first` to `last`, each part once: "14–15 Dec 2026", "30 Nov–2 Dec 2026".

    With `with_weekdays` each day has its weekday: "Mon 14–Tue 15 Dec 2026".
    """
    one, other = (instant.astimezone(ZoneInfo(zone)).date() for instant in (first, last))
    day = "EEE d" if with_weekdays else "d"
    if one.year != other.year:
        beginning = f"{day} MMM y"
    elif one.month != other.month:
        beginning = f"{day} MMM"
    else:
        beginning = day
    patterns = [(other, f"{day} MMM y")] if one == other else [(one, beginning), (other, f"{day} MMM y")]
    days = (format_date(date, pattern, locale=language) for date, pattern in patterns)
    return "–".join(days).replace(",", "").replace(".", "")


def format_hour(instant: datetime, zone: str, language: str) -> str:
    """Return day, hour and time zone: "Mon 16 Nov, 09:00 (Tegucigalpa)"."""
    return f"{format_day(instant, zone, language)}, {format_clock(instant, zone)} ({zone_city(zone, language)})"


@dataclass(frozen=True)
class Hours:
    """The start and end of an event as one reader sees them, formatted.

    `zone` holds a name and an offset: "Tegucigalpa, UTC−06:00". `other_*` hold the hours in the webinar's time zone;
    they are empty where its clocks show the same hours.
    """

    starts_at: datetime
    day: str
    clock: str
    zone: str
    other_day: str = ""
    other_clock: str = ""
    other_zone: str = ""

    def __str__(self) -> str:
        own = f"{self.day}, {self.clock} ({self.zone})"
        if not self.other_clock:
            return own
        other = f"{self.other_day}, {self.other_clock}" if self.other_day else self.other_clock
        return f"{own} · {other} ({self.other_zone})"


def _zone_text(starts_at: datetime, ends_at: datetime | None, zone: str, language: str) -> str:
    """Return the zone's name and offset, both offsets if the clocks change between start and end, or "UTC" alone."""
    name = zone_city(zone, language)
    if name == "UTC":
        return name
    first, last = zone_offset(starts_at, zone), zone_offset(ends_at or starts_at, zone)
    return f"{name}, {first}" if first == last else f"{name}, {first} → {last}"


def _span_text(starts_at: datetime, ends_at: datetime | None, zone: str) -> str:
    start = format_clock(starts_at, zone)
    return f"{start}–{format_clock(ends_at, zone)}" if ends_at else start


def hours_for(
    starts_at: datetime,
    ends_at: datetime | None,
    *,
    reader_zone: str,
    webinar_zone: str,
    language: str,
    with_year: bool = False,
) -> Hours:
    """Format start and end for a reader, with the webinar's hours beside them if its clock differs at either.

    `with_year` is for texts that may be read years later.
    """
    hours = Hours(
        starts_at,
        day=format_day(starts_at, reader_zone, language, with_year=with_year),
        clock=_span_text(starts_at, ends_at, reader_zone),
        zone=_zone_text(starts_at, ends_at, reader_zone, language),
    )
    if not any(differs_at(each, reader_zone, webinar_zone) for each in (starts_at, ends_at or starts_at)):
        return hours
    other_day = format_day(starts_at, webinar_zone, language, with_year=with_year)
    return replace(
        hours,
        other_day="" if other_day == hours.day else other_day,
        other_clock=_span_text(starts_at, ends_at, webinar_zone),
        other_zone=_zone_text(starts_at, ends_at, webinar_zone, language),
    )
