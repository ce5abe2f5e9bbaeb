"""`{% hour start end reader_zone webinar_zone %}` and the plain filters for days and clocks."""

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
def hour(starts_at: datetime, ends_at: datetime | None, reader_zone: str, webinar_zone: str) -> dict[str, object]:
    """The reader's hours with their zone, and the webinar's where the clock differs."""
    language = get_language() or "en"
    return {
        "hours": hours.hours_for(
            starts_at, ends_at, reader_zone=reader_zone, webinar_zone=webinar_zone, language=language
        )
    }


@register.filter(expects_localtime=True)
def iso(instant: datetime) -> str:
    """ "2026-11-16T09:00:00-06:00", for `datetime` in HTML, which allows no six digits of a second."""
    return instant.isoformat(timespec="seconds")


@register.simple_tag
def long_day(instant: datetime, zone: str) -> str:
    return hours.format_long_day(instant, zone, get_language() or "en")


@register.simple_tag
def day_and_hour(instant: datetime, zone: str) -> str:
    """ "Mon 16 Nov, 09:00 (Tegucigalpa)"."""
    return hours.format_hour(instant, zone, get_language() or "en")


@register.simple_tag
def clock(instant: datetime, zone: str) -> str:
    """ "09:00"; only beside something that names the zone."""
    return hours.format_clock(instant, zone)


@register.simple_tag
def city(zone: str) -> str:
    return hours.zone_city(zone, get_language() or "en")


@register.simple_tag
def other_clock_differs(instant: datetime, zone: str, other: str) -> bool:
    """Whether the clocks of two zones differ at `instant`; elsewhere the second hour is left out (rule 13)."""
    return differs_at(instant, zone, other)


@register.simple_tag
def bilingual(text: Bilingual) -> SafeString:
    """The text in the reader's language, or the other one, marked; without blanks around it."""
    return mark_safe(render_to_string("parts/bilingual.html", {"text": text.here}).strip())  # noqa: S308  # a template
