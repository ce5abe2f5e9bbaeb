"""What everyone may read: the released webinars, and the agenda of each with its hours."""

import hashlib
from functools import lru_cache

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import get_language, override
from django.views.decorators.http import require_safe

from sessions_app.agenda import Agenda, agenda_from_release
from sessions_app.bilingual import LANGUAGES
from sessions_app.ical import render_agenda
from sessions_app.models import Release
from sessions_app.public_page import PublicWebinar, public_content, public_webinar


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The released webinars, newest first. One query."""
    agendas = [agenda_from_release(release) for release in Release.objects.latest_of_each()]
    agendas.sort(key=lambda agenda: max(each.starts_at for each in agenda.sessions), reverse=True)
    return render(request, "public/home.html", {"agendas": agendas})


@require_safe
def webinar(request: HttpRequest, slug: str) -> HttpResponse:
    """One released webinar. One query, however long the agenda is, and those of a reader who is signed in; an unknown
    zone is told, not refused."""
    found = _public_or_404(slug)
    content = public_content(found, zone_parameter=request.GET.get("zone", ""), user=request.user)
    context = {"agenda": found.agenda, "zone": content.zone, "content": content.render()}
    return render(request, "public/webinar.html", context)


@require_safe
def agenda_ics(request: HttpRequest, slug: str) -> HttpResponse:
    """The released sessions as a calendar to import or to subscribe to, in `?language=` or the reader's language."""
    found = _public_or_404(slug)
    if found.is_hidden:
        raise Http404
    asked = request.GET.get("language", "")
    language = asked if asked in LANGUAGES else get_language() or "en"
    with override(language):
        link = settings.BASE_URL + reverse("sessions_app:webinar", args=[slug])
    content, etag = _file(found.agenda, language, link)
    response = get_conditional_response(request, etag=etag) or HttpResponse(
        content, content_type="text/calendar; charset=utf-8"
    )
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "public, no-cache"
    response.headers["Content-Disposition"] = f'inline; filename="{slug}.ics"'
    response.headers["X-Robots-Tag"] = "noindex"
    patch_vary_headers(response, ["Accept-Language", "Cookie"])
    return response


@lru_cache(maxsize=32)
def _file(agenda: Agenda, language: str, link: str) -> tuple[bytes, str]:
    """The calendar file of an agenda and its ETag; the file is built once for each agenda, language and link."""
    content = render_agenda(agenda, language=language, link=link)
    return content, f'"{hashlib.sha256(content).hexdigest()}"'


def _public_or_404(slug: str) -> PublicWebinar:
    webinar = public_webinar(slug)
    if webinar is None:
        raise Http404
    return webinar
