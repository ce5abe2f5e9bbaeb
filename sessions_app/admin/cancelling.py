"""The pages that cancel or restore a session or a webinar, each with a reason and a confirmation."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from sessions_app.admin.base import SecretariatAdmin, acting_user, change_url
from sessions_app.cancelling import cancel_webinar, preview_cancellation, restore_webinar
from sessions_app.editing import cancel_session, restore_session
from sessions_app.forms import ReasonForm
from sessions_app.models import Session, Webinar
from sessions_app.release_recipients import changes_with_recipients
from sessions_app.releases import ReleaseRefused


def get_row_to_change(model_admin: SecretariatAdmin[Any], request: HttpRequest, pk: int) -> Any:
    """Return the row with this id. Raises Http404 if there is none, PermissionDenied for users who may only view."""
    row = model_admin.get_object_or_404(request, str(pk))
    if not model_admin.has_change_permission(request, row):
        raise PermissionDenied
    return row


def render_confirmation(
    model_admin: SecretariatAdmin[Any], request: HttpRequest, row: models.Model, **extra_context: Any
) -> HttpResponse:
    """Render the confirmation of an action on `row`.

    The template needs `title`, `lead`, `verb` and `form`; with `changes` and `zone` it lists what a release changes.
    """
    context = model_admin.admin_site.each_context(request) | {
        "opts": model_admin.opts,
        "row": row,
        "back": change_url(row),
        "subtitle": str(row),
        **extra_context,
    }
    return TemplateResponse(request, "admin/sessions_app/confirm.html", context)


def cancel_session_page(model_admin: SecretariatAdmin[Session], request: HttpRequest, pk: int) -> HttpResponse:
    """Mark a session as cancelled, with a reason; the release page comes next."""
    session: Session = get_row_to_change(model_admin, request, pk)
    if session.cancelled_at is not None:
        messages.info(request, _("This session is cancelled already."))
        return redirect(change_url(session))
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        cancel_session(session, now=timezone.now())
        model_admin.log_change(request, session, _("Cancelled: %(reason)s") % form.cleaned_data)
        messages.success(request, _("The session is marked as cancelled. Nobody is told before the release below."))
        return redirect("admin:release-webinar", session.webinar_id)
    return render_confirmation(
        model_admin,
        request,
        session,
        title=_("Cancel the session"),
        lead=_(
            "The session keeps its number and its items. Nobody is told before the agenda is released: "
            "that page comes next."
        ),
        verb=_("Cancel the session"),
        form=form,
    )


def restore_session_page(model_admin: SecretariatAdmin[Session], request: HttpRequest, pk: int) -> HttpResponse:
    """Undo the cancellation of a session; the release page comes next."""
    session: Session = get_row_to_change(model_admin, request, pk)
    if session.cancelled_at is None:
        messages.info(request, _("This session is not cancelled."))
        return redirect(change_url(session))
    form = ReasonForm(request.POST if request.method == "POST" else None, is_required=False)
    if form.is_valid():
        restore_session(session)
        model_admin.log_change(request, session, _("Takes place after all. %(reason)s") % form.cleaned_data)
        messages.success(request, _("The session takes place again. Nobody is told before the release below."))
        return redirect("admin:release-webinar", session.webinar_id)
    return render_confirmation(
        model_admin,
        request,
        session,
        title=_("Let the session take place after all"),
        lead=_("Nobody is told before the agenda is released: that page comes next."),
        verb=_("Take the cancellation back"),
        form=form,
    )


def cancel_webinar_page(model_admin: SecretariatAdmin[Webinar], request: HttpRequest, pk: int) -> HttpResponse:
    """Show what the cancellation would release; a POST releases exactly that."""
    webinar: Webinar = get_row_to_change(model_admin, request, pk)
    if webinar.cancelled_at is not None:
        messages.info(request, _("This webinar is cancelled already."))
        return redirect(change_url(webinar))
    draft = preview_cancellation(webinar, now=timezone.now())
    form = ReasonForm(request.POST if request.method == "POST" else None, fingerprint=draft.fingerprint)
    if form.is_valid() and _cancel_webinar(model_admin, request, webinar, form):
        return redirect(change_url(webinar))
    return render_confirmation(
        model_admin,
        request,
        webinar,
        title=_("Cancel the webinar"),
        lead=_(
            "Every session is cancelled in one release, at once: everyone who is invited is told, and countries are "
            "no longer reminded. The reason is kept with the release."
        ),
        verb=_("Cancel the webinar and tell everyone"),
        form=form,
        changes=changes_with_recipients(webinar, draft.changes, now=timezone.now()),
        zone=webinar.timezone,
    )


def _cancel_webinar(
    model_admin: SecretariatAdmin[Webinar], request: HttpRequest, webinar: Webinar, form: ReasonForm
) -> bool:
    try:
        release = cancel_webinar(
            webinar,
            by=acting_user(request),
            now=timezone.now(),
            reason=form.cleaned_data["reason"],
            shown_fingerprint=form.cleaned_data["seen"],
        )
    except ReleaseRefused as refused:
        form.add_refusal(refused.messages)
        return False
    model_admin.log_change(request, webinar, _("Cancelled: %(reason)s") % form.cleaned_data)
    never_public = _("The webinar is marked as cancelled; it was never public.")
    messages.success(request, _("The webinar is cancelled.") if release else never_public)
    return True


def restore_webinar_page(model_admin: SecretariatAdmin[Webinar], request: HttpRequest, pk: int) -> HttpResponse:
    """Undo the cancellation of a webinar; the release page comes next."""
    webinar: Webinar = get_row_to_change(model_admin, request, pk)
    if webinar.cancelled_at is None:
        messages.info(request, _("This webinar is not cancelled."))
        return redirect(change_url(webinar))
    form = ReasonForm(request.POST if request.method == "POST" else None, is_required=False)
    if form.is_valid():
        restore_webinar(webinar)
        model_admin.log_change(request, webinar, _("Takes place after all. %(reason)s") % form.cleaned_data)
        messages.success(request, _("The webinar takes place again. Nobody is told before the release below."))
        return redirect("admin:release-webinar", webinar.pk)
    return render_confirmation(
        model_admin,
        request,
        webinar,
        title=_("Let the webinar take place after all"),
        lead=_(
            "Sessions that were cancelled by themselves stay cancelled. Nobody is told before the agenda is released: "
            "that page comes next."
        ),
        verb=_("Take the cancellation back"),
        form=form,
    )
