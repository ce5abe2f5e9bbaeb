"""The read-only lists of deliveries, calendar entries and history events."""

import re
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet, Value
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, URLResolver, path
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from registrations.admin.base import staff_user
from registrations.admin.delivery_pages import bounce_of, delivery_page
from registrations.admin.filters import (
    AnnouncementFilter,
    BodyFilter,
    GapReminderFilter,
    OverdueFilter,
    OwedSinceFilter,
)
from registrations.models import CalendarEntry, Delivery, DeliveryState, HistoryEvent, ParticipatingBody, User
from registrations.queries.mail_state import RESENDABLE_STATES
from registrations.queries.returned_mail import reason_with_code
from registrations.services.deliveries import resend_deliveries, stop_deliveries
from sessions_app.admin.base import ReadOnlyAdmin, change_url, link
from sessions_app.admin.filters import SessionWebinarFilter, WebinarFilter
from sessions_app.admin.webinar_column import WebinarColumnMixin, hour_with_zone

# The list counts so many deliveries, and has pages for these; filters and the search find the others.
MOST_COUNTED = 5_000
WHOLE_ADDRESS = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # takes no parameter at run time
    """Pages of the first rows; to count them all would read the whole table for each page."""

    @cached_property
    def count(self) -> int:
        return min(self._found, MOST_COUNTED)

    @property
    def is_cut(self) -> bool:
        """Whether there are more rows than the pages show."""
        return self._found > MOST_COUNTED

    @property
    def most_counted(self) -> int:
        return MOST_COUNTED

    @cached_property
    def _found(self) -> int:
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]  # a list of the admin is a queryset
        return rows.order_by()[: MOST_COUNTED + 1].count()


