"""The page that sets a user's current webinar, to which the header of every admin page links."""

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from registrations.admin.base import staff_user
from registrations.forms.secretariat import CurrentWebinarForm
from registrations.services.current_webinar import choose_webinar


def current_webinar_page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Choose the current webinar, or all webinars."""
    user = staff_user(request)
    form = CurrentWebinarForm(
        request.POST if request.method == "POST" else None,
        initial={"webinar": user.current_webinar},
        now=timezone.now(),
    )
    if form.is_valid():
        webinar = form.cleaned_data["webinar"]
        choose_webinar(user, webinar)
        if webinar is None:
            messages.success(request, _("The head of each page leads to all webinars."))
            return redirect("admin:index")
        messages.success(request, _("The head of each page leads to “%(webinar)s”.") % {"webinar": webinar})
        return redirect("admin:quota-board", webinar.slug)
    context = site.each_context(request) | {"title": _("Current webinar"), "form": form}
    return TemplateResponse(request, "admin/current_webinar.html", context)
