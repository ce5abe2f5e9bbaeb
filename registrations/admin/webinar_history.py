"""What was done to a webinar, by whom, when and why: also what is about no delegation, such as its quotas."""

from django.contrib.admin import AdminSite
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from registrations.admin.base import is_observed
from registrations.admin.history_text import readable
from registrations.queries.history import history_of_webinar
from sessions_app.models import Webinar

ON_A_PAGE = 50
# Figures and codes. A reason, a room and a search are the secretariat's own.
SHOWN_TO_OBSERVERS = frozenset(
    {"profile", "minimum", "maximum", "session", "people", "recipients", "rows", "what", "file_format"}
)


def webinar_history_page(site: AdminSite, request: HttpRequest, slug: str) -> HttpResponse:
    """`/admin/quota-board/<slug>/history/`: with `?all=1` also what happened to people and delegations.

    Observers, from whom the history of a delegation is kept, read the figures of what concerns the whole.
    """
    webinar = get_object_or_404(Webinar, slug=slug)
    is_for_observer = is_observed(request)
    is_webinar_wide = is_for_observer or request.GET.get("all") != "1"
    page = Paginator(history_of_webinar(webinar, is_webinar_wide=is_webinar_wide), ON_A_PAGE).get_page(
        request.GET.get("page")
    )
    context = site.each_context(request) | {
        "title": _("History"),
        "subtitle": str(webinar),
        "webinar": webinar,
        "page": page,
        "is_whole": is_webinar_wide,
        "history": readable(page.object_list, only=SHOWN_TO_OBSERVERS if is_for_observer else None),
    }
    return TemplateResponse(request, "admin/quota_board/history.html", context)
