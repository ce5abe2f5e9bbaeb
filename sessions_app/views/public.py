"""What everyone may read: the released webinars, and the agenda of each with its hours."""

import hashlib
from functools import lru_cache

from django.conf import settings
from django.db.models import TextField
from django.db.models.functions import Cast
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import get_language, override
from django.views.decorators.http import require_safe

from sessions_app.agenda import Snapshot, agenda_from_release, agenda_from_snapshot
from sessions_app.bilingual import LANGUAGES
from sessions_app.ical import render_agenda
from sessions_app.models import AgendaVisibility, Release, Webinar
from sessions_app.shown import public_part, zone_of_account


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The released webinars, newest first. One query."""
    agendas = [agenda_from_release(release) for release in Release.objects.latest_of_each()]
    agendas.sort(key=lambda agenda: max(each.starts_at for each in agenda.sessions), reverse=True)
    return render(request, "public/home.html", {"agendas": agendas})


@require_safe
def webinar(request: HttpRequest, slug: str) -> HttpResponse:
    """One released webinar. Two queries, however long the agenda is; an unknown zone is told, not refused."""
    row, snapshot = _released_or_404(slug)
    part = public_part(row, snapshot, asked_zone=request.GET.get("zone", ""), own_zone=zone_of_account(request.user))
    context = {"agenda": agenda_from_snapshot(snapshot), "zone": part.zone, "content": part.render()}
    return render(request, "public/webinar.html", context)


@require_safe
def agenda_ics(request: HttpRequest, slug: str) -> HttpResponse:
    """The released sessions as a calendar to import or to subscribe to, in `?language=` or the reader's language."""
    row, snapshot = _released_or_404(slug)
    if row.agenda_visibility == AgendaVisibility.HIDDEN:
        raise Http404
    asked = request.GET.get("language", "")
    language = asked if asked in LANGUAGES else get_language() or "en"
    with override(language):
        link = settings.BASE_URL + row.get_absolute_url()
    content, etag = _file(snapshot, language, link)
    response = get_conditional_response(request, etag=etag) or HttpResponse(
        content, content_type="text/calendar; charset=utf-8; method=PUBLISH"
    )
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "public, no-cache"
    response.headers["Content-Disposition"] = f'inline; filename="{row.slug}.ics"'
    response.headers["X-Robots-Tag"] = "noindex"
    patch_vary_headers(response, ["Accept-Language", "Cookie"])
    return response


@lru_cache(maxsize=32)
def _file(snapshot: Snapshot, language: str, link: str) -> tuple[bytes, str]:
    """The file of a release and its ETag, kept under all that it is made of."""
    content = render_agenda(agenda_from_snapshot(snapshot), language=language, link=link)
    return content, f'"{hashlib.sha256(content).hexdigest()}"'


def _released_or_404(slug: str) -> tuple[Webinar, Snapshot]:
    """The webinar and the release in force, in one query; before the first release there is nothing."""
    # As the text that it is stored as: what is made of it is kept, so that it is seldom read.
    releases = Release.objects.annotate(text=Cast("agenda", TextField())).defer("agenda").select_related("webinar")
    release = releases.filter(webinar__slug=slug).order_by("-number").first()
    if release is None:
        raise Http404
    text: str = release.text  # type: ignore[attr-defined]  # annotated above
    return release.webinar, Snapshot(text, release.number, release.released_at)
