"""Admin of focal points: appoint by e-mail address, make primary, invite again, remove access."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from registrations.admin.base import staff_user
from registrations.exceptions import RuleBroken
from registrations.forms.accounts import FocalPointForm
from registrations.forms.errors import add_broken_rule
from registrations.models import Delivery, DeliveryState, FocalPoint
from registrations.queries.focal_points import invitations_of, with_last_invitation
from registrations.services.deliveries import resend_deliveries
from registrations.services.focal_points import appoint_focal_point, make_primary, remove_focal_point
from sessions_app.admin.base import SecretariatAdmin, link


class AccessFilter(admin.SimpleListFilter):
    """Focal points who have access now, or whose access was removed."""

    title = gettext_lazy("access")
    parameter_name = "access"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("now", _("Has access")), ("removed", _("Removed"))]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[FocalPoint]") -> "QuerySet[FocalPoint]":
        if self.value() in ("now", "removed"):
            return queryset.filter(removed_at__isnull=self.value() == "now")
        return queryset


@admin.register(FocalPoint)
class FocalPointAdmin(SecretariatAdmin[FocalPoint]):
    """Focal points: appointed on the add page, changed by bulk actions."""

    list_display = ["user", "email", "body", "is_primary", "invitation", "returned", "last_login", "removed_at"]
    list_filter = [AccessFilter, "body"]
    list_select_related = ["user", "body"]
    search_fields = ["user__email", "user__name", "body__name_en", "body__name_es"]
    fields = ["user", "email", "body", "is_primary", "invitation", "last_login", "removed_at"]
    readonly_fields = ["user", "email", "body", "is_primary", "invitation", "last_login", "removed_at"]
    actions = ["appoint_as_primary", "invite_again", "remove_access"]

    def has_change_permission(self, request: HttpRequest, obj: FocalPoint | None = None) -> bool:
        """Return False for a single focal point, which bulk actions of the list change."""
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: FocalPoint | None = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("e-mail address"), ordering="user__email")
    def email(self, focal_point: FocalPoint) -> str:
        return focal_point.user.email

    def get_queryset(self, request: HttpRequest) -> "QuerySet[FocalPoint]":
        return with_last_invitation(super().get_queryset(request))

    @admin.display(description=gettext_lazy("invitation"))
    def invitation(self, focal_point: FocalPoint) -> str:
        """Return the state of the last mail that invited the focal point to register."""
        annotated: Any = focal_point
        match annotated.invitation_state:
            case None:
                return _("none yet") if focal_point.removed_at is None else ""
            case DeliveryState.SENT:
                return _("sent %(when)s") % {
                    "when": date_format(timezone.localtime(annotated.invitation_sent_at), "DATETIME_FORMAT")
                }
            case DeliveryState.FAILED:
                return _("not delivered: %(why)s") % {"why": _(annotated.invitation_error)}
            case state:
                return str(DeliveryState(state).label)

    @admin.display(description=gettext_lazy("mail"))
    def returned(self, focal_point: Any) -> SafeString | None:
        """Return a link to the latest mail that came back from their present address."""
        pk = focal_point.returned_delivery
        return link(reverse("admin:registrations_delivery_change", args=[pk]), _("mail came back")) if pk else None

    @admin.display(description=gettext_lazy("last sign-in"), ordering="user__last_login")
    def last_login(self, focal_point: FocalPoint) -> object:
        return focal_point.user.last_login or _("never")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        form = FocalPointForm(
            request.POST if request.method == "POST" else None, initial={"body": request.GET.get("body")}
        )
        if form.is_valid():
            try:
                focal_point = appoint_focal_point(**form.cleaned_data)
            except RuleBroken as broken:
                add_broken_rule(form, broken)
            else:
                self.log_addition(request, focal_point, [{"added": {}}])
                messages.success(
                    request,
                    _("%(user)s may now register for %(body)s.") % {"user": focal_point.user, "body": focal_point.body},
                )
                return redirect("admin:registrations_focalpoint_changelist")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Appoint a focal point"),
            "form": form,
            "verb": _("Appoint"),
        }
        return TemplateResponse(request, "admin/registrations/form.html", context)

    @admin.action(description=gettext_lazy("Make primary"), permissions=["change"])
    def appoint_as_primary(self, request: HttpRequest, focal_points: "QuerySet[FocalPoint]") -> None:
        for focal_point in focal_points:
            try:
                primary = make_primary(focal_point)
            except RuleBroken as broken:
                messages.error(request, str(broken.message))
            else:
                self.log_change(request, primary, [{"changed": {"fields": ["is_primary"]}}])
                messages.success(
                    request,
                    _("%(user)s is the primary focal point of %(body)s.")
                    % {"user": primary.user, "body": primary.body},
                )

    @admin.action(description=gettext_lazy("Send the invitation to register again"), permissions=["change"])
    def invite_again(self, request: HttpRequest, focal_points: "QuerySet[FocalPoint]") -> None:
        now = timezone.now()
        resend_invitations(request, invitations_of(focal_points, now=now), now=now)

    @admin.action(description=gettext_lazy("Remove access"), permissions=["change"])
    def remove_access(self, request: HttpRequest, focal_points: "QuerySet[FocalPoint]") -> None:
        for focal_point in focal_points:
            removed = remove_focal_point(focal_point, now=timezone.now())
            self.log_change(request, removed, [{"changed": {"fields": ["removed_at"]}}])
            messages.success(
                request,
                _("%(user)s can no longer register for %(body)s.") % {"user": removed.user, "body": removed.body},
            )


def resend_invitations(request: HttpRequest, invitations: "QuerySet[Delivery]", *, now: datetime) -> None:
    """Send `invitations` to register again, as far as this is possible, and say how many."""
    count = resend_deliveries(invitations.values_list("pk", flat=True), by=staff_user(request), now=now)
    if count:
        text = ngettext("%(count)s invitation is sent again now.", "%(count)s invitations are sent again now.", count)
        messages.success(request, text % {"count": count})
        return
    messages.warning(
        request,
        _(
            "Nothing was sent again: registration has not begun, or the invitation is on its way or went out "
            "only just now."
        ),
    )
