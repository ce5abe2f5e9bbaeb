"""The page that clones a webinar."""

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from registrations.forms.cloning import CloneForm
from registrations.services.cloning import clone_webinar
from sessions_app.admin.base import change_url
from sessions_app.cloning import CloneRefused
from sessions_app.models import Webinar
from sessions_app.webinar_names import load_name


def clone_page(site: AdminSite, request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for first day, title and slug of the next webinar, and clone it on POST. Needs the right to add webinars."""
    webinar = get_object_or_404(Webinar, slug=slug)
    webinar_admin = site.get_model_admin(Webinar)
    if not webinar_admin.has_add_permission(request):
        raise PermissionDenied
    form = CloneForm(request.POST if request.method == "POST" else None, webinar=webinar)
    clone = _clone_or_none(webinar, form) if form.is_valid() else None
    if clone is not None:
        webinar_admin.log_addition(
            request, clone, _("From “%(webinar)s” (%(slug)s)") % {"webinar": webinar, "slug": slug}
        )
        messages.success(
            request, _("The next webinar is prepared. Nothing is public, and registration has no opening date yet.")
        )
        return redirect(change_url(clone))
    context = site.each_context(request) | {
        "opts": webinar_admin.opts,
        "row": webinar,
        "back": change_url(webinar),
        "title": _("Prepare the next webinar"),
        "subtitle": str(load_name(webinar, now=timezone.now())),
        "lead": _(
            "Sessions with their items and speakers, quotas, reminders and the countries that are asked come along. "
            "People, rooms and the opening date of registration do not. Nothing becomes public."
        ),
        "form": form,
        "verb": _("Prepare the next webinar"),
    }
    return TemplateResponse(request, "admin/sessions_app/confirm.html", context)


def _clone_or_none(webinar: Webinar, form: CloneForm) -> Webinar | None:
    """Return the clone; None, with the error in `form`, where cloning is refused."""
    cleaned = form.cleaned_data
    try:
        return clone_webinar(
            webinar, slug=cleaned["slug"], title=form.title, starts_on=cleaned["starts_on"], now=timezone.now()
        )
    except CloneRefused as refusal:
        form.add_refusal(refusal)
        return None
