"""An exception from a quota for one country: made, changed and ended after a look at what it does to its delegation."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from registrations.admin.base import staff_of
from registrations.admin.quota_confirmation import saved
from registrations.forms.absent_fields import keep_what_is_not_sent
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


def exception_page(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """Make one, or change that of a country which has one; `?country=` chooses beforehand, and leads back there."""
    quota = get_object_or_404(Quota.objects.select_related("webinar", "profile"), pk=pk)
    chosen = _country_of(quota, slug=request.GET.get("country"))
    form = ExceptionForm(
        request.POST if request.method == "POST" else None, quota=quota, initial=_typed_before(quota, chosen)
    )
    if chosen is not None and request.POST.get("delegation") == chosen.slug:
        keep_what_is_not_sent(form, ["maximum"])
    back = change_url(chosen or quota)
    preview = None
    if form.is_valid():
        delegation = form.cleaned_data["delegation"]
        numbers = QuotaLimits(form.cleaned_data["minimum"], form.cleaned_data["maximum"])
        preview = _preview(delegation, quota, numbers, replaced=exception_of(delegation, quota))

        def save(seen: set[str]) -> Acceptances:
            return make_exception(
                delegation,
                quota=quota,
                minimum=numbers.minimum,
                maximum=numbers.maximum,
                reason=form.cleaned_data["reason"],
                seen=seen,
                by=staff_of(request),
                now=timezone.now(),
            )

        accepted = saved(form, preview, save)
        if accepted is not None:
            said = _("Of %(body)s is now asked: %(asked)s.") % {"body": delegation.body, "asked": numbers}
            messages.success(request, f"{said} {message_after_accepting(accepted)}".strip())
            return redirect(back)
    return _page(
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

        def end(seen: set[str]) -> Acceptances:
            return end_exception(
                delegation,
                quota=quota,
                reason=form.cleaned_data["reason"],
                seen=seen,
                by=staff_of(request),
                now=timezone.now(),
            )

        accepted = saved(form, preview, end)
        if accepted is not None:
            said = _("Of %(body)s is now asked what every country is asked.") % {"body": delegation.body}
            messages.success(request, f"{said} {message_after_accepting(accepted)}".strip())
            return redirect(change_url(delegation))
    return _page(
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


def _country_of(quota: Quota, *, slug: str | None) -> Delegation | None:
    """Compared here: what stands in an address may be no text for a database, such as a NUL."""
    asked = Delegation.objects.filter(webinar=quota.webinar_id).select_related("webinar", "body")
    return next((one for one in asked if one.slug == slug), None)


def _typed_before(quota: Quota, delegation: Delegation | None) -> dict[str, Any]:
    """What is asked today, of one country where it is known: its exception is seen then."""
    found = exception_of(delegation, quota) if delegation else None
    asked = found.limits if found else quota.limits
    return {
        "delegation": delegation.slug if delegation else None,
        "minimum": asked.minimum,
        "maximum": asked.maximum,
        "reason": found.reason if found else "",
        "seen": " ".join(exception_confirmations(found)),
    }


def _preview(
    delegation: Delegation, quota: Quota, asked: QuotaLimits, *, replaced: QuotaException | None = None
) -> QuotaPreview:
    seats = seats_of(delegation)
    seat = next((seat for seat in seats if seat.profile == quota.profile), None)
    accepted = acceptances_with_limits(delegation, seats, quota.profile, asked, lacks_letter=lacks_letter(delegation))
    return exception_preview(delegation, seat, asked, replaced=replaced, accepted=accepted)


def _page(
    site: AdminSite, request: HttpRequest, quota: Quota, form: Any, preview: QuotaPreview | None, **texts: str
) -> HttpResponse:
    context = site.each_context(request) | {
        "opts": Quota._meta,
        "quota": quota,
        "preview": preview,
        "form": form,
        "subtitle": str(quota.webinar),
        **texts,
    }
    return TemplateResponse(request, "admin/registrations/quota/exception.html", context)
