"""The page that lists every model of the admin, for administrators; no task of the secretariat needs it."""

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from registrations.admin.base import staff_user


def records_page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """List the models of all apps with links to their rows. Only administrators may open it."""
    if not staff_user(request).is_superuser:
        raise PermissionDenied
    context = site.each_context(request) | {"title": _("All records"), "app_list": site.get_app_list(request)}
    return TemplateResponse(request, "admin/records.html", context)
