"""What the template of a webinar shows: to the public, and in the secretariat's previews."""

from dataclasses import dataclass
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language, override

from sessions_app.agenda import Agenda, agenda_from_release
from sessions_app.bilingual import Bilingual
from sessions_app.models import AgendaVisibility, Release, Webinar
from sessions_app.zone_choices import zone_groups
from sessions_app.zones import known_zones

LONGEST_ECHO = 60
TEXTS = ("objective", "methodology", "audience", "background")


@dataclass(frozen=True)
class PublicWebinar:
    """A webinar with its release in force, as far as the public is concerned; `texts` are those of `TEXTS`."""

    slug: str
    visibility: str
    texts: tuple[Bilingual, ...]
    agenda: Agenda

    @property
    def is_hidden(self) -> bool:
        return self.visibility == AgendaVisibility.HIDDEN


def public_webinar(slug: str) -> PublicWebinar | None:
    """None where there is none, and before its first release. One query."""
    releases = Release.objects.filter(webinar__slug=slug).select_related("webinar")
    release = releases.order_by("-number").first()
    if release is None:
        return None
    return PublicWebinar(
        slug=slug,
        visibility=release.webinar.agenda_visibility,
        texts=tuple(Bilingual.of(release.webinar, name) for name in TEXTS),
        agenda=agenda_from_release(release),
    )


@dataclass(frozen=True)
class PublicPart:
    """All that the main part of a webinar's page is made of: equal ones have the same HTML."""

    webinar: PublicWebinar
    zone: str
    language: str
    unknown_zone: str = ""

    def render(self) -> SafeString:
        """The part as HTML. Kept for the next reader, unless it repeats what this one has typed."""
        return _rendered(self) if self.unknown_zone else _kept(self)


def public_part(webinar: PublicWebinar, *, asked_zone: str, own_zone: str) -> PublicPart:
    """The agenda, as far as the webinar shows it, in the zone that `chosen_zone` says. No query."""
    zone, unknown_zone = chosen_zone(webinar.agenda, asked_zone=asked_zone, own_zone=own_zone)
    return PublicPart(webinar=webinar, zone=zone, language=get_language() or "en", unknown_zone=unknown_zone)


def _rendered(part: PublicPart) -> SafeString:
    webinar = part.webinar
    agenda = shown_part(webinar.visibility, webinar.agenda)
    with override(part.language):
        context = content_context(
            agenda,
            visibility=webinar.visibility,
            texts=webinar.texts,
            zone=part.zone,
            unknown_zone=part.unknown_zone,
        )
        return render_to_string("public/_content.html", context | {"has_file": True})


_kept = lru_cache(maxsize=64)(_rendered)


def preview_context(row: Webinar, agenda: Agenda, *, asked_zone: str, own_zone: str) -> dict[str, object]:
    """`agenda`, whatever it was made from, for a preview of the page. No query."""
    zone, unknown_zone = chosen_zone(agenda, asked_zone=asked_zone, own_zone=own_zone)
    texts = tuple(Bilingual.of(row, name) for name in TEXTS)
    return content_context(agenda, visibility=row.agenda_visibility, texts=texts, zone=zone, unknown_zone=unknown_zone)


def content_context(
    agenda: Agenda, *, visibility: str, texts: tuple[Bilingual, ...], zone: str, unknown_zone: str
) -> dict[str, object]:
    return {
        "agenda": agenda,
        "texts": dict(zip(TEXTS, texts, strict=True)),
        "is_hidden": visibility == AgendaVisibility.HIDDEN,
        "zone": zone,
        "zone_groups": zone_groups(get_language() or "en", selected=zone),
        "unknown_zone": unknown_zone,
    }


def chosen_zone(agenda: Agenda, *, asked_zone: str, own_zone: str) -> tuple[str, str]:
    """The zone that was asked for, that of the reader's account, or the webinar's; and what is no zone that we know."""
    asked = asked_zone.strip()
    usual = own_zone if own_zone in known_zones() else agenda.timezone
    zone = asked if asked in known_zones() else usual
    return zone, asked[:LONGEST_ECHO] if asked and asked != zone else ""


def zone_of_account(user: object) -> str:
    """The zone that a reader has chosen for their account; empty for everyone else."""
    zone: str = getattr(user, "timezone", "")
    return zone


def shown_part(visibility: str, agenda: Agenda) -> Agenda:
    """Of `agenda`, whatever it was made from, what the public may read."""
    return agenda if visibility == AgendaVisibility.FULL else agenda.without_names()
