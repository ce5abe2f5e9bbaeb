"""What was sent, what waits, what failed; what each mailbox holds; who did what. To read, not to edit."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from registrations.models import CalendarEntry, Delivery, HistoryEvent
from registrations.services.deliveries import resend_deliveries, stop_deliveries
from sessions_app.admin.base import ReadOnlyRoom, change_url, link


@admin.register(Delivery)
class DeliveryRoom(ReadOnlyRoom[Delivery]):
    list_display = ["kind", "email", "session", "state", "attempts", "error", "due_at", "sent_at"]
    list_display_links = ["kind"]
    list_filter = ["state", "kind", "session__webinar", "language"]
    list_select_related = ["session"]
    search_fields = ["email", "delegate__name", "last_error"]
    date_hierarchy = "created_at"
    show_full_result_count = False
    actions = ["stop", "send_again"]
    fields = [
        "kind", "email", "language", "delegate", "user", "session", "delegation", "event", "rule", "gap_rule", "state",
        "attempts", "error", "created_at", "due_at", "sent_at", "message_uuid",
    ]  # fmt: skip

    @admin.display(description=_("last error"), ordering="last_error")
    def error(self, delivery: Delivery) -> str:
        """Stored in English, shown in the reader's language."""
        return gettext(delivery.last_error) if delivery.last_error else ""

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Stopping and re-sending is for everyone who may see the list."""
        return self.has_view_permission(request)

    @admin.action(description=_("Stop what has not been sent"), permissions=["act"])
    def stop(self, request: HttpRequest, deliveries: "QuerySet[Delivery]") -> None:
        chosen = list(deliveries.order_by().values_list("pk", flat=True))
        stopped = stop_deliveries(chosen)
        self._tell(
            request,
            ngettext("%(count)s delivery is stopped.", "%(count)s deliveries are stopped.", stopped),
            done=stopped,
            left=len(chosen) - stopped,
        )

    @admin.action(description=_("Send again what failed or was stopped"), permissions=["act"])
    def send_again(self, request: HttpRequest, deliveries: "QuerySet[Delivery]") -> None:
        chosen = list(deliveries.order_by().values_list("pk", flat=True))
        due = resend_deliveries(chosen, now=timezone.now())
        self._tell(
            request,
            ngettext("%(count)s delivery is due again.", "%(count)s deliveries are due again.", due),
            done=due,
            left=len(chosen) - due,
        )

    def _tell(self, request: HttpRequest, text: str, *, done: int, left: int) -> None:
        if done:
            messages.success(request, text % {"count": done})
        if left:
            messages.warning(
                request,
                ngettext(
                    "%(count)s delivery was left as it is: its state, or a newer message to the same calendar, "
                    "does not allow this.",
                    "%(count)s deliveries were left as they are: their state, or a newer message to the same "
                    "calendar, does not allow this.",
                    left,
                )
                % {"count": left},
            )


@admin.register(CalendarEntry)
class CalendarEntryRoom(ReadOnlyRoom[CalendarEntry]):
    list_display = [
        "address",
        "delegate",
        "session",
        "planned_method",
        "ical_partstat",
        "answered_at",
    ]
    list_display_links = ["address"]
    list_filter = ["session__webinar", "planned_method", "ical_partstat"]
    list_select_related = ["delegate", "session"]
    search_fields = ["address", "delegate__name"]
    show_full_result_count = False


@admin.register(HistoryEvent)
class HistoryRoom(ReadOnlyRoom[HistoryEvent]):
    list_display = ["at", "kind", "body", "person", "actor", "reason"]
    list_display_links = ["at"]
    list_filter = ["webinar", "kind", "delegation__body"]
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
