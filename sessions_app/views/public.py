"""What everyone may read: the released webinars, and the agenda of each with its hours."""

import hashlib

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import get_language, override
from django.views.decorators.http import require_safe

from sessions_app.agenda import Agenda, agenda_from_release
from sessions_app.bilingual import LANGUAGES
from sessions_app.ical import render_agenda
from sessions_app.models import AgendaVisibility, Release, Webinar
from sessions_app.shown import agenda_context, shown_part, zone_of_account


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The released webinars, newest first. One query."""
    agendas = [agenda_from_release(release) for release in Release.objects.latest_of_each()]
    agendas.sort(key=lambda agenda: max(each.starts_at for each in agenda.sessions), reverse=True)
    return render(request, "public/home.html", {"agendas": agendas})


@require_safe
def webinar(request: HttpRequest, slug: str) -> HttpResponse:
    """One released webinar. Two queries, however long the agenda is; an unknown zone is told, not refused."""
    row, release = _released_or_404(slug)
    context = agenda_context(
        row, shown_agenda(row, release), asked_zone=request.GET.get("zone", ""), own_zone=zone_of_account(request.user)
    )
    return render(request, "public/webinar.html", context)


@require_safe
def agenda_ics(request: HttpRequest, slug: str) -> HttpResponse:
    """The released sessions as a calendar to import or to subscribe to, in `?language=` or the reader's language."""
    row, release = _released_or_404(slug)
    if row.agenda_visibility == AgendaVisibility.HIDDEN:
        raise Http404
    asked = request.GET.get("language", "")
    language = asked if asked in LANGUAGES else get_language() or "en"
    with override(language):
        link = settings.BASE_URL + row.get_absolute_url()
    content = render_agenda(agenda_from_release(release), language=language, link=link)
    etag = f'"{hashlib.sha256(content).hexdigest()}"'
    response = get_conditional_response(request, etag=etag) or HttpResponse(
        content, content_type="text/calendar; charset=utf-8; method=PUBLISH"
    )
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "public, no-cache"
    response.headers["Content-Disposition"] = f'inline; filename="{row.slug}.ics"'
    response.headers["X-Robots-Tag"] = "noindex"
    patch_vary_headers(response, ["Accept-Language", "Cookie"])
    return response


def shown_agenda(row: Webinar, release: Release) -> Agenda:
    """The agenda as far as the webinar shows it to the public."""
    return shown_part(row, agenda_from_release(release))


def _released_or_404(slug: str) -> tuple[Webinar, Release]:
    """The webinar and the release in force, in one query; before the first release there is nothing."""
    release = Release.objects.filter(webinar__slug=slug).select_related("webinar").order_by("-number").first()
    if release is None:
        raise Http404
    return release.webinar, release
