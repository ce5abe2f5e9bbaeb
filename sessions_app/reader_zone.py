"""Decides in which time zone a reader sees hours: pages, mails and the admin all ask here (rule 13)."""

from sessions_app.zones import known_zones

# A requested name that is unknown is repeated on the page up to this length.
MAX_ECHO_LENGTH = 60


def account_zone(user: object) -> str:
    """Return the time zone of the account `user`; empty for an anonymous user or where none is chosen."""
    zone: str = getattr(user, "timezone", "")
    return zone if zone in known_zones() else ""


def zone_for_reader(user: object, *fallbacks: str) -> str:
    """Return the time zone of the account `user`, or else the first of `fallbacks` that is not empty, or else UTC."""
    return next((zone for zone in (account_zone(user), *fallbacks) if zone), "UTC")


def zone_from_url(requested: str, otherwise: str) -> tuple[str, str]:
    """Return the time zone that a reader asked for in the URL, and the empty string.

    If `requested` is not a known time zone, return `otherwise` and the unknown name, cut to 60 characters.
    """
    name = requested.strip()
    if name in known_zones():
        return name, ""
    return otherwise, name[:MAX_ECHO_LENGTH] if name != otherwise else ""
