"""Admin of quotas: a change that makes delegations incomplete or accepts them is shown first, then confirmed."""

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path
from django.utils import timezone
from django.utils.translation import gettext as _

from registrations.admin.base import staff_user
from registrations.admin.filters import ProfileFilter
from registrations.admin.quota_confirmation import save_if_confirmed
from registrations.admin.quota_exceptions import end_exception_page, exception_page
from registrations.forms.absent_fields import keep_absent_fields
from registrations.forms.secretariat import QuotaForm
from registrations.models import Delegation, Quota, QuotaException, QuotaLimits
from registrations.queries.acceptance import Acceptances
from registrations.services.acceptance_messages import message_after_accepting
from registrations.services.quotas import change_quota, quota_change_preview
from sessions_app.admin.base import SecretariatAdmin
from sessions_app.admin.filters import WebinarFilter
from sessions_app.admin.webinar_column import WebinarColumnMixin
from sessions_app.webinar_names import load_name


@admin.register(Quota)
class QuotaAdmin(WebinarColumnMixin, SecretariatAdmin[Quota]):
    """Quotas of webinars, each with its exceptions; the page of the registration adds and removes them."""

    list_display = ["profile", "webinar_name", "minimum", "maximum"]
    list_filter = [WebinarFilter, ProfileFilter]
    list_select_related = ["profile", "webinar"]
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: the page of a webinar's registration adds them, under the quota locks."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Quota | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]  # the stubs forget resolvers
        view, site = self.admin_site.admin_view, self.admin_site
        make = path("<int:pk>/exception/", view(partial(exception_page, site)), name="except-quota")
        end = path("exceptions/<int:pk>/end/", view(partial(end_exception_page, site)), name="end-exception")
        return [make, end, *super().get_urls()]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Redirect to the history of the webinar, which records the changes of quotas."""
        found = self.get_object_or_404(request, object_id)
        return redirect("admin:webinar-history", found.webinar.slug)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Save a quota at once if this opens no gap and accepts no delegation; else list these and ask to confirm."""
        found = self.get_object_or_404(request, object_id)
        quota = Quota.objects.select_related("webinar", "profile").get(pk=found.pk)
        initial = {"minimum": quota.minimum, "maximum": quota.maximum}
        form = QuotaForm(request.POST if request.method == "POST" else None, initial=initial)
        keep_absent_fields(form, ["maximum"])
        preview = None
        if form.is_valid():
            asked = QuotaLimits(form.cleaned_data["minimum"], form.cleaned_data["maximum"])
            preview = quota_change_preview(quota, asked)

            def save(confirmed: set[str]) -> Acceptances:
                return change_quota(
                    quota,
                    minimum=asked.minimum,
                    maximum=asked.maximum,
                    reason=form.cleaned_data["reason"],
                    confirmed=confirmed,
                    by=staff_user(request),
                    now=timezone.now(),
                )

            accepted = save_if_confirmed(form, preview, save)
            if accepted is not None:
                messages.success(request, _("The quota of %(profile)s is saved.") % {"profile": quota.profile})
                if text := message_after_accepting(accepted):
                    messages.success(request, text)
                return redirect("admin:registrations_quota_changelist")
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "quota": quota,
            "preview": preview,
            "form": form,
            "title": _("%(profile)s: how many are asked for") % {"profile": quota.profile},
            "subtitle": str(load_name(quota.webinar, now=timezone.now())),
            "verb": _("Save all the same") if preview and preview.confirmations else _("Save"),
            "exceptions": _exceptions_with_slug(quota),
        }
        return TemplateResponse(request, "admin/registrations/quota/page.html", context)


def _exceptions_with_slug(quota: Quota) -> list[QuotaException]:
    """Return the exceptions of `quota`, each annotated with the `slug` of its delegation."""
    delegation_slug = Delegation.objects.filter(webinar=quota.webinar_id, body=OuterRef("body")).values("slug")
    exceptions = QuotaException.objects.filter(quota=quota).select_related("body", "made_by")
    return list(exceptions.annotate(slug=Subquery(delegation_slug[:1])))
