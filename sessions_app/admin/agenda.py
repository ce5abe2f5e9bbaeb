"""Sessions with their items, and who speaks."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminURLFieldWidget
from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sessions_app.admin.base import Room
from sessions_app.admin.filters import WebinarFilter
from sessions_app.editing import cancel_session, order_items, restore_session
from sessions_app.forms import ItemForm, SessionForm
from sessions_app.models import AgendaItem, AgendaItemSpeaker, Session, Speaker
from sessions_app.releases import draft_of
from sessions_app.zoned import in_zone

AFTER_ALL_OTHERS = 1_000


class ItemInline(admin.StackedInline):  # type: ignore[type-arg]  # takes no parameter at run time
    """The items in their order, each with the hour that follows from what stands before it."""

    model = AgendaItem
    form = ItemForm
    fields = [("place", "minutes", "kind"), "begins", ("title_en", "title_es"), ("points_en", "points_es")]
    readonly_fields = ["begins"]
    ordering = ["position"]
    extra = 0
    show_change_link = True

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The place is typed; whoever only looks on reads the order."""
        if self.has_change_permission(request, obj):
            return self.fields
        return [("minutes", "kind"), *self.fields[1:]]

    @admin.display(description=gettext_lazy("begins"))
    def begins(self, item: AgendaItem) -> str:
        if item.pk is None:
            return "–"
        return time_format(timezone.localtime(self._hours_of(item.session)[item.pk]), "H:i")

    def _hours_of(self, session: Session) -> dict[int, datetime]:
        """When each item begins; read once for a page (an inline lives as long as its request)."""
        if not hasattr(self, "_hours"):
            self._hours: dict[int, datetime] = {}
            clock = session.starts_at
            for pk, minutes in session.items.order_by("position").values_list("pk", "minutes"):
                self._hours[pk] = clock
                clock += timedelta(minutes=minutes)
        return self._hours


@admin.register(Session)
class SessionRoom(Room[Session]):
    form = SessionForm
    list_display = ["__str__", "webinar", "starts_at", "duration_minutes", "cancelled_at"]
    list_filter = [WebinarFilter]
    list_select_related = ["webinar"]
    inlines = [ItemInline]
    actions = None
    fieldsets = [
        (
            None,
            {"fields": ["webinar", "number", "title_en", "title_es", "starts_at", "duration_minutes", "is_cancelled"]},
        ),
        (
            gettext_lazy("Room"),
            {
                "fields": ["room_url", "backup_room_url", "uses_backup_room", "room_opens_minutes"],
                "description": gettext_lazy("Takes effect at once: nobody's calendar holds the address."),
            },
        ),
    ]
    readonly_fields = ["webinar", "number"]
    formfield_overrides = {models.URLField: {"widget": AdminURLFieldWidget, "assume_scheme": "https"}}

    def get_fieldsets(self, request: HttpRequest, obj: Session | None = None) -> Any:
        """Whoever only looks on reads when it was cancelled, and not where the room is."""
        if self.has_change_permission(request, obj):
            return super().get_fieldsets(request, obj)
        shown = ["webinar", "number", "title_en", "title_es", "starts_at", "duration_minutes", "cancelled_at"]
        return [(None, {"fields": shown})]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A session is added on the page of its webinar."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Session | None = None) -> bool:
        """Never: a number is not given twice. A session that does not take place is cancelled."""
        return False

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        """As Django's, with every hour in the webinar's zone (named at the top of the page)."""
        session = self.get_object(request, object_id) if object_id else None
        zone = session.webinar.timezone if session else timezone.get_current_timezone_name()
        return in_zone(zone, super().changeform_view, request, object_id, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Session, form: "ModelForm[Session]", change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.cleaned_data["is_cancelled"]:
            cancel_session(obj, now=timezone.now())
        else:
            restore_session(obj)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the items in the order of their places; one without a place comes last."""
        session: Session = form.instance
        last = max(session.items.values_list("position", flat=True), default=0)
        items = formset.save(commit=False)
        for item in formset.deleted_objects:
            item.delete()
        for number, item in enumerate((one for one in items if one.pk is None), start=1):
            item.position = last + number
        for item in items:
            item.save()
        places = {
            one.instance.pk: one.cleaned_data.get("place") or AFTER_ALL_OTHERS
            for one in formset.forms
            if one.instance.pk is not None and one not in formset.deleted_forms
        }
        rows = session.items.order_by("position").values_list("pk", flat=True)
        order_items(session, sorted(rows, key=lambda pk: places.get(pk, AFTER_ALL_OTHERS)))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        draft = draft_of(form.instance.webinar)
        for problem in draft.problems:
            messages.warning(request, problem)
        if draft.changes:
            messages.info(request, _("What is public has not changed: release the agenda when it is ready."))


class SpeakingInline(admin.TabularInline):  # type: ignore[type-arg]  # takes no parameter at run time
    model = AgendaItemSpeaker
    fields = ["speaker", "role", "position"]
    extra = 0

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "speaker" and (match := request.resolver_match):
            item = AgendaItem.objects.filter(pk=match.kwargs["object_id"]).select_related("session").first()
            if item is not None:
                kwargs["queryset"] = Speaker.objects.filter(webinar=item.session.webinar_id)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(AgendaItem)
class ItemRoom(Room[AgendaItem]):
    """One item with who speaks in it; reached from its session."""

    list_display = ["__str__", "session", "minutes", "kind"]
    list_select_related = ["session"]
    fields = ["session", "minutes", "kind", "title_en", "title_es", "points_en", "points_es"]
    readonly_fields = ["session"]
    inlines = [SpeakingInline]
    actions = None

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Not on the front page."""
        return False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """An item is added on the page of its session."""
        return False


@admin.register(Speaker)
class SpeakerRoom(Room[Speaker]):
    list_display = ["__str__", "kind", "institution_en", "webinar"]
    list_filter = [WebinarFilter]
    list_select_related = ["webinar"]
    search_fields = ["name_en", "name_es", "institution_en", "institution_es"]
    prepopulated_fields = {"code": ["name_en"]}
