"""The time zones of the countries of a webinar."""

from django.utils.translation import get_language

from registrations.models import BodyKind, ParticipatingBody
from sessions_app.hours import zone_city
from sessions_app.models import Webinar


def countries_with_zones(webinar: Webinar) -> list[tuple[str, str]]:
    """Return a pair of zone and country name for each zone of the countries of `webinar`, sorted by name. Costs one
    query.

    The name includes the city if the country has several zones.
    """
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
