"""The time zones of a webinar's countries, and of whoever reads about one delegation."""

from django.utils.translation import get_language

from registrations.models import BodyKind, Delegation, ParticipatingBody, User
from sessions_app.hours import zone_city
from sessions_app.models import Webinar
from sessions_app.reader_zone import zone_for_reader


def zone_for_focal_point(user: User, delegation: Delegation) -> str:
    """Return the zone in which `user` reads about `delegation`: their own, the country's only one, or the webinar's."""
    return zone_for_reader(user, delegation.body.single_timezone, delegation.webinar.timezone)


def countries_with_zones(webinar: Webinar) -> list[tuple[str, str]]:
    """Return (zone, name) of each zone of each country of `webinar`, by name; the city tells several zones apart."""
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
