"""Admin of registration policies, gap notice rules and reminder rules, and pages about a whole webinar."""

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar

from django.contrib import admin, messages
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registrations.admin.agenda_page import agenda_page
from registrations.admin.agenda_table import agenda_table_page
from registrations.admin.base import staff_user
from registrations.admin.focal_point_rows import focal_point_rows_page
from registrations.admin.new_webinar import new_webinar_page
from registrations.admin.personal_data import data_to_purge, erase_page, export_page, person_page
from registrations.admin.records import records_page
from registrations.admin.registration_setup import registration_page
from registrations.admin.webinar_head import WebinarHead, head_of_page
from registrations.admin.webinar_home import webinar_home_page
from registrations.admin.webinar_list import webinar_list_page
from registrations.admin.webinar_messages import webinar_messages_page
from registrations.exceptions import NotPossibleNow
from registrations.forms.policies import PolicyForm
from registrations.models import GapNoticeRule, RegistrationPolicy, ReminderRule
from registrations.services.acceptance_messages import message_after_accepting
from registrations.services.nudge import nudge_planner
from registrations.services.policies import save_policy
from sessions_app.admin.base import SecretariatAdmin
from sessions_app.admin.filters import WebinarFilter
from sessions_app.admin.webinar_column import WebinarColumnMixin

ModelT = TypeVar("ModelT", bound=Model)
# The name and the view of a page, by its route.
Pages = Mapping[str, tuple[str, Callable[..., HttpResponse]]]


@admin.register(RegistrationPolicy)
class PolicyAdmin(WebinarColumnMixin, SecretariatAdmin[RegistrationPolicy]):
    """Registration policies: opening, closing, acceptance and purge day of each webinar."""

    form = PolicyForm
    list_display = ["webinar_name", "opens_at", "closes_at", "accepts_complete_at_once", "requires_letter", "purge_on"]
    list_select_related = ["webinar"]

    def root_urls(self) -> list[URLPattern]:
        """Return the URL patterns of the webinars, of the home of each, and of the lists of all records."""
        pages: Pages = {
            "webinars/": ("webinars", webinar_list_page),
            "webinars/new/": ("new-webinar", new_webinar_page),
            "webinars/<slug:slug>/": ("webinar-home", webinar_home_page),
            "webinars/<slug:slug>/agenda/": ("webinar-agenda", agenda_page),
            "webinars/<slug:slug>/agenda/<int:n>/table/": ("agenda-table", agenda_table_page),
            "webinars/<slug:slug>/registration/": ("webinar-registration", registration_page),
            "webinars/<slug:slug>/registration/focal-points/": ("webinar-focal-points", focal_point_rows_page),
            "webinars/<slug:slug>/messages/": ("webinar-messages", webinar_messages_page),
            "records/": ("records", records_page),
        }
        return self._paths(pages)

    def dashboard_context(self, request: HttpRequest) -> dict[str, object]:
        return {}

    def head_of_page(self, request: HttpRequest) -> WebinarHead | None:
        """Return the head of the page if it is about one webinar, whichever model it belongs to."""
        return head_of_page(request)

    def has_delete_permission(self, request: HttpRequest, obj: RegistrationPolicy | None = None) -> bool:
        """Return False: without its policy, every participant link of the webinar would end."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: RegistrationPolicy | None = None) -> list[str]:
        return [] if obj is None else ["webinar"]

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]  # the stubs forget resolvers
        pages = {
            "personal-data/": ("personal-data", person_page),
            "personal-data/export/": ("export-personal-data", export_page),
            "personal-data/erase/": ("erase-personal-data", erase_page),
        }
        return [*self._paths(pages), *super().get_urls()]

    def _paths(self, pages: Pages) -> list[URLPattern]:
        """Return the URL patterns of `pages`, given by route as name and view; each view gets the site first."""
        site = self.admin_site
        return [path(route, site.admin_view(partial(page, site)), name=name) for route, (name, page) in pages.items()]

    def save_model(self, request: HttpRequest, obj: RegistrationPolicy, form: Any, change: bool) -> None:
        """Save through the service, which accepts the delegations that the page listed (rule 4)."""
        accepted = save_policy(
            obj,
            changed=form.changed_data,
            confirmed=form.cleaned_data["seen"].split(),
            by=staff_user(request),
            now=timezone.now(),
        )
        if text := message_after_accepting(accepted):
            messages.success(request, text)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Show and save the form as Django does.

        Where saving would accept more delegations than the page listed, validate again, which lists them.
        """
        try:
            return super().changeform_view(request, *args, **kwargs)
        except NotPossibleNow:
            return super().changeform_view(request, *args, **kwargs)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the form as Django does, with the data that the purge will remove."""
        policy = self.get_object(request, object_id)
        purged_data = data_to_purge(policy) if policy is not None else []
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "purged_data": purged_data})


class RuleAdmin(WebinarColumnMixin, SecretariatAdmin[ModelT]):
    """Base class for the admins of rules: each rule is listed as a sentence."""

    list_display = ["sentence", "webinar_name", "created_at"]
    list_filter = [WebinarFilter]
    list_select_related = ["webinar"]
    exclude = ["created_at"]

    @admin.display(description=_("rule"))
    def sentence(self, rule: ModelT) -> str:
        return str(rule)

    def save_model(self, request: HttpRequest, obj: ModelT, form: "ModelForm[ModelT]", change: bool) -> None:
        """Save the rule and nudge the planner.

        A changed rule counts as created now, so that it sends nothing for times before the change (design §5).
        """
        if not change or form.changed_data:
            obj.created_at = timezone.now()  # type: ignore[attr-defined]  # both models of rules have it
        super().save_model(request, obj, form, change)
        nudge_planner()

    def response_post_save_add(self, request: HttpRequest, obj: ModelT) -> HttpResponseRedirect:
        """Lead back to the page of the registration, which lists the rules."""
        return _back_to_registration(obj)

    def response_post_save_change(self, request: HttpRequest, obj: ModelT) -> HttpResponseRedirect:
        return _back_to_registration(obj)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Delete the rule as Django does, and lead back like the other pages."""
        rule = self.get_object(request, object_id)
        response = super().delete_view(request, object_id, extra_context)
        is_deleted = request.method == "POST" and response.status_code == HTTPStatus.FOUND
        return _back_to_registration(rule) if rule is not None and is_deleted else response


def _back_to_registration(rule: Any) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:webinar-registration", args=[rule.webinar.slug]))


@admin.register(ReminderRule)
class ReminderRuleAdmin(RuleAdmin[ReminderRule]):
    list_filter = [WebinarFilter, "moment", "recipients"]


@admin.register(GapNoticeRule)
class GapNoticeRuleAdmin(RuleAdmin[GapNoticeRule]):
    pass
