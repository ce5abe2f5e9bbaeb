"""Builds messages with Django's own class and icalendar, without the caches and shortcuts of the product.

`bench/building.py` compares with it, and so do the tests that compare messages byte by byte.
"""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse
from django.utils import translation
from icalendar import Alarm, Calendar, Event, vCalAddress

from registrations.models import Delegate
from registrations.tokens import Scope, make_token
from sessions_app.ical import Attendee, CalendarSession, Method

CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def plain_message(message: EmailMultiAlternatives) -> EmailMultiAlternatives:
    """Return the content of `message` as a message of Django's own class."""
    plain = EmailMultiAlternatives(
        subject=message.subject,
        body=message.body,
        from_email=message.from_email,
        to=message.to,
        reply_to=message.reply_to,
        headers=dict(message.extra_headers),
        alternatives=message.alternatives,
        attachments=message.attachments,
    )
    plain.encoding = message.encoding
    return plain


def plain_calendar(session: CalendarSession, *, method: Method, organizer: str, attendee: Attendee) -> bytes:
    """Return the calendar of an invitation or a cancellation, written by icalendar alone."""
    event = Event()
    event.add("UID", str(session.uid))
    event.add("DTSTAMP", session.stamp.replace(microsecond=0))
    event.add("LAST-MODIFIED", session.stamp.replace(microsecond=0))
    event.add("SEQUENCE", session.sequence)
    event.add("DTSTART", session.starts_at.replace(microsecond=0))
    event.add("DTEND", session.ends_at.replace(microsecond=0))
    event.add("SUMMARY", _text(session.summary))
    event.add("DESCRIPTION", _text(session.description))
    if session.link:
        event.add("LOCATION", _text(session.link)[:255])
        event.add("URL", session.link)
    if session.is_cancelled or method is not Method.CANCEL:
        event.add("STATUS", "CANCELLED" if session.is_cancelled else "CONFIRMED")
    event.add("TRANSP", "OPAQUE")
    event.add("ORGANIZER", vCalAddress(f"mailto:{organizer}"))
    address = vCalAddress(f"mailto:{attendee.email}")
    address.params |= {
        "CUTYPE": "INDIVIDUAL",
        "ROLE": "REQ-PARTICIPANT",
        "PARTSTAT": attendee.partstat,
        "RSVP": "TRUE",
    }
    if name := " ".join(_text(attendee.name).replace('"', "'").split()):
        address.params["CN"] = name
    event.add("ATTENDEE", address)
    if method is not Method.CANCEL:
        alarm = Alarm()
        alarm.add("ACTION", "DISPLAY")
        alarm.add("DESCRIPTION", _text(session.summary))
        alarm.add("TRIGGER", timedelta(minutes=-15))
        event.add_component(alarm)
    calendar = Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", "-//rcm-webinar//Regional Conference on Migration//EN")
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("METHOD", method.value)
    calendar.add_component(event)
    return calendar.to_ical()


def plain_page_url(delegate: Delegate) -> str:
    """Return the URL of the participant's page, reversed each time."""
    with translation.override(delegate.language):
        return settings.BASE_URL + reverse("registrations:my", args=[make_token(delegate, Scope.PAGE)])


def plain_join_url(delegate: Delegate, number: int) -> str:
    """Return the URL of the join page, reversed each time."""
    with translation.override(delegate.language):
        return settings.BASE_URL + reverse("registrations:join", args=[make_token(delegate, Scope.JOIN), number])


def plain_day(instant: datetime, zone: str, language: str) -> str:
    """Return the day as "Mon 16 Nov", formatted each time."""
    day = format_datetime(instant.astimezone(ZoneInfo(zone)), "EEE d MMM", locale=language)
    return day.replace(",", "").replace(".", "")


def _text(text: str) -> str:
    return CONTROL_CHARACTERS.sub("", text).strip()
