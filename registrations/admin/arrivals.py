"""Who has opened the room, while a session goes on: a page whose figures renew themselves, or by loading it again."""

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_htmx.middleware import HtmxDetails

from registrations.admin.base import staff_of
from registrations.queries.arrivals import arrivals_of
from sessions_app.models import Session


def arrivals_page(site: AdminSite, request: HttpRequest, session: Session) -> HttpResponse:
    """The whole page, or its figures alone where htmx asks. Names are the secretariat's to see, on demand."""
    may_see_names = staff_of(request).is_staff
    context = {
        "session": session,
        "webinar": session.webinar,
        "arrivals": arrivals_of(session),
        "may_see_names": may_see_names,
        "has_names": may_see_names and request.GET.get("names") == "1",
        "as_of": timezone.now(),
    }
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]  # set by its middleware
    if htmx:
        return TemplateResponse(request, "admin/attendance/_arrivals.html", context)
    context = site.each_context(request) | context | {"title": _("Who has opened the room"), "subtitle": str(session)}
    return TemplateResponse(request, "admin/attendance/arrivals.html", context)
