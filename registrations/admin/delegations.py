"""Delegations: the list that answers who lacks whom, the page of one, and every step with it."""

from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from registrations.admin.base import is_observed, staff_of
from registrations.admin.board import board_list_page, board_page
from registrations.admin.bulk_actions import FROM, QUEUE, SEVERAL, apply_to_all, bulk_action_page
from registrations.admin.dashboard import front_page_of
from registrations.admin.decisions import STEPS, Step
from registrations.admin.exports import export_board_page
from registrations.admin.filters import BodyFilter, CompleteFilter, KindFilter, LackingFilter
from registrations.admin.history_text import readable
from registrations.admin.observer_view import observed_page
from registrations.admin.review_queue import waiting_page
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
from registrations.queries.lists import seats_of_many
from registrations.queries.speakers import speakers_among, unlinked_speakers_with_appearances
from registrations.services.delegations import accept_delegation, revoke_waiver
from registrations.services.mail_limits import release_mail
from sessions_app.admin.base import SecretariatAdmin, change_url
from sessions_app.admin.filters import WebinarFilter


class DelegationList(ChangeList):
    """Counts the seats of the delegations on the page, in a number of queries that does not grow with them."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        seats = seats_of_many(self.result_list)
        for delegation in self.result_list:
            delegation.seats = seats[delegation.pk]


@admin.register(Delegation)
class DelegationAdmin(SecretariatAdmin[Delegation]):
    list_display = ["body", "webinar", "status", "missing", "named", "submitted_at"]
    list_filter = [WebinarFilter, LackingFilter, CompleteFilter, "status", KindFilter, BodyFilter]
    list_select_related = ["webinar", "body"]
    search_fields = ["body__name_en", "body__name_es", "webinar__title_en", "webinar__title_es"]
    fields = ["webinar", "body"]
    actions = ["accept", "accept_together", "return_together", "waive_together", "remind"]
    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Delegation | None = None) -> bool:
        return False

    def get_changelist(self, request: HttpRequest, **kwargs: object) -> type[ChangeList]:
        return DelegationList

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Delegation]":
        active = Count("delegates", filter=Q(delegates__status="active"))
        return super().get_queryset(request).annotate(named_count=active, lacks_letter=lacking_letter())

    @admin.display(description=gettext_lazy("missing"))
    def missing(self, delegation: Any) -> str | None:
        """In words; nothing for one that does not attend and for organisations."""
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
        """The quota boards, directly below the admin's front page."""
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

    def front_page(self, request: HttpRequest) -> dict[str, object]:
        return front_page_of(now=timezone.now())

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]  # the stubs forget resolvers
        view = self.admin_site.admin_view
        steps = [
            path(f"<int:pk>/{step.slug}/", view(partial(self.step_page, step=step)), name=f"{step.slug}-delegation")
            for step in STEPS
        ]
        several = [
            path(
                f"several/{one.slug}/",
                view(partial(bulk_action_page, self.admin_site, one)),
                name=f"{one.slug}-several",
            )
            for one in SEVERAL
        ]
        waiting = path("waiting/", view(partial(waiting_page, self.admin_site)), name="waiting-delegations")
        revoke = path("waivers/<int:pk>/revoke/", view(self.revoke_page), name="revoke-waiver")
        release = path("<int:pk>/release-mail/", view(self.release_mail), name="release-mail-delegation")
        return [*steps, *several, waiting, revoke, release, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one delegation. It has no form of its own: every step is a service (rule 9)."""
        found = self.get_object(request, object_id)
        if found is None:
            raise Http404
        delegation = Delegation.objects.select_related("webinar__policy", "body", "decided_by").get(pk=found.pk)
        seats = seats_of(delegation)
        if is_observed(request):
            return observed_page(self.admin_site, request, delegation, seats)
        letters = list(letters_of(delegation))
        people = delegates_with_mail_state(delegation)
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
            "speaking": speakers_among(one.delegate for one in people.active),
            "unregistered": [] if is_country else unlinked_speakers_with_appearances(delegation.webinar_id),
            "quotas": quotas_with_exceptions(delegation),
            "focal_points": list(
                FocalPoint.objects.filter(body=delegation.body, removed_at__isnull=True).select_related("user")
            ),
            # All of it, address clashes too: these are the secretariat's to see (rule 8).
            "history": readable(HistoryEvent.objects.filter(delegation=delegation).select_related("actor", "delegate")),
            "steps": [step for step in STEPS if step.fits(delegation)],
            "is_attending": delegation.status != DelegationStatus.NOT_ATTENDING,
            "is_country": is_country,
        }
        return TemplateResponse(request, "admin/registrations/delegation/page.html", context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        found = self.get_object(request, object_id)
        if found is None:
            raise Http404
        return redirect(f"{change_url(found)}#history")

    def step_page(self, request: HttpRequest, pk: int, step: Step) -> HttpResponse:
        """One step with its form. `?from=waiting` leads back to the queue; `?with_gap=on` ticks that the gap stays."""
        delegation = get_object_or_404(Delegation.objects.select_related("webinar__policy", "body"), pk=pk)
        back = reverse("admin:waiting-delegations") if request.GET.get(FROM) == QUEUE else change_url(delegation)
        seats = seats_of(delegation)
        form = step.form(
            request.POST if request.method == "POST" else None,
            delegation=delegation,
            seats=seats,
            initial={"with_gap": "with_gap" in request.GET},
        )
        if form.is_valid():
            try:
                text = step.take(delegation, form.cleaned_data, staff_of(request), timezone.now())
            except RuleBroken as broken:
                add_broken_rule(form, broken)
                if isinstance(broken, EditConflict):
                    form.show_current()
            else:
                messages.success(request, text)
                return redirect(back)
        return self._form_page(
            request,
            delegation,
            form,
            title=step.title,
            verb=step.verb,
            explanation=step.explanation,
            warning=step.warn(form),
            back=back,
        )

    def release_mail(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Sent, let the held mail of the delegation go; opened, only lead to its page."""
        delegation = get_object_or_404(Delegation, pk=pk)
        if request.method == "POST":
            count = release_mail(delegation, by=staff_of(request), now=timezone.now())
            said = ngettext(
                "The mail of %(count)s person is released.", "The mail of %(count)s people is released.", count
            )
            messages.success(request, said % {"count": count})
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
                revoke_waiver(waiver, reason=form.cleaned_data["reason"], by=staff_of(request), now=timezone.now())
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

    # BulkAction at once --------------------------------------------------------------------------------

    @admin.action(description=gettext_lazy("Accept the complete ones"), permissions=["change"])
    def accept(self, request: HttpRequest, delegations: "QuerySet[Delegation]") -> None:
        """Accept each on its own, and tell the outcome of each: one refusal stops nobody else."""
        for delegation in delegations.select_related("webinar", "body"):
            try:
                accept_delegation(delegation, by=staff_of(request), now=timezone.now())
            except RuleBroken as broken:
                messages.warning(
                    request,
                    _("%(body)s is not accepted: %(why)s") % {"body": delegation.body, "why": broken.message},
                )
            else:
                messages.success(request, _("%(body)s is accepted.") % {"body": delegation.body})

    @admin.action(description=gettext_lazy("Accept with a comment, or with gaps …"), permissions=["change"])
    def accept_together(self, request: HttpRequest, delegations: "QuerySet[Delegation]") -> HttpResponse:
        return apply_to_all(request, "accept", delegations)

    @admin.action(description=gettext_lazy("Return with a comment …"), permissions=["change"])
    def return_together(self, request: HttpRequest, delegations: "QuerySet[Delegation]") -> HttpResponse:
        return apply_to_all(request, "return", delegations)

    @admin.action(description=gettext_lazy("Waive what is missing …"), permissions=["change"])
    def waive_together(self, request: HttpRequest, delegations: "QuerySet[Delegation]") -> HttpResponse:
        return apply_to_all(request, "waive", delegations)

    @admin.action(description=gettext_lazy("Remind of what is missing …"), permissions=["change"])
    def remind(self, request: HttpRequest, delegations: "QuerySet[Delegation]") -> HttpResponse | None:
        """To the page that says whom it would reach; of one webinar at a time."""
        chosen = list(delegations.order_by("pk").values_list("pk", "webinar"))
        webinars = {webinar for _pk, webinar in chosen}
        if len(webinars) != 1:
            messages.warning(request, _("Please choose delegations of one webinar."))
            return None
        query = urlencode([("delegation", pk) for pk, _webinar in chosen])
        return redirect(f"{reverse('admin:write-gap-reminder', args=[webinars.pop()])}?{query}")

    def response_add(self, request: HttpRequest, obj: Delegation, post_url_continue: str | None = None) -> HttpResponse:
        return redirect(change_url(obj))
