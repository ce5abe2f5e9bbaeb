"""One hour for a reader: that of the page, of the calendar and of the mail, around every change of their clock.

What is shown is read back: day, clock and offset make an instant again, which has to be the one in the calendar.
"""

import html
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import chain, cycle
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from icalendar import Calendar

from registrations.messages import calendar
from registrations.models import CalendarEntry, Delegate, Delivery, DeliveryKind
from registrations.tokens import page_url
from sessions_app.hours import zone_city
from sessions_app.models import ReleasedSession, Session, Webinar
from sessions_app.templatetags.hours import hour
from tests.calendar_client import calendar_of, parse
from tests.factories import FIRST_START, NOW
from tests.registrations.services.deliveries import admitted, plan_and_send, released_delegation

ZONES = (
    # The region's.
    *("America/Belize", "America/Cancun", "America/Chicago", "America/Ciudad_Juarez", "America/Costa_Rica"),
    *("America/Denver", "America/El_Salvador", "America/Guatemala", "America/Halifax", "America/Hermosillo"),
    *("America/Los_Angeles", "America/Managua", "America/Mexico_City", "America/New_York", "America/Panama"),
    *("America/Phoenix", "America/Santo_Domingo", "America/Tegucigalpa", "America/Tijuana", "America/Vancouver"),
    # Of half an hour, of three quarters, or whose clock moves by half an hour or by two.
    *("America/St_Johns", "Pacific/Marquesas", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Kabul", "Asia/Tehran"),
    *("Asia/Yangon", "Australia/Adelaide", "Australia/Darwin", "Australia/Eucla", "Australia/Lord_Howe"),
    *("Pacific/Chatham", "Antarctica/Troll"),
    # On both sides of the date line.
    *("Pacific/Apia", "Pacific/Auckland", "Pacific/Fiji", "Pacific/Honolulu", "Pacific/Kiritimati"),
    *("Pacific/Norfolk", "Pacific/Pago_Pago", "Pacific/Tongatapu"),
    # That change with Ramadan, at midnight, on a day of their own, or not at all.
    *("Africa/Cairo", "Africa/Casablanca", "Africa/El_Aaiun", "Africa/Lagos", "America/Asuncion", "America/Havana"),
    *("America/Nuuk", "America/Santiago", "America/Sao_Paulo", "Asia/Beirut", "Asia/Gaza", "Asia/Jerusalem"),
    *("Asia/Tokyo", "Atlantic/Azores", "Europe/Chisinau", "Europe/Dublin", "Europe/London", "Europe/Madrid"),
    "Pacific/Easter",
)
WEBINAR_ZONE = "America/Costa_Rica"
FIRST_DAY, LAST_DAY = datetime(2026, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
TWO_HOURS = timedelta(hours=2)
# Over before the change, around it, beginning with it, the day after it.
SIDES = (timedelta(hours=-2), timedelta(minutes=-45), timedelta(0), timedelta(days=1))
WEEKDAYS = {
    "en": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    "es": ["lun", "mar", "mié", "jue", "vie", "sáb", "dom"],
}
MONTHS = {
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    "es": ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov", "dic"],
}
OFFSET = r"UTC([+−])(\d\d):(\d\d)"
TOLD = re.compile(
    r"(?:([^\W\d]+) (\d{1,2}) ([^\W\d]+), )?(\d\d:\d\d)–(\d\d:\d\d)\s+\(?([^\d(),·]+?), "
    rf"(?=({OFFSET}))(?:{OFFSET})(?: → (?=({OFFSET}))(?:{OFFSET}))?"
)


@dataclass(frozen=True)
class Told:
    """What a reader is told of one zone, as instants."""

    starts_at: datetime
    ends_at: datetime
    zone: str


def told_in(text: str, language: str, *, near: datetime) -> list[Told]:
    """All hours in `text`, in their order; those without a day are of the day before them."""
    found, day = [], None
    for match in TOLD.finditer(text):
        weekday, number, month, start, end, zone = match.groups()[:6]
        first, last = match[7], match[14] or match[7]
        if number:
            day = day_of(int(number), 1 + MONTHS[language].index(month), near=near)
            assert WEEKDAYS[language][day.weekday()] == weekday
        assert day is not None
        starts_at = instant_of(day, start, first)
        ends_at = instant_of(day, end, last)
        found.append(Told(starts_at, ends_at if ends_at > starts_at else ends_at + timedelta(days=1), zone.strip()))
    return found


def day_of(number: int, month: int, *, near: datetime) -> date:
    """That day of the year in which it is close to `near`."""
    years = (near.year - 1, near.year, near.year + 1)
    return min((date(year, month, number) for year in years), key=lambda day: abs(day - near.date()))


def instant_of(day: date, clock: str, offset: str) -> datetime:
    sign, hours, minutes = re.fullmatch(OFFSET, offset).groups()
    distance = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "−" else 1)
    return datetime.combine(day, time.fromisoformat(clock), UTC) - distance


@cache
def changes_of(zone: str) -> tuple[datetime, ...]:
    """Every instant of the three years at which the zone's offset becomes another, by tzdata itself."""
    clock = ZoneInfo(zone)
    found, at = [], FIRST_DAY
    while at < LAST_DAY:
        later = at + timedelta(days=1)
        before, after = at, later
        if at.astimezone(clock).utcoffset() != later.astimezone(clock).utcoffset():
            while after - before > timedelta(minutes=1):
                middle = before + (after - before) // 2
                is_new = middle.astimezone(clock).utcoffset() == later.astimezone(clock).utcoffset()
                before, after = (before, middle) if is_new else (middle, after)
            found.append(after.replace(second=0, microsecond=0))
        at = later
    return tuple(found)


def starts_in(zone: str) -> list[datetime]:
    """Starts of sessions on both sides of every change; where the clock never changes, one in each half of a year."""
    own = [change + side for change in changes_of(zone) for side in SIDES]
    return own or [datetime(year, month, 10, 15, 0, tzinfo=UTC) for year in (2026, 2027, 2028) for month in (1, 7)]


def invitation_to(zone: str, language: str, starts_at: datetime) -> Delivery:
    """The first mail of a session, of rows that are not stored."""
    webinar = Webinar(pk=1, slug="flows", title_en="Flows", timezone=WEBINAR_ZONE, contact_email="office@example.org")
    session = Session(pk=1, webinar=webinar, number=1, title_en="Context", starts_at=starts_at, duration_minutes=120)
    released = ReleasedSession(
        session=session,
        number=1,
        title_en="Context",
        starts_at=starts_at,
        ends_at=starts_at + TWO_HOURS,
        timezone=WEBINAR_ZONE,
        changed_at=NOW,
    )
    delegate = Delegate(pk=1, webinar=webinar, name="Ana", email="a@example.org", language=language, timezone=zone)
    return Delivery(
        kind=DeliveryKind.INVITATION,
        delegate=delegate,
        session=released.session,
        entry=CalendarEntry(session=session, address="a@example.org", delegate=delegate),
        email="a@example.org",
        ical_method="REQUEST",
        ical_sequence=0,
        ical_stamp=NOW,
    )


def words(markup: str) -> str:
    """The words of a page or mail, without its tags and without its head."""
    body = re.sub(r"<head\b.*?</head>", "", markup, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


def parts_of(message: EmailMultiAlternatives) -> dict[str, str]:
    """The texts of a mail in which its hour stands."""
    return {
        "subject": message.subject,
        "text": message.body,
        "html": words(str(message.alternatives[0][0])),
    }


def test_the_zones_are_sixty_and_their_changes_are_found() -> None:
    assert len(set(ZONES)) == len(ZONES) == 60
    assert changes_of("America/New_York")[:2] == (
        datetime(2026, 3, 8, 7, 0, tzinfo=UTC),
        datetime(2026, 11, 1, 6, 0, tzinfo=UTC),
    )
    # Back for Ramadan and forth after it, each year.
    assert len(changes_of("Africa/Casablanca")) == 6
    assert len(changes_of("Antarctica/Troll")) == 6
    assert changes_of("America/Tegucigalpa") == ()


def test_page_calendar_and_mail_tell_one_hour_with_its_zone_and_offset_around_every_change_of_clock() -> None:
    languages = cycle(("es", "en"))
    for zone, starts_at in chain.from_iterable(((zone, start) for start in starts_in(zone)) for zone in ZONES):
        language = next(languages)
        delivery = invitation_to(zone, language, starts_at)
        with translation.override(language):
            page = render_to_string("parts/hour.html", hour(starts_at, starts_at + TWO_HOURS, zone, WEBINAR_ZONE))
            message = calendar.build(delivery)
        (event,) = Calendar.from_ical(str(message.alternatives[1][0])).events
        shown = {"page": words(page), "calendar": str(event["DESCRIPTION"]), **parts_of(message)}

        own = Told(starts_at, starts_at + TWO_HOURS, zone_city(zone, language))
        beside = Told(starts_at, starts_at + TWO_HOURS, zone_city(WEBINAR_ZONE, language))
        clocks_differ = any(
            at.astimezone(ZoneInfo(zone)).utcoffset() != at.astimezone(ZoneInfo(WEBINAR_ZONE)).utcoffset()
            for at in (starts_at, starts_at + TWO_HOURS)
        )
        assert (event.start, event.end) == (own.starts_at, own.ends_at)
        for place, text in shown.items():
            expected = [own, beside] if clocks_differ and place != "subject" else [own]
            assert told_in(text, language, near=starts_at) == expected, (place, zone, starts_at, text)


END_TO_END = (
    ("America/Los_Angeles", "en"),
    ("America/Mexico_City", "es"),
    ("America/St_Johns", "es"),
    ("Asia/Kathmandu", "en"),
    ("Australia/Lord_Howe", "en"),
    ("Africa/Casablanca", "es"),
    ("Antarctica/Troll", "es"),
    ("Pacific/Kiritimati", "en"),
    ("Pacific/Pago_Pago", "es"),
)


@pytest.mark.django_db
@pytest.mark.parametrize(("zone", "language"), END_TO_END)
def test_what_a_person_receives_and_opens_tells_one_hour(client, zone, language) -> None:
    ana = admitted(released_delegation(), language=language, timezone=zone)
    plan_and_send()
    message = mail.outbox[0]
    (event,) = calendar_of(parse(message)).events

    page = client.get(page_url(ana))
    feed = client.get(page.context["feed_url"])

    (first, *_others) = sorted(Calendar.from_ical(feed.content).events, key=lambda each: each.start)
    own = Told(FIRST_START, FIRST_START + TWO_HOURS, zone_city(zone, ana.language))
    shown = {
        "page": words(page.content.decode()),
        "calendar": str(event["DESCRIPTION"]),
        "feed": str(first["DESCRIPTION"]),
        **parts_of(message),
    }
    assert event.start == first.start == FIRST_START
    assert {place: told_in(text, language, near=FIRST_START)[0] for place, text in shown.items()} == dict.fromkeys(
        shown, own
    )
