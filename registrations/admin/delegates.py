"""Admin of delegates: the list that figures link to, and the pages that change a delegate."""

from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.admin import delegate_pages
from registrations.admin.base import is_observer_request
from registrations.admin.exports import export_page
from registrations.admin.filters import (
    AdmittedFilter,
    AnswerFilter,
    AttendingFilter,
    BodyFilter,
    KindFilter,
    ProfileFilter,
    ReturnedMailFilter,
)
from registrations.models import Delegate, DelegationStatus
from registrations.queries.lists import prefetch_held_entries
from registrations.queries.returned_mail import load, returned_mail
from sessions_app.admin.base import ReadOnlyAdmin, change_url, link
from sessions_app.admin.filters import WebinarFilter
from sessions_app.admin.webinar_column import WebinarColumnMixin


@admin.register(Delegate)
class DelegateAdmin(WebinarColumnMixin, ReadOnlyAdmin[Delegate]):
    """Delegates: a list with filters and an export; services make every change. Observers see no addresses."""

    list_display = [
        "name", "webinar_name", "profile", "body", "institution", "email", "role", "state", "returned", "working_group",
        "answers",
    ]  # fmt: skip
    list_display_links = ["name"]
    list_filter = [
        WebinarFilter, BodyFilter, ProfileFilter, "status", "is_working_group_member", "is_head_of_delegation",
        AnswerFilter, AdmittedFilter, "role", KindFilter, AttendingFilter, ReturnedMailFilter,
    ]  # fmt: skip
    list_select_related = ["delegation__body", "profile"]
    search_fields = ["name", "email", "institution"]
    show_full_result_count = False

    def get_list_display(self, request: HttpRequest) -> Any:
        """Leave the address out for observers, and the webinar where the list shows only one."""
        hidden = {"email", "returned"} if is_observer_request(request) else set()
        if WebinarFilter.parameter_name in request.GET:
            hidden.add("webinar_name")
        return [name for name in self.list_display if name not in hidden]

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Leave out for observers the filter by what came back, since they see no deliveries."""
        observer = is_observer_request(request)
        return [one for one in self.list_filter if one is not ReturnedMailFilter or not observer]

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Order the people of one webinar by delegation and profile, and all people by their keys, newest first.

        To sort all people by delegation would read the whole table for each page.
        """
        return () if WebinarFilter.parameter_name in request.GET else ("-pk",)

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        """Return no links for observers, who may not open the page of a delegate."""
        return None if is_observer_request(request) else self.list_display_links

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """Leave the address out for observers, who could otherwise test addresses by searching."""
        return [name for name in self.search_fields if name != "email" or not is_observer_request(request)]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Delegate]":
        """Return the people with their answers; staff, who see deliveries, also see what came back."""
        people = super().get_queryset(request).prefetch_related(prefetch_held_entries())
        return people if is_observer_request(request) else people.annotate(returned=returned_mail(now=timezone.now()))

    @admin.display(description=gettext_lazy("delegation"), ordering="delegation__body__name_en")
    def body(self, delegate: Delegate) -> SafeString:
        return link(change_url(delegate.delegation), delegate.delegation.body)

    @admin.display(description=gettext_lazy("state"), ordering="status")
    def state(self, delegate: Delegate) -> str:
        if delegate.is_active and delegate.delegation.status == DelegationStatus.NOT_ATTENDING:
            return _("Active, but the delegation does not attend")
        if delegate.is_active and delegate.admitted_at is None:
            return _("Active, not yet admitted")
        if delegate.is_active and delegate.mail_held_at is not None:
            return _("Active, mail is held")
        return delegate.get_status_display()

    @admin.display(description=gettext_lazy("mail"))
    def returned(self, delegate: Any) -> str | None:
        """Return why mail to the person came back, or that it is late."""
        found = load(delegate.returned) if delegate.is_active else None
        if found is None:
            return None
        label = _("Came back") if found.has_failed else _("Delayed")
        return f"{label}: {found.reason_with_code}"

    @admin.display(description=gettext_lazy("Working Group"), ordering="is_working_group_member")
    def working_group(self, delegate: Delegate) -> str | None:
        return _("yes") if delegate.is_working_group_member else None

    @admin.display(description=gettext_lazy("answers"))
    def answers(self, delegate: Any) -> str | None:
        """Return the answers by session: “1: accepted · 2: no answer yet”."""
        return (
            " · ".join(
                f"{entry.session.number}: {entry.get_ical_partstat_display()}" for entry in delegate.held_entries
            )
            or None
        )

    # Pages ------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]  # the stubs forget resolvers
        export = path("export/", self.admin_site.admin_view(partial(export_page, self)), name="export-delegates")
        pages = {
            "register/<int:pk>/": ("register-delegate", delegate_pages.register_page),
            "<int:pk>/replace/": ("replace-delegate", delegate_pages.replace_page),
            "<int:pk>/withdraw/": ("withdraw-delegate", delegate_pages.withdraw_page),
            "<int:pk>/restore/": ("restore-delegate", delegate_pages.restore_page),
            "<int:pk>/speaker/": ("speaker-of-delegate", delegate_pages.speaker_page),
            "<int:pk>/send-again/": ("send-again-to-delegate", delegate_pages.send_again_page),
        }
        page_urls = [
            path(route, self.admin_site.admin_view(partial(page, self.admin_site)), name=name)
            for route, (name, page) in pages.items()
        ]
        return [export, *page_urls, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return delegate_pages.person_page(self.admin_site, request, self.get_object_or_404(request, object_id).pk)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect(f"{change_url(self.get_object_or_404(request, object_id))}#history")
