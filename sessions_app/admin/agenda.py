"""Admin pages of sessions, agenda items and speakers."""

import re
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminURLFieldWidget
from django.db import models
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from sessions_app.addresses import host_of
from sessions_app.admin.base import ConcurrentEditAdmin, agenda_url, change_url, link
from sessions_app.admin.cancelling import cancel_session_page, restore_session_page
from sessions_app.admin.filters import WebinarFilter
from sessions_app.admin.inlines import TableInline
from sessions_app.admin.webinar_column import WebinarColumnMixin
from sessions_app.concurrent_edits import save_rows
from sessions_app.editing import move_item, order_items
from sessions_app.forms import AgendaItemForm, SessionForm, disable_autofill
from sessions_app.models import AgendaItem, AgendaItemSpeaker, Session, Speaker
from sessions_app.participants import get_participants
from sessions_app.releases import draft_of
from sessions_app.time_zone_context import render_in_zone

# An item without a typed place comes last.
PLACE_OF_NEW_ITEMS = 1_000
MOVE_BUTTON_NAME = re.compile(r"(?P<way>up|down)-(?P<item>\d{1,18})", re.ASCII)


class AgendaItemInline(admin.StackedInline):  # type: ignore[type-arg]  # takes no parameter at run time
    """The items of a session in their order, with both languages side by side and their resulting hours."""

    model = AgendaItem
    form = AgendaItemForm
    fields = [
        ("place", "minutes", "kind", "hours"),
        ("title_en", "title_es"),
        ("points_en", "points_es"),
        "missing",
        "moves",
    ]
    readonly_fields = ["hours", "missing", "moves"]
    ordering = ["position"]
    extra = 0
    show_change_link = True

    def get_fields(self, request: HttpRequest, obj: Session | None = None) -> Any:
        """Show the inputs that order the items only to users who may change them."""
        if self.has_change_permission(request, obj):
            return self.fields
        return [("minutes", "kind", "hours"), *self.fields[1:-1]]

    @admin.display(description=gettext_lazy("from – to"))
    def hours(self, item: AgendaItem) -> str:
        if item.pk is None:
            return "–"
        starts_at = timezone.localtime(self._start_times(item.session)[item.pk])
        return f"{time_format(starts_at, 'H:i')}–{time_format(starts_at + timedelta(minutes=item.minutes), 'H:i')}"

    @admin.display(description=gettext_lazy("translation"))
    def missing(self, item: AgendaItem) -> str:
        untranslated = describe_untranslated(item)
        return format_html('<strong class="rcm-lacking">{}</strong>', untranslated) if untranslated else _("complete")

    @admin.display(description=gettext_lazy("move"))
    def moves(self, item: AgendaItem) -> str:
        """Show buttons that submit the page's form: it is saved, then the item moves."""
        if item.pk is None:
            return "–"
        order = list(self._start_times(item.session))
        verbs = [("up", _("Up"), item.pk != order[0]), ("down", _("Down"), item.pk != order[-1])]
        return (
            format_html_join(
                " ",
                '<button class="button" type="submit" name="_move" value="{}-{}">{}<span class="visually-hidden">: {}'
                "</span></button>",
                [(code, item.pk, verb, item) for code, verb, is_possible in verbs if is_possible],
            )
            or "–"
        )

    def _start_times(self, session: Session) -> dict[int, datetime]:
        """Return the start of each item by its id; read once per request, as long as the inline lives."""
        if not hasattr(self, "_hours"):
            self._hours: dict[int, datetime] = {}
            starts_at = session.starts_at
            for pk, minutes in session.items.order_by("position").values_list("pk", "minutes"):
                self._hours[pk] = starts_at
                starts_at += timedelta(minutes=minutes)
        return self._hours


