"""The time zones as a list to choose from: those of the region first, then all others by continent."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from django.utils.translation import gettext_lazy as _

from sessions_app.hours import zone_city
from sessions_app.zones import known_zones

# Where most readers are; several cities of one country where its clocks differ.
NEAR = (
    "America/Costa_Rica",
    "America/Belize",
    "America/El_Salvador",
    "America/Guatemala",
    "America/Managua",
    "America/Mexico_City",
    "America/Cancun",
    "America/Hermosillo",
    "America/Tijuana",
    "America/Panama",
    "America/Santo_Domingo",
    "America/Tegucigalpa",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/New_York",
    "America/Halifax",
    "America/Toronto",
    "America/Vancouver",
)
NEAR_LABEL = _("In the region")
CONTINENTS = {
    "America": _("America"),
    "Europe": _("Europe"),
    "Africa": _("Africa"),
    "Asia": _("Asia"),
    "Atlantic": _("Atlantic Ocean"),
    "Australia": _("Australia"),
    "Indian": _("Indian Ocean"),
    "Pacific": _("Pacific Ocean"),
    "Antarctica": _("Antarctica"),
}


@dataclass(frozen=True)
class ZoneGroup:
    """Zones under one heading, as (IANA name, city), by city."""

    label: str
    zones: tuple[tuple[str, str], ...]


def zone_groups(language: str, *, selected: str = "") -> tuple[ZoneGroup, ...]:
    """Every zone once, with its city in `language`; of several names of one zone, `selected` or the usual one."""
    groups = _groups(language)
    if not selected or any(selected == zone for group in groups for zone, _city in group.zones):
        return groups
    own = ((selected, zone_city(selected, language)),)
    return (ZoneGroup(groups[0].label, own + groups[0].zones), *groups[1:])


def near_zones(language: str, *, also: Iterable[str] = ()) -> ZoneGroup:
    """Only those of the region, and `also` some others: a list for a page on which there is more to do."""
    return _group(str(NEAR_LABEL), {zone_city(zone, language): zone for zone in (*NEAR, *also)})


@lru_cache(maxsize=8)
def _groups(language: str) -> tuple[ZoneGroup, ...]:
    by_continent: dict[str, dict[str, str]] = {name: {} for name in CONTINENTS}
    for zone in sorted(known_zones(), key=len):
        continent = zone.partition("/")[0]
        if continent in by_continent and zone not in NEAR:
            by_continent[continent].setdefault(zone_city(zone, language), zone)
    near = {zone_city(zone, language): zone for zone in NEAR}
    groups = [_group(str(NEAR_LABEL), near)]
    groups += [_group(str(CONTINENTS[name]), cities) for name, cities in by_continent.items()]
    return (*groups, ZoneGroup("UTC", (("UTC", "UTC"),)))


def _group(label: str, cities: dict[str, str]) -> ZoneGroup:
    return ZoneGroup(label, tuple((cities[city], city) for city in sorted(cities, key=_without_accents)))


def _without_accents(city: str) -> str:
    decomposed = unicodedata.normalize("NFKD", city.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))
