"""Shows staff a draft or an earlier release of an agenda, on the templates of the public page."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from sessions_app.admin.base import SecretariatAdmin, change_url
from sessions_app.agenda import Agenda, agenda_from_release, agenda_from_rows
from sessions_app.models import Release, Webinar
from sessions_app.participants import get_participants
from sessions_app.public_page import preview_context, public_agenda


def _preview(request: HttpRequest, webinar: Webinar, agenda: Agenda, **extra_context: Any) -> HttpResponse:
    context = preview_context(webinar, agenda, zone_parameter=request.GET.get("zone", ""), user=request.user)
    return render(request, "admin/sessions_app/preview.html", context | extra_context)


def public_preview(model_admin: SecretariatAdmin[Webinar], request: HttpRequest, pk: int) -> HttpResponse:
    """Show the draft as the public would see it after a release; the time zone is chosen as on the public page."""
    webinar = model_admin.get_object_or_404(request, str(pk))
    agenda = public_agenda(agenda_from_rows(webinar), webinar.agenda_visibility)
    explanation = _("The draft as the public would see it. Nobody else sees this page.")
    return _preview(request, webinar, agenda, explanation=explanation, back=change_url(webinar))


def delegate_preview(model_admin: SecretariatAdmin[Webinar], request: HttpRequest, pk: int) -> HttpResponse:
    """Show the whole draft as a delegate would see it, in the time zone of a country that takes part."""
    webinar = model_admin.get_object_or_404(request, str(pk))
    explanation = _(
        "The draft as a delegate would see it, with the hours of the country chosen here. Nobody else sees this page."
    )
    return _preview(
        request,
        webinar,
        agenda_from_rows(webinar),
        explanation=explanation,
        back=change_url(webinar),
        is_hidden=False,
        countries=get_participants().countries(webinar),
    )


def release_preview(model_admin: SecretariatAdmin[Release], request: HttpRequest, pk: int) -> HttpResponse:
    """Show the whole agenda as it was released."""
    release = model_admin.get_object_or_404(request, str(pk))
    agenda = replace(agenda_from_release(release), slug=release.webinar.slug)
    explanation = _("The agenda as it was with %(release)s. Nobody else sees this page.") % {"release": release}
    return _preview(
        request, release.webinar, agenda, explanation=explanation, back=change_url(release), is_hidden=False
    )