def describe_untranslated(item: AgendaItem) -> str:
    """Return a sentence that names the texts of `item` without a translation; empty if there are none."""
    points = [len([line for line in text.splitlines() if line.strip()]) for text in (item.points_en, item.points_es)]
    missing = {
        _("English"): [(_("title"), not item.title_en), (_("points"), points[0] < points[1])],
        _("Spanish"): [(_("title"), not item.title_es), (_("points"), points[1] < points[0])],
    }
    return " ".join(
        _("Missing in %(language)s: %(texts)s.")
        % {"language": language, "texts": ", ".join(name for name, is_missing in texts if is_missing)}
        for language, texts in missing.items()
        if any(is_missing for _name, is_missing in texts)
    )


@admin.register(Session)
class SessionAdmin(WebinarColumnMixin, ConcurrentEditAdmin[Session]):
    list_display = ["__str__", "webinar_name", "starts_at", "duration_minutes", "cancelled_at"]
    list_filter = [WebinarFilter]
    list_select_related = ["webinar"]
    form = SessionForm
    inlines = [AgendaItemInline]
    actions = None
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "webinar",
                    "number",
                    "title_en",
                    "title_es",
                    "starts_at",
                    "duration_minutes",
                    "minutes_left",
                    "floor_languages",
                    "interpretation_languages",
                    "cancelled_at",
                ]
            },
        ),
        (
            gettext_lazy("Room"),
            {
                "fields": ["room_url", "second_room", "room_opens_minutes"],
                "description": gettext_lazy("Takes effect at once: nobody's calendar holds the address."),
            },
        ),
    ]
    readonly_fields = ["webinar", "number", "minutes_left", "second_room", "cancelled_at"]
    # Enter presses the first button of a form: it must be Save, not one that moves an item.
    save_on_top = True
    change_form_template = "admin/sessions_app/session/change_form.html"
    formfield_overrides = {models.URLField: {"widget": AdminURLFieldWidget, "assume_scheme": "https"}}

    def get_fieldsets(self, request: HttpRequest, obj: Session | None = None) -> Any:
        """Hide the address of the room from users who may only view."""
        if self.has_change_permission(request, obj):
            return super().get_fieldsets(request, obj)
        fields = ["webinar", "number", "title_en", "title_es", "starts_at", "duration_minutes", "cancelled_at"]
        return [(None, {"fields": fields})]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: a session is added on the page of its webinar."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Session | None = None) -> bool:
        """Refuse: a session number is never reused, so a session is cancelled instead of deleted."""
        return False

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        """Show and read every hour in the webinar's zone, which the top of the page names."""
        session = self.get_object(request, object_id) if object_id else None
        zone = session.webinar.timezone if session else timezone.get_current_timezone_name()
        return render_in_zone(zone, super().changeform_view, request, object_id, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/cancel/", view(partial(cancel_session_page, self)), name="cancel-session"),
            path("<int:pk>/restore/", view(partial(restore_session_page, self)), name="restore-session"),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("left of the session"))
    def minutes_left(self, session: Session) -> str:
        used: int = session.items.aggregate(minutes=Sum("minutes", default=0))["minutes"]
        left = session.duration_minutes - used
        if left < 0:
            return ngettext("%(count)s minute too long", "%(count)s minutes too long", -left) % {"count": -left}
        return ngettext("%(count)s minute", "%(count)s minutes", left) % {"count": left}

    @admin.display(description=gettext_lazy("second room"))
    def second_room(self, session: Session) -> str:
        """Show the host of the second room, and a link to the one page on which staff enter it and switch to it."""
        host = host_of(session.backup_room_url)
        if not host:
            state = _("No address is entered yet.")
        elif session.uses_backup_room:
            state = _("In use, at %(house)s.") % {"house": host}
        else:
            state = _("Not in use, at %(house)s.") % {"house": host}
        url = get_participants().arrivals_url(session.webinar, session.number)
        return format_html("{} {}", state, link(url, _("Room and arrivals")))

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the items in the order of the typed places; an item without one comes last."""
        session: Session = form.instance
        last = max(session.items.values_list("position", flat=True), default=0)
        items = formset.save(commit=False)
        for number, item in enumerate((each for each in items if each.pk is None), start=1):
            item.position = last + number
        save_rows(formset, items)
        places = _typed_places(formset)
        # An item whose place was not changed keeps its stored position, which another user may have changed.
        rows = list(session.items.order_by("position").values_list("pk", "position"))
        order_items(session, [pk for pk, _position in sorted(rows, key=lambda row: places.get(row[0], row[1]))])
        if move := MOVE_BUTTON_NAME.fullmatch(request.POST.get("_move", "")):
            move_item(session, int(move["item"]), steps=-1 if move["way"] == "up" else 1)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        draft = draft_of(form.instance.webinar)
        for problem in draft.problems:
            messages.warning(request, problem)
        if draft.changes:
            messages.info(request, _("What is public has not changed: release the agenda when it is ready."))

    def response_post_save_change(self, request: HttpRequest, obj: Session) -> HttpResponseRedirect:
        return redirect(agenda_url(obj.webinar))

    def response_change(self, request: HttpRequest, obj: Session) -> HttpResponse:
        """After a move, return to the same page at the item's new position."""
        move = MOVE_BUTTON_NAME.fullmatch(request.POST.get("_move", ""))
        if move is None:
            return super().response_change(request, obj)
        order = list(obj.items.order_by("position").values_list("pk", flat=True))
        item = int(move["item"])
        anchor = f"#items-{order.index(item)}" if item in order else ""
        return redirect(f"{change_url(obj)}{anchor}")