@admin.register(Delivery)
class DeliveryAdmin(WebinarColumnMixin, ReadOnlyAdmin[Delivery]):
    """Deliveries: the list stays quick with hundreds of thousands, as its order and a searched address are indexed."""

    list_display = [
        "kind", "webinar_name", "body", "person", "email", "state_label", "attempts", "error", "created_at",
        "next_attempt", "sent_at",
    ]  # fmt: skip
    # No other order has an index.
    sortable_by = ["created_at"]
    list_display_links = ["kind"]
    list_filter = [
        WebinarFilter, BodyFilter, "state", OverdueFilter, OwedSinceFilter, "kind", "language", AnnouncementFilter,
        GapReminderFilter,
    ]  # fmt: skip
    list_select_related = ["delegation__body", "delegate__delegation__body", "user", "bounce"]
    search_fields = ["email", "delegate__name", "last_error"]
    search_help_text = _("A whole address is found at once; a part of an address or a name takes longer.")
    paginator = BoundedPaginator
    list_per_page = 50
    show_full_result_count = False
    actions = ["stop", "send_again", "send_once_more"]

    def get_list_display(self, request: HttpRequest) -> Any:
        """Leave the webinar out where the list shows only one."""
        is_of_one = WebinarFilter.parameter_name in request.GET
        columns = super().get_list_display(request)
        return [column for column in columns if column != "webinar_name" or not is_of_one]

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Delivery]", search_term: str
    ) -> "tuple[QuerySet[Delivery], bool]":
        """Find a whole address, whatever its case, by its index; search anything else word by word."""
        address = search_term.strip()
        if WHOLE_ADDRESS.fullmatch(address):
            return queryset.alias(address=Lower("email")).filter(address=Lower(Value(address))), False
        return super().get_search_results(request, queryset, search_term)

    def response_action(self, request: HttpRequest, queryset: "QuerySet[Delivery]", *args: Any) -> HttpResponse | None:
        """Refuse an action on the whole list where the list shows only a part of it."""
        if request.POST.get("select_across") == "1" and queryset.order_by()[: MOST_COUNTED + 1].count() > MOST_COUNTED:
            messages.error(
                request,
                gettext("More than %(count)s deliveries match, and nothing was changed. Please filter the list first.")
                % {"count": MOST_COUNTED},
            )
            return None
        return super().response_action(request, queryset, *args)

    @admin.display(description=_("country or organisation"))
    def body(self, delivery: Delivery) -> ParticipatingBody | None:
        if delivery.delegation:
            return delivery.delegation.body
        return delivery.delegate.delegation.body if delivery.delegate else None

    @admin.display(description=_("person"))
    def person(self, delivery: Delivery) -> SafeString | User | None:
        return link(change_url(delivery.delegate), delivery.delegate) if delivery.delegate else delivery.user

    @admin.display(description=_("state"), ordering="state")
    def state_label(self, delivery: Delivery) -> str | SafeString:
        if not delivery.is_overdue_at(timezone.now()):
            return delivery.get_state_display()
        return format_html(
            '{}, <strong class="is-failed">{}</strong>', delivery.get_state_display(), gettext("overdue")
        )

    @admin.display(description=_("last error"), ordering="last_error")
    def error(self, delivery: Delivery) -> str:
        """Return why it came back, else the error in the active language; it is stored in English."""
        bounce = bounce_of(delivery)
        if bounce is not None and delivery.state == DeliveryState.BOUNCED:
            return reason_with_code(bounce.reason, bounce.status_code)
        return gettext(delivery.last_error) if delivery.last_error else ""

    @admin.display(description=_("next attempt"), ordering="due_at")
    def next_attempt(self, delivery: Delivery) -> str | None:
        return hour_with_zone(delivery, delivery.due_at) if delivery.state == DeliveryState.DUE else None

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Every account that may see the list may stop and resend."""
        return self.has_view_permission(request)

    # Bulk actions -----------------------------------------------------------------------------------

    @admin.action(description=_("Stop what has not been sent"), permissions=["act"])
    def stop(self, request: HttpRequest, deliveries: "QuerySet[Delivery]") -> None:
        self._stop(request, list(deliveries.order_by().values_list("pk", flat=True)))

    @admin.action(description=_("Send again what failed, came back or was stopped"), permissions=["act"])
    def send_again(self, request: HttpRequest, deliveries: "QuerySet[Delivery]") -> None:
        self._send_again(request, deliveries, DeliveryState.FAILED, DeliveryState.BOUNCED, DeliveryState.STOPPED)

    @admin.action(description=_("Send invitations once more that were sent and did not arrive"), permissions=["act"])
    def send_once_more(self, request: HttpRequest, deliveries: "QuerySet[Delivery]") -> None:
        """Resend sent invitations. Not part of `send_again`, so that selecting the whole list mails nobody twice."""
        self._send_again(request, deliveries, DeliveryState.SENT)

    def _stop(self, request: HttpRequest, chosen: list[int]) -> None:
        stopped = stop_deliveries(chosen, by=staff_user(request), now=timezone.now())
        self._add_messages(
            request,
            ngettext("%(count)s delivery is stopped.", "%(count)s deliveries are stopped.", stopped),
            done=stopped,
            left=len(chosen) - stopped,
        )

    def _send_again(self, request: HttpRequest, deliveries: "QuerySet[Delivery]", *states: DeliveryState) -> None:
        chosen = dict(deliveries.order_by().values_list("pk", "state"))
        wanted = [pk for pk, state in chosen.items() if state in states]
        due = resend_deliveries(wanted, by=staff_user(request), now=timezone.now())
        self._add_messages(
            request,
            ngettext("%(count)s delivery is due again.", "%(count)s deliveries are due again.", due),
            done=due,
            left=len(chosen) - due,
        )

    def _add_messages(self, request: HttpRequest, text: str, *, done: int, left: int) -> None:
        if done:
            messages.success(request, text % {"count": done})
        if left:
            messages.warning(
                request,
                ngettext(
                    "%(count)s delivery was left as it is: its state, a newer message to the same calendar, a session "
                    "that is over, or its being sent only just now does not allow this.",
                    "%(count)s deliveries were left as they are: their state, a newer message to the same calendar, a "
                    "session that is over, or their being sent only just now does not allow this.",
                    left,
                )
                % {"count": left},
            )

    # One --------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]  # the stubs forget resolvers
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/stop/", view(self.stop_one), name="stop-delivery"),
            path("<int:pk>/send-again/", view(self.send_one_again), name="send-again-delivery"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method == "POST":
            raise PermissionDenied
        found = self.get_object_or_404(request, object_id)
        return delivery_page(self.admin_site, request, found.pk)

    def stop_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        delivery = get_object_or_404(Delivery, pk=pk)
        if request.method == "POST":
            self._stop(request, [delivery.pk])
        return redirect(change_url(delivery))

    def send_one_again(self, request: HttpRequest, pk: int) -> HttpResponse:
        delivery = get_object_or_404(Delivery, pk=pk)
        if request.method == "POST":
            self._send_again(request, Delivery.objects.filter(pk=pk), *RESENDABLE_STATES)
        return redirect(change_url(delivery))


@admin.register(CalendarEntry)
class CalendarEntryAdmin(WebinarColumnMixin, ReadOnlyAdmin[CalendarEntry]):
    list_display = [
        "address",
        "delegate",
        "webinar_name",
        "session",
        "planned_method",
        "ical_partstat",
        "answered_at",
    ]
    list_display_links = ["address"]
    list_filter = [SessionWebinarFilter, "planned_method", "ical_partstat"]
    list_select_related = ["delegate", "session"]
    search_fields = ["address", "delegate__name"]
    show_full_result_count = False


@admin.register(HistoryEvent)
class HistoryEventAdmin(WebinarColumnMixin, ReadOnlyAdmin[HistoryEvent]):
    list_display = ["at", "kind", "webinar_name", "body", "person", "actor", "reason"]
    list_display_links = ["at"]
    list_filter = [WebinarFilter, "kind", "delegation__body"]
    list_select_related = ["delegation__body", "delegate", "actor"]
    search_fields = ["delegate__name", "delegate__email", "actor__email", "actor__name", "reason"]
    date_hierarchy = "at"
    show_full_result_count = False

    @admin.display(description=_("delegation"), ordering="delegation__body__name_en")
    def body(self, event: HistoryEvent) -> SafeString | None:
        return link(change_url(event.delegation), event.delegation.body) if event.delegation else None

    @admin.display(description=_("person"), ordering="delegate__name")
    def person(self, event: HistoryEvent) -> SafeString | None:
        return link(change_url(event.delegate), event.delegate) if event.delegate else None
