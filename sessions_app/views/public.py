"""The public pages: the released webinars, and the agenda of each."""

import hashlib
from functools import lru_cache

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import get_language, override
from django.views.decorators.http import require_safe

from sessions_app.agenda import Agenda, agenda_from_release
from sessions_app.bilingual import LANGUAGES
from sessions_app.ical import render_agenda
from sessions_app.models import Release
from sessions_app.public_page import PublicWebinar, public_content, public_webinar

# Past webinars on one page of the front page.
PAST_PER_PAGE = 10


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """List the released webinars: those ahead, the next one first, and a page of the past ones, the latest first.

    Three queries at most. A `?page=` that is no page shows the nearest one.
    """
    now = timezone.now()
    releases = Release.objects.latest_of_each().with_hours()
    ahead = releases.filter(ends_at__gt=now).order_by("starts_at", "pk")
    past = Paginator(releases.filter(ends_at__lte=now).order_by("-starts_at", "pk"), PAST_PER_PAGE)
    page = past.get_page(request.GET.get("page"))
    context = {
        "ahead": [agenda_from_release(release) for release in ahead],
        "past": [(agenda_from_release(release), release.starts_at, release.ends_at) for release in page],
        "page": page,
    }
    return render(request, "public/home.html", context)


@require_safe
def webinar(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one released webinar; an unknown time zone in the URL is reported on the page, not refused.

    It takes one query, however long the agenda is, besides those that read a signed-in user.
    """
    found = _public_or_404(slug)
    content = public_content(found, zone_parameter=request.GET.get("zone", ""), user=request.user)
    context = {"agenda": found.agenda, "zone": content.zone, "content": content.render()}
    return render(request, "public/webinar.html", context)


@require_safe
def agenda_ics(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer the released sessions as a calendar file, in the language of `?language=` or else of the reader."""
    found = _public_or_404(slug)
    if found.is_hidden:
        raise Http404
    requested = request.GET.get("language", "")
    language = requested if requested in LANGUAGES else get_language() or "en"
    with override(language):
        link = settings.BASE_URL + reverse("sessions_app:webinar", args=[slug])
    content, etag = _calendar_file(found.agenda, language, link)
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
def _calendar_file(agenda: Agenda, language: str, link: str) -> tuple[bytes, str]:
    """Return the calendar file of an agenda and its ETag. Cached by agenda, language and link."""
    content = render_agenda(agenda, language=language, link=link)
    return content, f'"{hashlib.sha256(content).hexdigest()}"'


def _public_or_404(slug: str) -> PublicWebinar:
    webinar = public_webinar(slug)
    if webinar is None:
        raise Http404
    return webinar
