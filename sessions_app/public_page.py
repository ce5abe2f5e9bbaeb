"""Prepares and renders a webinar's page for the public, and for the secretariat's previews of it."""

from dataclasses import dataclass
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language, override

from sessions_app.agenda import Agenda, agenda_from_release
from sessions_app.bilingual import Bilingual
from sessions_app.models import AgendaVisibility, Release, Webinar
from sessions_app.reader_zone import zone_for_reader, zone_from_url
from sessions_app.zone_choices import zone_groups

TEXT_FIELDS = ("objective", "methodology", "audience", "background")


@dataclass(frozen=True)
class PublicWebinar:
    """A webinar with its latest release, as the public page shows it; `texts` follow the order of `TEXT_FIELDS`."""

    slug: str
    visibility: str
    texts: tuple[Bilingual, ...]
    agenda: Agenda

    @property
    def is_hidden(self) -> bool:
        """Whether the public sees no agenda, only the texts about the webinar."""
        return self.visibility == AgendaVisibility.HIDDEN


def public_webinar(slug: str) -> PublicWebinar | None:
    """Return the released webinar with this slug; None if it does not exist or is not released yet. One query."""
    releases = Release.objects.filter(webinar__slug=slug).select_related("webinar")
    release = releases.order_by("-number").first()
    if release is None:
        return None
    return PublicWebinar(
        slug=slug,
        visibility=release.webinar.agenda_visibility,
        texts=tuple(Bilingual.from_columns(release.webinar, name) for name in TEXT_FIELDS),
        agenda=agenda_from_release(release),
    )


@dataclass(frozen=True)
class PublicContent:
    """Everything that the main content of a webinar's page depends on: equal values render to equal HTML."""

    webinar: PublicWebinar
    zone: str
    language: str
    unknown_zone: str = ""

    def render(self) -> SafeString:
        """Return the content as HTML. It is cached unless it repeats an unknown time zone that a reader typed."""
        return _render(self) if self.unknown_zone else _render_cached(self)


def public_content(webinar: PublicWebinar, *, zone_parameter: str, user: object) -> PublicContent:
    """Return the public part of the agenda, with hours in the zone of the URL, of `user` or the webinar. No query."""
    zone, unknown_zone = zone_from_url(zone_parameter, zone_for_reader(user, webinar.agenda.timezone))
    return PublicContent(webinar=webinar, zone=zone, language=get_language() or "en", unknown_zone=unknown_zone)


def _render(content: PublicContent) -> SafeString:
    webinar = content.webinar
    agenda = public_agenda(webinar.agenda, webinar.visibility)
    with override(content.language):
        context = _content_context(
            agenda,
            visibility=webinar.visibility,
            texts=webinar.texts,
            zone=content.zone,
            unknown_zone=content.unknown_zone,
        )
        return render_to_string("public/_content.html", context | {"has_file": True})


_render_cached = lru_cache(maxsize=64)(_render)


def preview_context(webinar: Webinar, agenda: Agenda, *, zone_parameter: str, user: object) -> dict[str, object]:
    """Return the template context for a preview of `agenda`, a draft or a release of `webinar`. No query."""
    zone, unknown_zone = zone_from_url(zone_parameter, zone_for_reader(user, agenda.timezone))
    texts = tuple(Bilingual.from_columns(webinar, name) for name in TEXT_FIELDS)
    return _content_context(
        agenda, visibility=webinar.agenda_visibility, texts=texts, zone=zone, unknown_zone=unknown_zone
    )


def _content_context(
    agenda: Agenda, *, visibility: str, texts: tuple[Bilingual, ...], zone: str, unknown_zone: str
) -> dict[str, object]:
    return {
        "agenda": agenda,
        "texts": dict(zip(TEXT_FIELDS, texts, strict=True)),
        "is_hidden": visibility == AgendaVisibility.HIDDEN,
        "zone": zone,
        "zone_groups": zone_groups(get_language() or "en", selected=zone),
        "unknown_zone": unknown_zone,
    }


def public_agenda(agenda: Agenda, visibility: str) -> Agenda:
    """Return `agenda` without the names of persons unless `visibility` lets the public read all of it."""
    return agenda if visibility == AgendaVisibility.FULL else agenda.without_person_names()
