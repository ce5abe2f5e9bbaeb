"""The member countries of the RCM, which every page names below its content."""

from functools import lru_cache

from babel import Locale

from sessions_app.zone_choices import without_accents

# Their codes by ISO 3166. The list is a fact about the conference, while the bodies in the database are those that were
# ever asked to take part in a webinar here.
MEMBERS = ("BZ", "CA", "CR", "DO", "GT", "HN", "MX", "NI", "PA", "SV", "US")


@lru_cache(maxsize=8)
def member_names(language: str) -> tuple[str, ...]:
    """Return the names of the member countries in `language`, sorted as its readers expect."""
    territories = Locale.parse(language, sep="-").territories
    return tuple(sorted((territories[code] for code in MEMBERS), key=without_accents))
