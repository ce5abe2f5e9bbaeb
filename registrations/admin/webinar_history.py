"""The history of a webinar, including events of no delegation, such as changes of quotas."""

from django.contrib.admin import AdminSite
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from registrations.admin.base import is_observer_request
from registrations.admin.history_text import describe_events
from registrations.admin.webinar_head import webinar_of_page
from registrations.queries.history import history_of_webinar
from sessions_app.webinar_names import name_of

EVENTS_PER_PAGE = 50
# Figures and codes. Reasons, room addresses and searches are for staff.
OBSERVER_FIELDS = frozenset(
    {"body", "profile", "minimum", "maximum", "session", "people", "recipients", "rows", "what", "file_format"}
)


def webinar_history_page(site: AdminSite, request: HttpRequest, slug: str) -> HttpResponse:
    """Show the events of the webinar as a whole; with `?all=1` also those of delegations and delegates.

    Observers may not read the history of a delegation: they see the webinar's events, and only figures and codes.
    """
    webinar = webinar_of_page(request)
    is_for_observer = is_observer_request(request)
    webinar_only = is_for_observer or request.GET.get("all") != "1"
    events = history_of_webinar(webinar, is_webinar_wide=webinar_only)
    page = Paginator(events, EVENTS_PER_PAGE).get_page(request.GET.get("page"))
    context = site.each_context(request) | {
        "title": _("History"),
        "subtitle": str(name_of(webinar)),
        "webinar": webinar,
        "page": page,
        "webinar_only": webinar_only,
        "history": describe_events(page.object_list, only_fields=OBSERVER_FIELDS if is_for_observer else None),
    }
    return TemplateResponse(request, "admin/quota_board/history.html", context)
