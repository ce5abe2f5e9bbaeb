"""What the template of a webinar shows: to the public, and in the secretariat's previews."""

from django.utils.translation import get_language

from sessions_app.agenda import Agenda
from sessions_app.bilingual import Bilingual
from sessions_app.models import AgendaVisibility, Webinar
from sessions_app.zone_choices import zone_groups
from sessions_app.zones import known_zones

LONGEST_ECHO = 60


def agenda_context(row: Webinar, agenda: Agenda, *, asked_zone: str, own_zone: str) -> dict[str, object]:
    """`agenda` in the zone that was asked for, that of the reader's account, or the webinar's. No query."""
    asked = asked_zone.strip()
    usual = own_zone if own_zone in known_zones() else agenda.timezone
    zone = asked if asked in known_zones() else usual
    return {
        "webinar": row,
        "agenda": agenda,
        "texts": {name: Bilingual.of(row, name) for name in ("objective", "methodology", "audience", "background")},
        "is_hidden": row.agenda_visibility == AgendaVisibility.HIDDEN,
        "zone": zone,
        "zone_groups": zone_groups(get_language() or "en", selected=zone),
        "unknown_zone": asked[:LONGEST_ECHO] if asked and asked != zone else "",
    }


def zone_of_account(user: object) -> str:
    """The zone that a reader has chosen for their account; empty for everyone else."""
    zone: str = getattr(user, "timezone", "")
    return zone


def shown_part(row: Webinar, agenda: Agenda) -> Agenda:
    """Of `agenda`, whatever it was made from, what the public may read."""
    return agenda if row.agenda_visibility == AgendaVisibility.FULL else agenda.without_names()
