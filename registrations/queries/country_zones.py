"""Where the delegates of a webinar read its hours."""

from django.utils.translation import get_language

from registrations.models import BodyKind, ParticipatingBody
from sessions_app.hours import zone_city
from sessions_app.models import Webinar


def countries_with_zones(webinar: Webinar) -> list[tuple[str, str]]:
    """(zone, name) of each country of `webinar`, by name; with the city where a country has several zones. One
    query."""
    language = get_language() or "en"
    countries = ParticipatingBody.objects.filter(kind=BodyKind.COUNTRY, delegations__webinar=webinar)
    return sorted(
        (
            (zone, f"{body} ({zone_city(zone, language)})" if len(body.timezones) > 1 else str(body))
            for body in countries
            for zone in body.timezones
        ),
        key=lambda pair: pair[1],
    )
