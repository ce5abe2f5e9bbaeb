"""Admin pages that make, change and end a quota exception, after a preview of what it does to the delegation."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from registrations.admin.base import staff_user
from registrations.admin.quota_confirmation import save_if_confirmed
from registrations.forms.absent_fields import keep_absent_fields
from registrations.forms.secretariat import EndExceptionForm, ExceptionForm
from registrations.models import Delegation, Quota, QuotaException, QuotaLimits
from registrations.queries import exception_of, lacks_letter, seats_of
from registrations.queries.acceptance import Acceptances
from registrations.services.acceptance_messages import message_after_accepting
from registrations.services.quotas import (
    QuotaPreview,
    acceptances_with_limits,
    end_exception,
    exception_confirmations,
    exception_preview,
    make_exception,
)
from sessions_app.admin.base import change_url
from sessions_app.webinar_names import load_name


def exception_page(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """Make or change an exception. `?country=` preselects the country, and saving leads back to its delegation."""
    quota = get_object_or_404(Quota.objects.select_related("webinar", "profile"), pk=pk)
    preselected = _delegation_by_slug(quota, slug=request.GET.get("country"))
    form = ExceptionForm(
        request.POST if request.method == "POST" else None,
        quota=quota,
        initial=_initial_values(quota, preselected),
    )
    if preselected is not None and request.POST.get("delegation") == preselected.slug:
        keep_absent_fields(form, ["maximum"])
    back = change_url(preselected or quota)
    preview = None
    if form.is_valid():
        delegation = form.cleaned_data["delegation"]
        numbers = QuotaLimits(form.cleaned_data["minimum"], form.cleaned_data["maximum"])
        preview = _preview(delegation, quota, numbers, replaced=exception_of(delegation, quota))

        def save(confirmed: set[str]) -> Acceptances:
            return make_exception(
                delegation,
                quota=quota,
                minimum=numbers.minimum,
                maximum=numbers.maximum,
                reason=form.cleaned_data["reason"],
                confirmed=confirmed,
                by=staff_user(request),
                now=timezone.now(),
            )

        accepted = save_if_confirmed(form, preview, save)
        if accepted is not None:
            text = _("Of %(body)s is now asked: %(asked)s.") % {"body": delegation.body, "asked": numbers}
            messages.success(request, f"{text} {message_after_accepting(accepted)}".strip())
            return redirect(back)
    return _render(
        site,
        request,
        quota,
        form,
        preview,
        title=_("%(profile)s: an exception for one country") % {"profile": quota.profile},
        lead=_("Asked of every country: %(asked)s. One country can be asked for other numbers.")
        % {"asked": quota.limits},
        verb=_("Save all the same") if preview and preview.confirmations else _("Save"),
        back=back,
    )


def end_exception_page(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """End an exception: from then on the country is asked for the numbers of the quota."""
    exception = get_object_or_404(
        QuotaException.objects.select_related("quota__webinar", "quota__profile", "body"), pk=pk
    )
    quota = exception.quota
    delegation = get_object_or_404(
        Delegation.objects.select_related("body"), webinar=quota.webinar, body=exception.body_id
    )
    form = EndExceptionForm(request.POST if request.method == "POST" else None)
    preview = None
    if form.is_valid():
        preview = _preview(delegation, quota, quota.limits)

        def end(confirmed: set[str]) -> Acceptances:
            return end_exception(
                delegation,
                quota=quota,
                reason=form.cleaned_data["reason"],
                confirmed=confirmed,
                by=staff_user(request),
                now=timezone.now(),
            )

        accepted = save_if_confirmed(form, preview, end)
        if accepted is not None:
            text = _("Of %(body)s is now asked what every country is asked.") % {"body": delegation.body}
            messages.success(request, f"{text} {message_after_accepting(accepted)}".strip())
            return redirect(change_url(delegation))
    return _render(
        site,
        request,
        quota,
        form,
        preview,
        title=_("%(profile)s: end the exception for %(body)s") % {"profile": quota.profile, "body": delegation.body},
        lead=_("Asked of %(body)s: %(own)s; of every country: %(asked)s. Its reason was: %(reason)s")
        % {"body": delegation.body, "own": exception.limits, "asked": quota.limits, "reason": exception.reason},
        verb=_("End it all the same") if preview and preview.confirmations else _("End the exception"),
        back=change_url(delegation),
    )


def _delegation_by_slug(quota: Quota, *, slug: str | None) -> Delegation | None:
    """Return the delegation with that slug, compared in Python: a database refuses some texts, such as a NUL."""
    delegations = Delegation.objects.filter(webinar=quota.webinar_id).select_related("webinar", "body")
    return next((delegation for delegation in delegations if delegation.slug == slug), None)


def _initial_values(quota: Quota, delegation: Delegation | None) -> dict[str, Any]:
    """Return the initial values of the form: the present numbers of the country, or of the quota."""
    exception = exception_of(delegation, quota) if delegation else None
    limits = exception.limits if exception else quota.limits
    return {
        "delegation": delegation.slug if delegation else None,
        "minimum": limits.minimum,
        "maximum": limits.maximum,
        "reason": exception.reason if exception else "",
        "seen": " ".join(exception_confirmations(exception)),
    }


def _preview(
    delegation: Delegation, quota: Quota, asked: QuotaLimits, *, replaced: QuotaException | None = None
) -> QuotaPreview:
    seats = seats_of(delegation)
    seat = next((seat for seat in seats if seat.profile == quota.profile), None)
    accepted = acceptances_with_limits(delegation, seats, quota.profile, asked, lacks_letter=lacks_letter(delegation))
    return exception_preview(delegation, seat, asked, replaced=replaced, accepted=accepted)


def _render(
    site: AdminSite, request: HttpRequest, quota: Quota, form: Any, preview: QuotaPreview | None, **texts: str
) -> HttpResponse:
    context = site.each_context(request) | {
        "opts": Quota._meta,
        "quota": quota,
        "preview": preview,
        "form": form,
        "subtitle": str(load_name(quota.webinar, now=timezone.now())),
        **texts,
    }
    return TemplateResponse(request, "admin/registrations/quota/exception.html", context)
