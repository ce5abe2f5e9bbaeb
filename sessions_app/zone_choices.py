"""Groups the time zones for a select box: those of the region first, then all others by continent."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from django.utils.translation import gettext_lazy as _

from sessions_app.hours import zone_city
from sessions_app.zones import known_zones

# The zones of most readers; a country whose clocks differ has several.
REGION = (
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
REGION_LABEL = _("In the region")
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
    """Zones under one heading, as pairs (IANA name, city), sorted by city."""

    label: str
    zones: tuple[tuple[str, str], ...]


def zone_groups(language: str, *, selected: str = "") -> tuple[ZoneGroup, ...]:
    """Return every zone once, with its city in `language`; `selected` is added if it is a less usual name of a zone."""
    groups = _zone_groups(language)
    if not selected or any(selected == zone for group in groups for zone, _city in group.zones):
        return groups
    own = ((selected, zone_city(selected, language)),)
    return (ZoneGroup(groups[0].label, own + groups[0].zones), *groups[1:])


def regional_zones(language: str, *, also: Iterable[str] = ()) -> ZoneGroup:
    """Return only the zones of the region and those in `also`: a short list for a page with other inputs."""
    return _zone_group(str(REGION_LABEL), {zone_city(zone, language): zone for zone in (*REGION, *also)})


@lru_cache(maxsize=8)
def _zone_groups(language: str) -> tuple[ZoneGroup, ...]:
    by_continent: dict[str, dict[str, str]] = {name: {} for name in CONTINENTS}
    for zone in sorted(known_zones(), key=len):
        continent = zone.partition("/")[0]
        if continent in by_continent and zone not in REGION:
            by_continent[continent].setdefault(zone_city(zone, language), zone)
    region = {zone_city(zone, language): zone for zone in REGION}
    groups = [_zone_group(str(REGION_LABEL), region)]
    groups += [_zone_group(str(CONTINENTS[name]), cities) for name, cities in by_continent.items()]
    return (*groups, ZoneGroup("UTC", (("UTC", "UTC"),)))


def _zone_group(label: str, cities: dict[str, str]) -> ZoneGroup:
    return ZoneGroup(label, tuple((cities[city], city) for city in sorted(cities, key=without_accents)))


def without_accents(name: str) -> str:
    """Return what to sort `name` by: "Á" stands beside "a"."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))
