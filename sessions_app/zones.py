"""Validates IANA time zones and years, and compares the clocks of two zones."""

from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

EARLIEST_YEAR, LATEST_YEAR = 2000, 2199


@cache
def known_zones() -> frozenset[str]:
    """Return every IANA name with a region ("America/Tegucigalpa"), and UTC; no fixed offsets and no legacy names."""
    legacy = ("Etc/", "SystemV/", "posix/", "right/")
    return frozenset(name for name in available_timezones() if "/" in name and not name.startswith(legacy)) | {"UTC"}


def validate_zone(name: str) -> None:
    """Raise ValidationError unless `name` is one of `known_zones()`."""
    if name not in known_zones():
        raise ValidationError(
            _("“%(name)s” is not a time zone. Choose one such as America/Costa_Rica."),
            code="unknown_zone",
            params={"name": name},
        )


def validate_year(moment: date) -> None:
    """Raise ValidationError for a year that must be mistyped; the extreme years cannot be converted between zones."""
    if not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        raise ValidationError(
            _("Please give a year from %(earliest)s to %(latest)s."),
            code="year",
            params={"earliest": EARLIEST_YEAR, "latest": LATEST_YEAR},
        )


def differs_at(instant: datetime, zone: str, other_zone: str) -> bool:
    """Whether the clocks of two zones show a different hour at `instant`."""
    return instant.astimezone(ZoneInfo(zone)).utcoffset() != instant.astimezone(ZoneInfo(other_zone)).utcoffset()
