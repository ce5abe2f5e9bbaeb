"""Admin of delegations: the list with its bulk actions, the page of one delegation and the actions on it."""

from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from registrations.admin.base import is_observer_request, staff_user
from registrations.admin.board import board_list_page, board_page
from registrations.admin.bulk_actions import (
    BULK_ACTIONS,
    FROM_PARAM,
    FROM_REVIEW_QUEUE,
    bulk_action_page,
    redirect_to_bulk_action,
)
from registrations.admin.dashboard import dashboard_context
from registrations.admin.delegation_actions import DELEGATION_ACTIONS, DelegationAction
from registrations.admin.exports import export_board_page
from registrations.admin.filters import BodyFilter, CompleteFilter, KindFilter, LackingFilter
from registrations.admin.history_text import describe_events
from registrations.admin.observer_view import observer_page
from registrations.admin.review_queue import review_queue_page
from registrations.admin.webinar_history import webinar_history_page
from registrations.exceptions import EditConflict, RuleBroken
from registrations.forms.errors import add_broken_rule
from registrations.forms.secretariat import ReasonForm
from registrations.models import BodyKind, Delegation, DelegationStatus, FocalPoint, HistoryEvent, Waiver
from registrations.queries import (
    delegates_with_mail_state,
    gaps_in,
    letters_of,
    quotas_with_exceptions,
    requires_letter,
    seats_of,
)
from registrations.queries.letters import lacking_letter
from registrations.queries.lists import seats_of_delegations
from registrations.queries.speakers import speakers_among, unlinked_speakers_with_appearances
from registrations.services.delegations import accept_delegation, revoke_waiver
from registrations.services.mail_limits import release_mail
from sessions_app.admin.base import SecretariatAdmin, change_url
from sessions_app.admin.filters import WebinarFilter
from sessions_app.admin.webinar_column import NamedWebinarChangeList, WebinarColumnMixin