def _typed_places(formset: Any) -> dict[int, int]:
    """Return, by the id of each item whose place was changed, the place that was typed; without one, the last."""
    return {
        item_form.instance.pk: item_form.cleaned_data.get("place") or PLACE_OF_NEW_ITEMS
        for item_form in formset.forms
        if item_form.instance.pk is not None
        and item_form not in formset.deleted_forms
        and "place" in item_form.changed_data
    }


class AgendaItemSpeakerInline(TableInline):
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
class AgendaItemAdmin(ConcurrentEditAdmin[AgendaItem]):
    """The page of one item with its speakers, which is linked from its session."""

    list_display = ["__str__", "session", "minutes", "kind"]
    list_select_related = ["session"]
    fields = ["session", "minutes", "kind", "title_en", "title_es", "points_en", "points_es"]
    readonly_fields = ["session"]
    inlines = [AgendaItemSpeakerInline]
    actions = None

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Hide the model from the admin's index."""
        return False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: an item is added on the page of its session."""
        return False

    def response_post_save_change(self, request: HttpRequest, obj: AgendaItem) -> HttpResponseRedirect:
        return redirect(f"{agenda_url(obj.session.webinar)}#item-{obj.pk}")


@admin.register(Speaker)
class SpeakerAdmin(WebinarColumnMixin, ConcurrentEditAdmin[Speaker]):
    list_display = ["__str__", "kind", "institution_en", "webinar_name"]
    list_filter = [WebinarFilter]
    list_select_related = ["webinar"]
    search_fields = ["name_en", "name_es", "institution_en", "institution_es"]
    prepopulated_fields = {"code": ["name_en"]}

    def get_form(self, *args: Any, **kwargs: Any) -> Any:
        form = super().get_form(*args, **kwargs)
        disable_autofill(form.base_fields)
        return form

    def response_post_save_add(self, request: HttpRequest, obj: Speaker) -> HttpResponseRedirect:
        return redirect(agenda_url(obj.webinar))

    def response_post_save_change(self, request: HttpRequest, obj: Speaker) -> HttpResponseRedirect:
        return redirect(agenda_url(obj.webinar))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Add the rows of any app that refer to the speaker: they are not deleted, but lose the reference."""
        deleted, *others = super().get_deleted_objects(objs, request)
        losing_reference = [
            format_html("{}: {}", _("Stays, and loses this entry"), link(change_url(row), row))
            for relation in Speaker._meta.get_fields(include_hidden=True)
            if isinstance(relation, models.ManyToOneRel) and relation.on_delete is models.SET_NULL
            for row in relation.related_model._default_manager.filter(**{f"{relation.field.name}__in": objs})
        ]
        return [*deleted, *([losing_reference] if losing_reference else [])], *others
