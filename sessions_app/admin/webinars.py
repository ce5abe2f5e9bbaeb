"""Admin pages of webinars, and the page on which an agenda is released."""

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import InlineModelAdmin
from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.contrib.admin.widgets import AdminURLFieldWidget
from django.db.models import F, Max, QuerySet, URLField
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sessions_app.admin.base import ConcurrentEditAdmin, acting_user, agenda_url
from sessions_app.admin.cancelling import cancel_webinar_page, get_row_to_change, restore_webinar_page
from sessions_app.admin.inlines import LabelledInlineFormSet, TableInline
from sessions_app.admin.previews import delegate_preview, public_preview
from sessions_app.concurrent_edits import save_rows
from sessions_app.editing import next_session_number
from sessions_app.forms import ReleaseForm
from sessions_app.models import Presidency, Session, Webinar, WebinarOrganiser
from sessions_app.release_recipients import CountedChanges, changes_with_recipients
from sessions_app.releases import Draft, ReleaseRefused, draft_of, release_webinar
from sessions_app.time_zone_context import render_in_zone
from sessions_app.webinar_names import load_name, name_of, with_names


class SessionInline(TableInline):
    """The sessions of a webinar in a table; each links to its own page."""

    model = Session
    fields = ["number", "title_en", "title_es", "starts_at", "duration_minutes"]
    readonly_fields = ["number"]
    ordering = ["number"]
    extra = 0
    show_change_link = True

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a session number is never reused, so a session is cancelled instead of deleted."""
        return False


class OrganiserFormSet(LabelledInlineFormSet):
    """Refuses an organiser that another user has added meanwhile: Django compares only the rows of the page."""

    def clean(self) -> None:
        super().clean()
        shown = [form.instance.pk for form in self.initial_forms]
        others = WebinarOrganiser.objects.filter(webinar=self.instance.pk).exclude(pk__in=shown)
        names = set(others.values_list("name_en", flat=True))
        for form in self.forms:
            if form.cleaned_data.get("name_en") in names:
                form.add_error("name_en", _("Someone has added this organiser meanwhile."))


class OrganiserInline(TableInline):
    """The organisers of a webinar, each in a block of its own: a table of so many texts is wider than the page."""

    model = WebinarOrganiser
    formset = OrganiserFormSet
    template = "admin/edit_inline/stacked.html"
    fields = [("name_en", "name_es"), ("acronym_en", "acronym_es"), ("url", "position")]
    extra = 0
    formfield_overrides = {URLField: {"widget": AdminURLFieldWidget, "assume_scheme": "https"}}


class WebinarChangeList(ChangeList):
    """A list that is sorted by the first session, the latest first, until somebody sorts it otherwise."""

    def get_ordering(self, request: HttpRequest, queryset: "QuerySet[Any]") -> Any:
        if ORDER_VAR in self.params:
            return super().get_ordering(request, queryset)
        return [F("first_starts_at").desc(nulls_last=True), "slug"]


@admin.register(Webinar)
class WebinarAdmin(ConcurrentEditAdmin[Webinar]):
    list_display = ["days", "__str__", "state", "slug", "timezone", "released"]
    list_display_links = ["__str__"]
    search_fields = ["slug", "title_en", "title_es"]
    actions = ["release"]
    change_form_template = "admin/sessions_app/webinar/change_form.html"
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "slug",
                    "title_en",
                    "title_es",
                    "short_title_en",
                    "short_title_es",
                    "lead_en",
                    "lead_es",
                    "timezone",
                    "contact_email",
                    "agenda_visibility",
                ]
            },
        ),
        (
            gettext_lazy("Texts of the public page"),
            {
                "classes": ["collapse"],
                "fields": [
                    f"{name}_{language}"
                    for name in ("objective", "methodology", "audience", "background")
                    for language in ("en", "es")
                ],
            },
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        rows = super().get_queryset(request).annotate(latest_release=Max("releases__number"))
        return with_names(rows, now=timezone.now())

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return WebinarChangeList

    @admin.display(description=gettext_lazy("days"), ordering="first_starts_at")
    def days(self, webinar: Webinar) -> str:
        return name_of(webinar).days

    @admin.display(description=gettext_lazy("state"))
    def state(self, webinar: Webinar) -> str:
        return str(name_of(webinar).state.label)

    @admin.display(description=gettext_lazy("release in force"), ordering="latest_release")
    def released(self, webinar: Webinar) -> int | None:
        number: int | None = webinar.latest_release  # type: ignore[attr-defined]  # annotated above
        return number

    def get_readonly_fields(self, request: HttpRequest, obj: Webinar | None = None) -> list[str]:
        """Make the slug of a stored webinar read-only: people have saved URLs with it."""
        return [] if obj is None else ["slug"]

    def get_inlines(self, request: HttpRequest, obj: Webinar | None) -> "list[type[InlineModelAdmin[Any, Any]]]":
        """Show organisers and sessions only once the webinar is saved: their hours are typed in its time zone."""
        return [] if obj is None else [OrganiserInline, SessionInline]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/release/", view(self.release_page), name="release-webinar"),
            path("<int:pk>/preview/", view(partial(public_preview, self)), name="preview-public"),
            path("<int:pk>/preview/delegate/", view(partial(delegate_preview, self)), name="preview-delegate"),
            path("<int:pk>/cancel/", view(partial(cancel_webinar_page, self)), name="cancel-webinar"),
            path("<int:pk>/restore/", view(partial(restore_webinar_page, self)), name="restore-webinar"),
            *super().get_urls(),
        ]

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        """Show and read every hour in the webinar's zone, which the top of the page names."""
        webinar = self.get_object(request, object_id) if object_id else None
        zone = webinar.timezone if webinar else timezone.get_current_timezone_name()
        return render_in_zone(zone, super().changeform_view, request, object_id, *args, **kwargs)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the organisers or the sessions; each new session gets the next number."""
        if formset.model is not Session:
            super().save_formset(request, form, formset, change)
            return
        sessions = formset.save(commit=False)
        new = [session for session in sessions if session.pk is None]
        for session in new:
            session.number = next_session_number(form.instance)
            session.save()
        save_rows(formset, [session for session in sessions if session not in new])

    def save_model(self, request: HttpRequest, obj: Webinar, form: "ModelForm[Webinar]", change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change:
            self.message_user(
                request, _("What is public has not changed: release the agenda when it is ready."), messages.INFO
            )

    def response_post_save_change(self, request: HttpRequest, obj: Webinar) -> HttpResponseRedirect:
        return redirect(agenda_url(obj))

    @admin.action(description=gettext_lazy("Release the agenda …"), permissions=["change"])
    def release(self, request: HttpRequest, webinars: "QuerySet[Webinar]") -> HttpResponse | None:
        """Redirect to the page that shows what the release would make public."""
        selected = list(webinars[:2])
        if len(selected) != 1:
            messages.error(request, _("Please choose one webinar: each release is looked at by itself."))
            return None
        return redirect("admin:release-webinar", selected[0].pk)

    def release_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what a release would change; a POST releases exactly what was shown."""
        webinar: Webinar = get_row_to_change(self, request, pk)
        draft = draft_of(webinar)
        changes = changes_with_recipients(webinar, draft.changes, now=timezone.now())
        data = request.POST if request.method == "POST" else None
        form = ReleaseForm(data, fingerprint=draft.fingerprint, changes=changes)
        if form.is_valid() and self._release(request, webinar, form):
            return redirect(agenda_url(webinar))
        return self._release_page(request, webinar, draft, changes, form)

    def _release(self, request: HttpRequest, webinar: Webinar, form: ReleaseForm) -> bool:
        try:
            release = release_webinar(
                webinar,
                by=acting_user(request),
                now=timezone.now(),
                note=form.cleaned_data["note"],
                shown_fingerprint=form.cleaned_data["seen"],
                mail_updates_for=frozenset(form.cleaned_data.get("mail_updates_for", [])),
            )
        except ReleaseRefused as refused:
            form.add_refusal(refused.messages)
            return False
        self.log_change(request, webinar, str(release))
        messages.success(request, _("%(release)s is public.") % {"release": release})
        return True

    def _release_page(
        self, request: HttpRequest, webinar: Webinar, draft: Draft, changes: CountedChanges, form: ReleaseForm
    ) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "webinar": webinar,
            "draft": draft,
            "changes": changes,
            "form": form,
            "title": _("Release the agenda"),
            "subtitle": str(load_name(webinar, now=timezone.now())),
        }
        return TemplateResponse(request, "admin/sessions_app/webinar/release.html", context)


@admin.register(Presidency)
class PresidencyAdmin(ConcurrentEditAdmin[Presidency]):
    """The country that presides over the conference in each year."""

    list_display = ["year", "country_en", "country_es"]
    fields = ["year", "country_en", "country_es"]
    actions = None

    def save_model(self, request: HttpRequest, obj: Presidency, form: "ModelForm[Presidency]", change: bool) -> None:
        super().save_model(request, obj, form, change)
        text = _("The public page of a webinar of %(year)s names it after the next release of its agenda.")
        self.message_user(request, text % {"year": obj.year}, messages.INFO)
