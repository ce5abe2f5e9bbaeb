"""Template tags for hours, days and bilingual texts."""

from datetime import datetime

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from sessions_app import hours
from sessions_app.bilingual import Bilingual
from sessions_app.zones import differs_at

register = template.Library()


@register.inclusion_tag("parts/hour.html")
def hour(
    starts_at: datetime, ends_at: datetime | None, reader_zone: str, webinar_zone: str, *, with_year: bool = False
) -> dict[str, object]:
    """Show the reader's hours with their time zone, and the webinar's beside them if its clock differs."""
    return {
        "hours": hours.hours_for(
            starts_at,
            ends_at,
            reader_zone=reader_zone,
            webinar_zone=webinar_zone,
            language=get_language() or "en",
            with_year=with_year,
        )
    }


@register.filter(expects_localtime=True)
def iso(instant: datetime) -> str:
    """Return "2026-11-16T09:00:00-06:00", for HTML's `datetime`, which does not allow microseconds."""
    return instant.isoformat(timespec="seconds")


@register.simple_tag
def long_day(instant: datetime, zone: str) -> str:
    return hours.format_long_day(instant, zone, get_language() or "en")


@register.simple_tag
def days(first: datetime, last: datetime, zone: str) -> str:
    """Return "14–15 Dec 2026"."""
    return hours.format_days(first, last, zone, get_language() or "en")


@register.simple_tag
def day_and_hour(instant: datetime, zone: str) -> str:
    """Return "Mon 16 Nov, 09:00 (Tegucigalpa)"."""
    return hours.format_hour(instant, zone, get_language() or "en")


@register.simple_tag
def clock(instant: datetime, zone: str) -> str:
    """Return "09:00"; the template prints the time zone beside it."""
    return hours.format_clock(instant, zone)


@register.simple_tag
def city(zone: str) -> str:
    return hours.zone_city(zone, get_language() or "en")


@register.simple_tag
def other_clock_differs(instant: datetime, zone: str, other: str) -> bool:
    """Whether the clocks of two zones differ at `instant`; if not, the second hour is left out (rule 13)."""
    return differs_at(instant, zone, other)


@register.simple_tag
def bilingual_text(text: Bilingual) -> SafeString:
    """Show a text in the reader's language, or marked in the other one, without whitespace around it."""
    return mark_safe(render_to_string("parts/bilingual.html", {"text": text.localized}).strip())  # noqa: S308  # a template
