"""Reads hours and minutes as people type them: "9:00", "09:20 – 09:30", "9.00 a.m.", "20 min", "1 h 30"."""

import re

from django.utils.translation import gettext as _

MINUTES = re.compile(r"(\d{1,3})\s*(?:m|min(?:uto|ute)?s?|')?\.?", re.I | re.ASCII)
# "1 h 30" lasts that long, except in a column of hours; "9 h" is an hour of the day.
HOURS_LONG = re.compile(
    r"([1-6])\s*h(?:rs?|oras?|ours?)?\.?(?:\s*(?:y|and)?\s*(\d{1,2})\s*(?:m|min\w*)?)?\.?", re.I | re.ASCII
)
HOUR = r"(\d{1,2})(?:\s*[:.h]\s*(\d{2})(?::\d{2})?)?\s*(?:hrs?|hs|horas|h)?\.?\s*([ap]\.?\s?m\.?)?"
HOURS = re.compile(rf"(?:de\s+|from\s+)?{HOUR}(?:\s*(?:[-–—]|a|to|hasta|until)\s*(?:las\s+)?{HOUR})?", re.I | re.ASCII)


def parse_times(hour: str, minutes: str, *, is_hour_column: bool) -> tuple[int | None, int | None, list[str]]:
    """Return (minute of the day, minutes, errors) of "9:00", "09:20 – 09:30", "9.00 a.m." or "20 min".

    In a column of hours, "6 h" is an hour of the day; otherwise it lasts that long.
    """
    begins, lasts = _parse_hours(hour, is_hour_column=is_hour_column)
    errors = []
    if begins is None and lasts is None and hour:
        errors.append(_("“%(text)s” is neither an hour, such as 09:00, nor minutes.") % {"text": hour[:40]})
    if minutes:
        lasts = _parse_minutes(minutes)
        if lasts is None:
            errors.append(_("“%(text)s” is not a number of minutes.") % {"text": minutes[:40]})
    return begins, lasts, errors


def _parse_hours(text: str, *, is_hour_column: bool) -> tuple[int | None, int | None]:
    """Return (minute of the day, minutes) as far as `text` says them; what is in brackets may be minutes."""
    outside, _bracket, inside = text.partition("(")
    begins, lasts = _parse_span(outside.strip(), is_hour_column=is_hour_column)
    if begins is not None and lasts is None:
        lasts = _parse_minutes(inside.rstrip(") "))
    return begins, lasts


def _parse_minutes(text: str) -> int | None:
    if found := MINUTES.fullmatch(text):
        return int(found[1])
    found = HOURS_LONG.fullmatch(text)
    return int(found[1]) * 60 + int(found[2] or 0) if found else None


def _parse_span(text: str, *, is_hour_column: bool) -> tuple[int | None, int | None]:
    found = HOURS.fullmatch(text)
    is_hour = is_hour_column and found is not None and not MINUTES.fullmatch(text)
    if not is_hour and (minutes := _parse_minutes(text)) is not None:
        return None, minutes
    if found is None:
        return None, None
    first, last = found.group(1, 2, 3), found.group(4, 5, 6)
    ends = _to_minute(*last) if last[0] else None
    begins = _to_minute(first[0], first[1], first[2] or last[2])
    if ends is not None and begins is not None and begins > ends:
        # "11:30 – 12:15 p.m.": what is said of the end is not true of the beginning.
        begins = _to_minute(*first)
    if begins is None or (last[0] and (ends is None or ends <= begins)):
        return None, None
    return begins, None if ends is None else ends - begins


def _to_minute(hour: str, minute: str | None, half: str | None) -> int | None:
    """Return the minute of the day, or None if there is no such hour."""
    hours, minutes = int(hour), int(minute or 0)
    if half and 1 <= hours <= 12:
        hours = hours % 12 + (12 if half.lower().startswith("p") else 0)
    return hours * 60 + minutes if hours < 24 and minutes < 60 else None
