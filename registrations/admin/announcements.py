"""Admin of announcements: write in both languages, preview, test, confirm, send."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from registrations.admin.announcement_page import (
    audience_rows,
    deliveries_of_announcement,
    deliveries_url,
    recipient_by_key,
)
from registrations.admin.base import staff_user
from registrations.admin.mail_preview import preview_response
from registrations.admin.mail_states import mail_states
from registrations.admin.stop_sending import stop_page, unsent_deliveries
from registrations.exceptions import RuleBroken
from registrations.forms.announcements import AnnouncementForm, ConfirmSendForm, DeleteDraftForm
from registrations.forms.errors import add_broken_rule, update_hidden_values
from registrations.messages import announcement as announcement_messages
from registrations.models import (
    Announcement,
    Delegate,
    Delivery,
    DeliveryKind,
    User,
)
from registrations.queries.audiences import Audience, recipient_from, recipients_of
from registrations.services.announcements import (
    delete_draft,
    edit_announcement,
    send_announcement,
    send_test_of_announcement,
    write_announcement,
)
from sessions_app.admin.base import SecretariatAdmin, change_url
from sessions_app.admin.filters import WebinarFilter
from sessions_app.admin.webinar_column import WebinarColumnMixin
from sessions_app.admin.webinar_tables import no_columns, webinar_tables
from sessions_app.models import Webinar

RECIPIENTS_PER_PAGE = 50


@admin.register(Announcement)
class AnnouncementAdmin(WebinarColumnMixin, SecretariatAdmin[Announcement]):
    """Announcements: drafts are edited on a page of their own, and sent or deleted on their change page."""

    list_display = ["__str__", "webinar_name", "state", "confirmed_count", "author", "created_at", "confirmed_at"]
    list_filter = [WebinarFilter]
    list_select_related = ["webinar", "author"]
    search_fields = ["subject_en", "subject_es"]
    show_full_result_count = False
    # A sent announcement is kept; a draft is deleted on its page, not by a bulk action.
    actions = None

    @admin.display(description=gettext_lazy("state"))
    def state(self, announcement: Announcement) -> str:
        return _("Draft") if announcement.is_draft else _("Confirmed")

    def has_delete_permission(self, request: HttpRequest, obj: Announcement | None = None) -> bool:
        """Return False: `delete_view` deletes drafts through the service."""
        return False

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]  # the stubs forget resolvers
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/edit/", view(self.edit_page), name="edit-announcement"),
            path("<int:pk>/mail/", view(self.mail_page), name="announcement-mail"),
            path("<int:pk>/test/", view(self.test_send), name="test-announcement"),
            path("<int:pk>/stop/", view(self.stop_sending), name="stop-announcement"),
            *super().get_urls(),
        ]

    # Writing ----------------------------------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Write a new announcement of the webinar in `?webinar=<slug>`; without it, ask for the webinar first."""
        self._require_change_permission(request)
        webinar = _asked_webinar(request) or _only_webinar()
        if webinar is None:
            return self._choose_webinar(request)
        form = AnnouncementForm(request.POST if request.method == "POST" else None, webinar=webinar)

        def save() -> Announcement:
            return write_announcement(webinar, form.details(), by=staff_user(request), now=timezone.now())

        announcement = self._save_if_valid(form, save)
        if announcement is not None:
            self.log_addition(request, announcement, [{"added": {}}])
            return redirect(change_url(announcement))
        return self._render_form(
            request, form, webinar, title=_("Write an announcement"), back=reverse(self._url_name("changelist"))
        )

    def _choose_webinar(self, request: HttpRequest) -> HttpResponse:
        """Show the webinars to choose from: an announcement goes to the people of one webinar."""
        context = self._context(
            request,
            title=_("Write an announcement"),
            lead=_("To the people of which webinar?"),
            back=reverse(self._url_name("changelist")),
            back_title=_("Announcements"),
            tables=webinar_tables(
                request,
                url_of=lambda webinar: f"{request.path}?{urlencode({'webinar': webinar.slug})}",
                ahead=no_columns(),
                now=timezone.now(),
            ),
        )
        return TemplateResponse(request, "admin/webinars/tables.html", context)

    def edit_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Edit a draft; a sent announcement leads to its page."""
        self._require_change_permission(request)
        announcement = self._get_announcement(pk)
        if not announcement.is_draft:
            return redirect(change_url(announcement))
        data = request.POST if request.method == "POST" else None
        form = AnnouncementForm(data, webinar=announcement.webinar, announcement=announcement)

        def save() -> Announcement:
            version = form.cleaned_data["version"]
            return edit_announcement(
                announcement, form.details(), version=version, by=staff_user(request), now=timezone.now()
            )

        edited = self._save_if_valid(form, save)
        if edited is not None:
            self.log_change(request, edited, [{"changed": {"fields": form.changed_data}}])
            return redirect(change_url(edited))
        if form.errors:
            # Submitting the form once more then applies to the current version.
            update_hidden_values(form, version=str(announcement.version))
        return self._render_form(
            request, form, announcement.webinar, title=_("Change the announcement"), back=change_url(announcement)
        )

    def _save_if_valid(self, form: Any, save: Callable[[], Announcement]) -> Announcement | None:
        """Return what `save` returns; None, with the errors in `form`, where it is invalid or breaks a rule."""
        if not form.is_valid():
            return None
        try:
            return save()
        except RuleBroken as broken:
            add_broken_rule(form, broken)
            return None

    def _render_form(self, request: HttpRequest, form: Any, webinar: Webinar, **texts: object) -> HttpResponse:
        context = self._context(
            request, form=form, webinar=webinar, has_delegations=webinar.delegations.exists(), **texts
        )
        return TemplateResponse(request, "admin/registrations/announcement/write.html", context)

    # One announcement -------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show one announcement. A POST sends a draft if its number of recipients is still what was shown."""
        found = self.get_object_or_404(request, object_id)
        announcement = self._get_announcement(found.pk)
        audience = Audience.from_json(announcement.audience)
        recipients = Paginator(recipients_of(announcement.webinar, audience), RECIPIENTS_PER_PAGE)
        data = request.POST if request.method == "POST" else None
        form = ConfirmSendForm(data, initial={"count": recipients.count, "version": announcement.version})
        if data is not None:
            self._require_change_permission(request)
            if form.is_valid() and self._send(request, form, announcement):
                return redirect(change_url(announcement))
            update_hidden_values(form, count=str(recipients.count), version=str(announcement.version))
        page = recipients.get_page(request.GET.get("page"))
        page_recipients = [recipient_from(row) for row in page.object_list]
        key = request.GET.get("reader", page_recipients[0].key if page_recipients else "")
        context = self._context(
            request,
            title=str(announcement),
            announcement=announcement,
            form=form,
            audience=audience_rows(audience, announcement.webinar),
            page=page,
            recipients=page_recipients,
            recipient=recipient_by_key(announcement, key, staff_user(request)),
            recipient_key=key,
            missing=[str(Announcement._meta.get_field(name).verbose_name) for name in announcement.missing_fields],  # type: ignore[union-attr]  # plain columns
            states=mail_states(deliveries_of_announcement(announcement), listed=deliveries_url(announcement)),
            unsent_count=unsent_deliveries(deliveries_of_announcement(announcement)).count(),
            deliveries_url=deliveries_url(announcement),
            can_write=self.has_change_permission(request),
        )
        return TemplateResponse(request, "admin/registrations/announcement/page.html", context)

    def _send(self, request: HttpRequest, form: Any, announcement: Announcement) -> bool:
        cleaned = form.cleaned_data
        try:
            sent = send_announcement(
                announcement,
                version=cleaned["version"],
                count=cleaned["count"],
                by=staff_user(request),
                now=timezone.now(),
            )
        except RuleBroken as broken:
            add_broken_rule(form, broken)
            return False
        self.log_change(request, sent, [{"changed": {"fields": ["confirmed_at"]}}])
        count = cleaned["count"]
        text = ngettext("It goes to %(count)s person now.", "It goes to %(count)s people now.", count)
        messages.success(request, text % {"count": count})
        return True

    def mail_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Return the HTML of the mail to the recipient `?reader=` in `?language=`, for the iframe on the page."""
        announcement = self._get_announcement(pk)
        person = recipient_by_key(announcement, request.GET.get("reader", ""), staff_user(request))
        language = "es" if request.GET.get("language") == "es" else "en"
        delivery = Delivery(
            kind=DeliveryKind.ANNOUNCEMENT,
            webinar=announcement.webinar,
            email=person.email,
            language=language,
            announcement=announcement,
            delegate=person if isinstance(person, Delegate) else None,
            user=person if isinstance(person, User) else None,
        )
        return preview_response(request, announcement_messages.build(delivery))

    def test_send(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send the announcement to the user as a test on POST; a GET leads to its page."""
        announcement = self._get_announcement(pk)
        if request.method == "POST":
            self._require_change_permission(request)
            try:
                count = send_test_of_announcement(announcement, by=staff_user(request), now=timezone.now())
            except RuleBroken as broken:
                messages.error(request, str(broken.message))
                return redirect(self._url_name("changelist"))
            text = ngettext("%(count)s test goes to %(email)s now.", "%(count)s tests go to %(email)s now.", count)
            messages.success(request, text % {"count": count, "email": staff_user(request).email})
        return redirect(change_url(announcement))

    def stop_sending(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Stop the unsent deliveries of the announcement after confirmation."""
        announcement = self._get_announcement(pk)
        self._require_change_permission(request)
        return stop_page(self.admin_site, request, announcement, deliveries_of_announcement(announcement))

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Delete a draft after confirmation; a sent announcement is kept, with a message that says so."""
        found = self.get_object_or_404(request, object_id)
        self._require_change_permission(request)
        announcement = self._get_announcement(found.pk)
        data = request.POST if request.method == "POST" else None
        form: Any = DeleteDraftForm(data, initial={"version": announcement.version})
        if not announcement.is_draft:
            messages.warning(request, _("This announcement has been sent already. Write another one instead."))
            return redirect(change_url(announcement))
        if form.is_valid() and self._delete(request, form, announcement):
            return redirect(self._url_name("changelist"))
        if form.errors:
            update_hidden_values(form, version=str(announcement.version))
        context = self._context(
            request,
            title=_("Delete the draft"),
            row=announcement,
            back=change_url(announcement),
            lead=_("Nobody has been sent this announcement. What was written is gone then."),
            verb=_("Delete the draft"),
            form=form,
        )
        return TemplateResponse(request, "admin/sessions_app/confirm.html", context)

    def _delete(self, request: HttpRequest, form: Any, announcement: Announcement) -> bool:
        version, subject = form.cleaned_data["version"], str(announcement)
        try:
            delete_draft(announcement, version=version, by=staff_user(request), now=timezone.now())
        except RuleBroken as broken:
            add_broken_rule(form, broken)
            return False
        messages.success(request, _("The draft “%(subject)s” is deleted.") % {"subject": subject})
        return True

    # Shared by these pages --------------------------------------------------------------------------------

    def _get_announcement(self, pk: int) -> Announcement:
        return get_object_or_404(Announcement.objects.select_related("webinar", "author", "confirmed_by"), pk=pk)

    def _require_change_permission(self, request: HttpRequest) -> None:
        if not self.has_change_permission(request):
            raise PermissionDenied

    def _url_name(self, page: str) -> str:
        return f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}"

    def _context(self, request: HttpRequest, **extra: object) -> dict[str, object]:
        return self.admin_site.each_context(request) | {"opts": self.opts, **extra}


def _asked_webinar(request: HttpRequest) -> Webinar | None:
    """Return the webinar of `?webinar=<slug>`, or None."""
    slug = request.GET.get("webinar", "")
    return Webinar.objects.filter(slug=slug).first() if slug and "\x00" not in slug else None


def _only_webinar() -> Webinar | None:
    """Return the webinar if there is one alone, so that nobody is asked which."""
    webinars = list(Webinar.objects.all()[:2])
    return webinars[0] if len(webinars) == 1 else None
