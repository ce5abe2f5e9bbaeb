"""The page on which many focal points are appointed at once, from pasted lines."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations.admin.webinar_head import webinar_of_page
from registrations.forms.focal_point_rows import PastedLinesForm, focal_point_rows
from registrations.models import FocalPoint
from registrations.queries.focal_points import delegations_to_register
from registrations.services.focal_points import appoint_focal_points
from sessions_app.models import Webinar
from sessions_app.webinar_names import name_of


def focal_point_rows_page(site: AdminSite, request: HttpRequest, slug: str) -> HttpResponse:
    """Preview the focal points of pasted lines; a POST with `make` appoints the valid rows and keeps the others."""
    webinar = webinar_of_page(request)
    form = PastedLinesForm(request.POST if "text" in request.POST else None)
    rows = form.rows(webinar) if form.is_valid() else None
    if "rows-TOTAL_FORMS" in request.POST:
        rows = focal_point_rows(request.POST, webinar)
        if "make" in request.POST:
            rows = _appoint(site, request, webinar, rows)
            if rows is None:
                return redirect("admin:webinar-registration", slug)
    context = site.each_context(request) | {
        "title": _("Focal points, many at once"),
        "subtitle": str(name_of(webinar)),
        "webinar": webinar,
        "form": form,
        "rows": rows,
    }
    return TemplateResponse(request, "admin/webinars/focal_points.html", context)


def _appoint(site: AdminSite, request: HttpRequest, webinar: Webinar, rows: Any) -> Any:
    """Appoint the valid rows; return the others, or None if there are none."""
    to_appoint, left = rows.valid_rows, rows.invalid_rows
    outcomes = appoint_focal_points([row.person for row in to_appoint])
    made = [outcome for outcome in outcomes if isinstance(outcome, FocalPoint)]
    left += [row for row, outcome in zip(to_appoint, outcomes, strict=True) if outcome not in made]
    for focal_point in made:
        site.get_model_admin(FocalPoint).log_addition(request, focal_point, [{"added": {}}])
    if made:
        messages.success(request, f"{_made_text(len(made))} {_invited_text(webinar)}")
    return focal_point_rows([row.texts for row in sorted(left, key=lambda row: row.number)], webinar) if left else None


def _made_text(count: int) -> str:
    text = ngettext("%(count)s focal point is appointed.", "%(count)s focal points are appointed.", count)
    return text % {"count": count}


def _invited_text(webinar: Webinar) -> str:
    if delegations_to_register(now=timezone.now()).filter(webinar=webinar).exists():
        return _("They are invited within a minute.")
    return _("They are invited as soon as registration has opened and the agenda is released.")
