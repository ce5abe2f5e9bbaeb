"""Parses bodies, profiles with quotas, registration and reminders of a definition file into dataclasses."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from registrations.models import BodyKind, ReminderMoment, ReminderRecipients, ReminderScope, ReminderUnit
from registrations.models.gap_notice import MAX_DAYS, MIN_DAYS
from registrations.models.reminder import allowed_amounts
from registrations.services.quotas import MAX_SEATS
from registrations.services.registration_window import MAX_REASON_LENGTH
from sessions_app.bilingual import Bilingual
from sessions_app.definitions import TomlTable

LANGUAGES = [code for code, name in settings.LANGUAGES]
# In minutes, the largest first.
UNIT_MINUTES = {ReminderUnit.DAYS: 24 * 60, ReminderUnit.HOURS: 60, ReminderUnit.MINUTES: 1}
MAX_DEADLINE_DAYS = 3650
# No valid lead time is larger.
MAX_NUMBER = 1_000_000_000


@dataclass(frozen=True)
class BodyDefinition:
    """A participating body. `name` is empty if the file gives only its code, for a body that is stored already."""

    kind: str
    iso_code: str
    slug: str
    name: Bilingual
    language: str
    timezones: tuple[str, ...]
    line: int


@dataclass(frozen=True)
class ExceptionDefinition:
    """A quota exception of the country with this ISO code."""

    country: str
    minimum: int
    maximum: int | None
    reason: str
    line: int


@dataclass(frozen=True)
class ProfileDefinition:
    """A profile and its quota. `name` is empty if the file gives only the code, for a profile that is stored already.

    `exceptions` is None if the file lists none: stored exceptions are then kept.
    """

    code: str
    name: Bilingual
    description: Bilingual
    minimum: int
    maximum: int | None
    exceptions: tuple[ExceptionDefinition, ...] | None
    line: int


@dataclass(frozen=True)
class RegistrationTime:
    """A local time on the date `day`, or `days_before` the day of the first session."""

    day: date | None
    days_before: int
    at: time

    def resolve(self, first_start: datetime, moved: timedelta) -> datetime:
        """Return the local datetime for a first session at `first_start`; a fixed day is shifted by `moved`."""
        if self.day is not None:
            return datetime.combine(self.day, self.at) + moved
        return datetime.combine(first_start.date() - timedelta(days=self.days_before), self.at)


@dataclass(frozen=True)
class RegistrationDefinition:
    """Opening, closing, purge and acceptance.

    `gap_notices` are days before closing; None, where the file has no list, gives a new webinar the usual ones.
    """

    opens: RegistrationTime
    closes: RegistrationTime
    purge: RegistrationTime
    accepts_complete_at_once: bool
    requires_letter: bool
    gap_notices: tuple[int, ...] | None
    line: int


@dataclass(frozen=True)
class ReminderDefinition:
    """A reminder rule; the fields are named as in the model."""

    amount: int
    unit: str
    scope: str
    moment: str = ReminderMoment.BEFORE_START
    recipients: str = ReminderRecipients.ALL


@dataclass(frozen=True)
class ParticipantsDefinition:
    """Bodies, profiles, registration and reminders; `reminders` of None gives a new webinar the usual ones."""

    bodies: tuple[BodyDefinition, ...]
    profiles: tuple[ProfileDefinition, ...]
    registration: RegistrationDefinition
    reminders: tuple[ReminderDefinition, ...] | None


def parse_participants(top: TomlTable) -> ParticipantsDefinition:
    """Parse the blocks `body`, `profile`, `registration` and `reminder`; problems are collected in the source."""
    return ParticipantsDefinition(
        bodies=_parse_bodies(top),
        profiles=_parse_profiles(top),
        registration=_parse_registration(top.read_table("registration", required=True)),
        reminders=_parse_reminders(top),
    )


def _parse_bodies(top: TomlTable) -> tuple[BodyDefinition, ...]:
    bodies: dict[str, BodyDefinition] = {}
    for table in top.read_tables("body"):
        body = _parse_body(table)
        if body.slug and body.slug in bodies:
            table.report("slug", _("The body “%(slug)s” stands in the file twice.") % {"slug": body.slug})
        bodies[body.slug] = body
    iso_codes = [body.iso_code for body in bodies.values() if body.iso_code]
    for code in {code for code in iso_codes if iso_codes.count(code) > 1}:
        top.report("body", _("The code “%(code)s” is given to two bodies.") % {"code": code})
    return tuple(bodies.values())


def _parse_body(table: TomlTable) -> BodyDefinition:
    kind = table.read_choice("kind", BodyKind.values, default=BodyKind.COUNTRY)
    body = BodyDefinition(
        kind=kind,
        iso_code=table.read_text("iso_code", required=kind == BodyKind.COUNTRY),
        slug=table.read_slug("slug", longest=40),
        name=table.read_bilingual("name", longest=200),
        language=table.read_choice("language", LANGUAGES, default="es"),
        timezones=table.read_zones("timezones"),
        line=table.line,
    )
    table.finish()
    if body.iso_code and not (len(body.iso_code) == 2 and body.iso_code.isascii() and body.iso_code.isupper()):
        table.report(
            "iso_code",
            _("“%(code)s” is no country code. Allowed: two capital letters of ISO 3166, such as HN.")
            % {"code": body.iso_code},
        )
    if kind == BodyKind.COUNTRY and body.name and not body.timezones and not table.has("timezones"):
        table.report("", _("“timezones” is missing. Allowed: a list of the country's time zones."))
    return body


def _parse_profiles(top: TomlTable) -> tuple[ProfileDefinition, ...]:
    profiles: dict[str, ProfileDefinition] = {}
    for table in top.read_tables("profile"):
        minimum, maximum = _parse_numbers(table)
        profile = ProfileDefinition(
            code=table.read_slug("code", longest=40),
            name=table.read_bilingual("name", longest=100),
            description=table.read_bilingual("description", longest=300),
            minimum=minimum,
            maximum=maximum,
            exceptions=_parse_exceptions(table),
            line=table.line,
        )
        table.finish()
        if profile.code in profiles:
            table.report("code", _("The profile “%(code)s” stands in the file twice.") % {"code": profile.code})
        profiles[profile.code] = profile
    return tuple(profiles.values())


def _parse_numbers(table: TomlTable) -> tuple[int, int | None]:
    minimum = table.read_number("minimum", lowest=0, highest=MAX_SEATS, default=2)
    maximum = table.read_number("maximum", lowest=0, highest=MAX_SEATS) if table.has("maximum") else None
    # So that the error about an unknown key lists “maximum” among the allowed ones, also if the file has none.
    table.allow("maximum")
    if maximum is not None and maximum < minimum:
        table.report("maximum", _("The maximum cannot be below the minimum. Enter a higher one, or none."))
    return minimum, maximum


def _parse_exceptions(profile: TomlTable) -> tuple[ExceptionDefinition, ...] | None:
    exceptions: dict[str, ExceptionDefinition] = {}
    for table in profile.read_tables("exceptions"):
        minimum, maximum = _parse_numbers(table)
        exception = ExceptionDefinition(
            country=table.read_text("country", required=True),
            minimum=minimum,
            maximum=maximum,
            reason=table.read_text("reason", required=True, longest=MAX_REASON_LENGTH),
            line=table.line,
        )
        table.finish()
        if exception.country in exceptions:
            table.report("country", _("An exception for “%(code)s” stands here twice.") % {"code": exception.country})
        exceptions[exception.country] = exception
    return tuple(exceptions.values()) if profile.has("exceptions") else None


def _parse_registration(table: TomlTable) -> RegistrationDefinition:
    registration = RegistrationDefinition(
        opens=_parse_registration_time(table, "opens", at=time(9)),
        closes=_parse_registration_time(table, "closes", at=time(17)),
        purge=_parse_registration_time(table, "purge", at=time(), counts="days_after"),
        accepts_complete_at_once=table.read_bool("accepts_complete_at_once") is not False,
        requires_letter=table.read_bool("requires_letter") is True,
        gap_notices=_parse_gap_notices(table),
        line=table.line,
    )
    table.finish()
    return registration


def _parse_registration_time(parent: TomlTable, key: str, *, at: time, counts: str = "days_before") -> RegistrationTime:
    table = parent.read_table(key, required=True)
    day = table.read_date("on", required=False)
    days = table.read_number(counts, lowest=0, highest=MAX_DEADLINE_DAYS, default=0)
    clock = table.read_time("at", required=False)
    table.finish()
    if parent.has(key) and table.has("on") == table.has(counts):
        parent.report(
            key,
            _("“%(key)s” needs either “on” with a date or “%(counts)s” with a number of days.")
            % {"key": key, "counts": counts},
        )
    return RegistrationTime(day=day, days_before=-days if counts == "days_after" else days, at=clock or at)


def _parse_reminders(top: TomlTable) -> tuple[ReminderDefinition, ...] | None:
    tables = top.read_tables("reminder")
    if not top.has("reminder"):
        return None
    reminders: dict[ReminderDefinition, None] = {}
    for table in tables:
        reminder = _parse_reminder(table)
        if reminder in reminders:
            table.report("", _("A reminder stands in the file twice."))
        reminders[reminder] = None
    return tuple(reminders)


def _parse_reminder(table: TomlTable) -> ReminderDefinition:
    amount, unit = _parse_lead(table)
    reminder = ReminderDefinition(
        amount=amount,
        unit=unit,
        scope=table.read_choice("of", ReminderScope.values, default=ReminderScope.EACH_SESSION),
        moment=table.read_choice("when", ReminderMoment.values, default=ReminderMoment.BEFORE_START),
        recipients=table.read_choice("to", ReminderRecipients.values, default=ReminderRecipients.ALL),
    )
    table.finish()
    if amount not in allowed_amounts(unit):
        table.report("", _("A reminder needs “days”, “hours” or “minutes”: from 5 minutes to 60 days."))
    return reminder


def _parse_lead(table: TomlTable) -> tuple[int, ReminderUnit]:
    """Return the lead time in the unit of the file; with several units, in the smallest of them."""
    numbers = {
        unit: table.read_number(unit, lowest=-MAX_NUMBER, highest=MAX_NUMBER, default=1)
        for unit in UNIT_MINUTES
        if table.has(unit)
    }
    table.allow(*UNIT_MINUTES)
    unit = next(reversed(numbers), ReminderUnit.DAYS)
    return sum(number * UNIT_MINUTES[each] for each, number in numbers.items()) // UNIT_MINUTES[unit], unit


def _parse_gap_notices(table: TomlTable) -> tuple[int, ...] | None:
    days = table.read_numbers("gap_notices", lowest=MIN_DAYS, highest=MAX_DAYS)
    if len(set(days)) < len(days):
        table.report("gap_notices", _("A day stands in “gap_notices” twice."))
    return days if table.has("gap_notices") else None