class DelegationChangeList(NamedWebinarChangeList):
    """A changelist that adds the seat counts of the delegations on its page, in a constant number of queries."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        seats = seats_of_delegations(self.result_list)
        for delegation in self.result_list:
            delegation.seats = seats[delegation.pk]


@admin.register(Delegation)
class DelegationAdmin(WebinarColumnMixin, SecretariatAdmin[Delegation]):
    """Delegations, the quota boards and the review queue; services make every change."""

    list_display = ["body", "webinar_name", "status", "missing", "named", "submitted_at"]
    list_filter = [WebinarFilter, LackingFilter, CompleteFilter, "status", KindFilter, BodyFilter]
    list_select_related = ["webinar", "body"]
    search_fields = ["body__name_en", "body__name_es", "webinar__title_en", "webinar__title_es"]
    fields = ["webinar", "body"]
    actions = ["accept", "bulk_accept", "bulk_return", "bulk_waive", "remind"]
    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Delegation | None = None) -> bool:
        return False

    def get_changelist(self, request: HttpRequest, **kwargs: object) -> type[ChangeList]:
        return DelegationChangeList

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Delegation]":
        active = Count("delegates", filter=Q(delegates__status="active"))
        return super().get_queryset(request).annotate(named_count=active, lacks_letter=lacking_letter())

    @admin.display(description=gettext_lazy("missing"))
    def missing(self, delegation: Any) -> str | None:
        """Return what the delegation lacks; None if it does not attend or has no quotas."""
        if delegation.status == DelegationStatus.NOT_ATTENDING or not (delegation.seats or delegation.lacks_letter):
            return None
        lacking = [f"{seat.missing} {seat.profile}" for seat in gaps_in(delegation.seats)]
        if delegation.lacks_letter:
            lacking.append(_("the nomination letter"))
        return ", ".join(lacking) or _("nobody")

    @admin.display(description=gettext_lazy("named"), ordering="named_count")
    def named(self, delegation: Any) -> int:
        return int(delegation.named_count)

    # Pages ------------------------------------------------------------------------------------------

    def root_urls(self) -> list[URLPattern]:
        """Return the URL patterns of `/admin/quota-board/`."""
        view = self.admin_site.admin_view
        return [
            path("quota-board/", view(partial(board_list_page, self.admin_site)), name="quota-boards"),
            path("quota-board/<slug:slug>/", view(partial(board_page, self.admin_site)), name="quota-board"),
            path(
                "quota-board/<slug:slug>/history/",
                view(partial(webinar_history_page, self.admin_site)),
                name="webinar-history",
            ),
            path("quota-board/<slug:slug>/export/", view(export_board_page), name="export-quota-board"),
        ]

    def dashboard_context(self, request: HttpRequest) -> dict[str, object]:
        return dashboard_context(now=timezone.now())

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]  # the stubs forget resolvers
        view = self.admin_site.admin_view
        actions = [
            path(
                f"<int:pk>/{action.slug}/",
                view(partial(self.action_page, action=action)),
                name=f"{action.slug}-delegation",
            )
            for action in DELEGATION_ACTIONS
        ]
        bulk_actions = [
            path(
                f"several/{action.slug}/",
                view(partial(bulk_action_page, self.admin_site, action)),
                name=f"bulk-{action.slug}",
            )
            for action in BULK_ACTIONS
        ]
        review_queue = path("waiting/", view(partial(review_queue_page, self.admin_site)), name="review-queue")
        revoke = path("waivers/<int:pk>/revoke/", view(self.revoke_page), name="revoke-waiver")
        release = path("<int:pk>/release-mail/", view(self.release_mail), name="release-mail-delegation")
        return [*actions, *bulk_actions, review_queue, revoke, release, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show one delegation, with links to its actions: each has a page that calls a service (rule 9)."""
        found = self.get_object_or_404(request, object_id)
        delegation = Delegation.objects.select_related("webinar__policy", "body", "decided_by", "handled_by").get(
            pk=found.pk
        )
        seats = seats_of(delegation)
        if is_observer_request(request):
            return observer_page(self.admin_site, request, delegation, seats)
        letters = list(letters_of(delegation))
        people = delegates_with_mail_state(delegation, now=timezone.now())
        is_country = delegation.body.kind == BodyKind.COUNTRY
        current_letter = next((letter for letter in letters if letter.replaced_at is None), None)
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": str(delegation.body),
            "delegation": delegation,
            "seats": seats,
            "gaps": gaps_in(seats),
            "letters": letters,
            "lacks_letter": current_letter is None and requires_letter(delegation),
            "people": people,
            "waivers": list(
                Waiver.objects.filter(delegation=delegation).select_related("profile", "granted_by", "revoked_by")
            ),
            "speaking": speakers_among(person.delegate for person in people.active),
            "unregistered": [] if is_country else unlinked_speakers_with_appearances(delegation.webinar_id),
            "quotas": quotas_with_exceptions(delegation),
            "focal_points": list(
                FocalPoint.objects.filter(body=delegation.body, removed_at__isnull=True).select_related("user")
            ),
            # Staff see the whole history, address clashes included (rule 8).
            "history": describe_events(
                HistoryEvent.objects.filter(delegation=delegation).select_related("actor", "delegate")
            ),
            "actions": [action for action in DELEGATION_ACTIONS if action.is_available(delegation)],
            "is_attending": delegation.status != DelegationStatus.NOT_ATTENDING,
            "is_country": is_country,
        }
        return TemplateResponse(request, "admin/registrations/delegation/page.html", context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        found = self.get_object_or_404(request, object_id)
        return redirect(f"{change_url(found)}#history")

    def action_page(self, request: HttpRequest, pk: int, action: DelegationAction) -> HttpResponse:
        """Show the form of one action, and apply the action on POST.

        `?from=waiting` leads back to the review queue; `?with_gap=on` ticks “accept with the gap open”.
        """
        delegation = get_object_or_404(Delegation.objects.select_related("webinar__policy", "body"), pk=pk)
        back = (
            reverse("admin:review-queue")
            if request.GET.get(FROM_PARAM) == FROM_REVIEW_QUEUE
            else change_url(delegation)
        )
        seats = seats_of(delegation)
        form = action.form(
            request.POST if request.method == "POST" else None,
            delegation=delegation,
            seats=seats,
            initial={"with_gap": "with_gap" in request.GET},
        )
        if form.is_valid():
            try:
                text = action.apply(delegation, form.cleaned_data, staff_user(request), timezone.now())
            except RuleBroken as broken:
                add_broken_rule(form, broken)
                if isinstance(broken, EditConflict):
                    form.use_current_version()
            else:
                messages.success(request, text)
                return redirect(back)
        return self._form_page(
            request,
            delegation,
            form,
            title=action.title,
            verb=action.verb,
            explanation=action.explanation,
            warning=action.warning(form),
            back=back,
        )

    def release_mail(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Release the held mail of the delegation on POST; a GET leads to its page."""
        delegation = get_object_or_404(Delegation, pk=pk)
        if request.method == "POST":
            count = release_mail(delegation, by=staff_user(request), now=timezone.now())
            text = ngettext(
                "The mail of %(count)s person is released.", "The mail of %(count)s people is released.", count
            )
            messages.success(request, text % {"count": count})
        return redirect(change_url(delegation))

    def revoke_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        waiver = get_object_or_404(
            Waiver.objects.select_related("delegation__webinar", "delegation__body", "profile"), pk=pk
        )
        delegation = waiver.delegation
        form = ReasonForm(
            request.POST if request.method == "POST" else None, delegation=delegation, seats=seats_of(delegation)
        )
        if form.is_valid():
            try:
                revoke_waiver(waiver, reason=form.cleaned_data["reason"], by=staff_user(request), now=timezone.now())
            except RuleBroken as broken:
                add_broken_rule(form, broken)
            else:
                messages.success(request, _("The waiver is revoked; its seats are asked for again."))
                return redirect(change_url(delegation))
        return self._form_page(
            request,
            delegation,
            form,
            title=_("Revoke the waiver: %(waiver)s") % {"waiver": waiver},
            verb=_("Revoke"),
            explanation=_("Its reason was: %(reason)s") % {"reason": waiver.reason},
        )

    def _form_page(self, request: HttpRequest, delegation: Delegation, form: Any, **texts: object) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "delegation": delegation,
            "seats": form.seat_counts,
            "form": form,
            "is_attending": delegation.status != DelegationStatus.NOT_ATTENDING,
            "back": change_url(delegation),
            **texts,
        }
        return TemplateResponse(request, "admin/registrations/form.html", context)

    # Bulk actions -----------------------------------------------------------------------------------

    @admin.action(description=gettext_lazy("Accept the complete ones"), permissions=["change"])
    def accept(self, request: HttpRequest, delegations: "QuerySet[Delegation]") -> None:
        """Accept each complete delegation in a transaction of its own, with a flash message for each."""
        for delegation in delegations.select_related("webinar", "body"):
            try:
                accept_delegation(delegation, by=staff_user(request), now=timezone.now())
            except RuleBroken as broken:
                messages.warning(
                    request,
                    _("%(body)s is not accepted: %(why)s") % {"body": delegation.body, "why": broken.message},
                )
            else:
                messages.success(request, _("%(body)s is accepted.") % {"body": delegation.body})

    @admin.action(description=gettext_lazy("Accept with a comment, or with gaps …"), permissions=["change"])
    def bulk_accept(self, request: HttpRequest, delegations: "QuerySet[Delegation]") -> HttpResponse:
        return redirect_to_bulk_action(request, "accept", delegations)

    @admin.action(description=gettext_lazy("Return with a comment …"), permissions=["change"])
    def bulk_return(self, request: HttpRequest, delegations: "QuerySet[Delegation]") -> HttpResponse:
        return redirect_to_bulk_action(request, "return", delegations)

    @admin.action(description=gettext_lazy("Waive what is missing …"), permissions=["change"])
    def bulk_waive(self, request: HttpRequest, delegations: "QuerySet[Delegation]") -> HttpResponse:
        return redirect_to_bulk_action(request, "waive", delegations)

    @admin.action(description=gettext_lazy("Remind of what is missing …"), permissions=["change"])
    def remind(self, request: HttpRequest, delegations: "QuerySet[Delegation]") -> HttpResponse | None:
        """Redirect to the page of the gap reminder; the selected delegations must belong to one webinar."""
        selected = list(delegations.order_by("pk").values_list("pk", "webinar"))
        webinars = {webinar for _pk, webinar in selected}
        if len(webinars) != 1:
            messages.warning(request, _("Please choose delegations of one webinar."))
            return None
        query = urlencode([("delegation", pk) for pk, _webinar in selected])
        return redirect(f"{reverse('admin:write-gap-reminder', args=[webinars.pop()])}?{query}")

    def response_add(self, request: HttpRequest, obj: Delegation, post_url_continue: str | None = None) -> HttpResponse:
        return redirect(change_url(obj))
