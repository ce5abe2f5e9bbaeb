"""Announcements: written in both languages, looked at as their readers get them, tested, confirmed, sent."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from registrations.admin.announcement_page import deliveries_url, in_words, owed_by, person_named
from registrations.admin.base import staff_of
from registrations.admin.mail_preview import mail_frame
from registrations.admin.mail_states import mail_states
from registrations.admin.stop_sending import stop_page, stoppable
from registrations.exceptions import RuleBroken
from registrations.forms.announcements import AnnouncementForm, ConfirmForm, DeleteDraftForm
from registrations.forms.errors import add_broken_rule, send_again_with
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
from sessions_app.models import Webinar

READERS_PER_PAGE = 50


@admin.register(Announcement)
class AnnouncementAdmin(SecretariatAdmin[Announcement]):
    list_display = ["__str__", "webinar", "state", "confirmed_count", "author", "created_at", "confirmed_at"]
    list_filter = [WebinarFilter]
    list_select_related = ["webinar", "author"]
    search_fields = ["subject_en", "subject_es"]
    show_full_result_count = False
    # What was sent stays; a draft is deleted on its page.
    actions = None

    @admin.display(description=gettext_lazy("state"))
    def state(self, announcement: Announcement) -> str:
        return _("Draft") if announcement.is_draft else _("Confirmed")

    def has_delete_permission(self, request: HttpRequest, obj: Announcement | None = None) -> bool:
        """Never with others; `delete_view` asks the service."""
        return False

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]  # the stubs forget resolvers
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/edit/", view(self.edit_page), name="edit-announcement"),
            path("<int:pk>/mail/", view(self.mail_page), name="announcement-mail"),
            path("<int:pk>/test/", view(self.test_step), name="test-announcement"),
            path("<int:pk>/stop/", view(self.stop_step), name="stop-announcement"),
            *super().get_urls(),
        ]

    # Writing ----------------------------------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A new one; `?webinar=<slug>` says of which webinar, else that is asked first."""
        self._check_writer(request)
        webinars = list(Webinar.objects.all())
        webinar = next((one for one in webinars if one.slug == request.GET.get("webinar")), None)
        if webinar is None and len(webinars) == 1:
            webinar = webinars[0]
        if webinar is None:
            context = self._context(request, title=_("Write an announcement"), webinars=webinars)
            return TemplateResponse(request, "admin/registrations/announcement/choose.html", context)
        form = AnnouncementForm(request.POST if request.method == "POST" else None, webinar=webinar)

        def write() -> Announcement:
            return write_announcement(webinar, form.details(), by=staff_of(request), now=timezone.now())

        written = self._taken(form, write)
        if written is not None:
            self.log_addition(request, written, [{"added": {}}])
            return redirect(change_url(written))
        return self._writing_page(
            request, form, webinar, title=_("Write an announcement"), back=reverse(self._name("changelist"))
        )

    def edit_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        self._check_writer(request)
        announcement = self._found(pk)
        if not announcement.is_draft:
            return redirect(change_url(announcement))
        typed = request.POST if request.method == "POST" else None
        form = AnnouncementForm(typed, webinar=announcement.webinar, announcement=announcement)

        def edit() -> Announcement:
            version = form.cleaned_data["version"]
            return edit_announcement(
                announcement, form.details(), version=version, by=staff_of(request), now=timezone.now()
            )

        edited = self._taken(form, edit)
        if edited is not None:
            self.log_change(request, edited, [{"changed": {"fields": form.changed_data}}])
            return redirect(change_url(edited))
        if form.errors:
            # What is sent again is about the announcement as it is now.
            send_again_with(form, version=str(announcement.version))
        return self._writing_page(
            request, form, announcement.webinar, title=_("Change the announcement"), back=change_url(announcement)
        )

    def _taken(self, form: Any, take: Callable[[], Announcement]) -> Announcement | None:
        if not form.is_valid():
            return None
        try:
            return take()
        except RuleBroken as broken:
            add_broken_rule(form, broken)
            return None

    def _writing_page(self, request: HttpRequest, form: Any, webinar: Webinar, **texts: object) -> HttpResponse:
        context = self._context(
            request, form=form, webinar=webinar, is_anybody_asked=webinar.delegations.exists(), **texts
        )
        return TemplateResponse(request, "admin/registrations/announcement/write.html", context)

    # One announcement -------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Its page. A draft is sent from here, by confirming the number of its readers that stands beside it."""
        found = self.get_object(request, object_id)
        if found is None:
            raise Http404
        announcement = self._found(found.pk)
        audience = Audience.parse(announcement.audience)
        readers = Paginator(recipients_of(announcement.webinar, audience), READERS_PER_PAGE)
        typed = request.POST if request.method == "POST" else None
        form = ConfirmForm(typed, initial={"count": readers.count, "version": announcement.version})
        if typed is not None:
            self._check_writer(request)
            if form.is_valid() and self._send(request, form, announcement):
                return redirect(change_url(announcement))
            send_again_with(form, count=str(readers.count), version=str(announcement.version))
        page = readers.get_page(request.GET.get("page"))
        page_of_readers = [recipient_from(row) for row in page.object_list]
        chosen = request.GET.get("reader", page_of_readers[0].key if page_of_readers else "")
        context = self._context(
            request,
            title=str(announcement),
            announcement=announcement,
            form=form,
            audience=in_words(audience, announcement.webinar),
            page=page,
            readers=page_of_readers,
            reader=person_named(announcement, chosen, staff_of(request)),
            reader_key=chosen,
            missing=[str(Announcement._meta.get_field(name).verbose_name) for name in announcement.missing_fields],  # type: ignore[union-attr]  # plain columns
            states=mail_states(owed_by(announcement), listed=deliveries_url(announcement)),
            stoppable=stoppable(owed_by(announcement)).count(),
            deliveries_url=deliveries_url(announcement),
            can_write=self.has_change_permission(request),
        )
        return TemplateResponse(request, "admin/registrations/announcement/page.html", context)

    def _send(self, request: HttpRequest, form: Any, announcement: Announcement) -> bool:
        typed = form.cleaned_data
        try:
            sent = send_announcement(
                announcement,
                version=typed["version"],
                count=typed["count"],
                by=staff_of(request),
                now=timezone.now(),
            )
        except RuleBroken as broken:
            add_broken_rule(form, broken)
            return False
        self.log_change(request, sent, [{"changed": {"fields": ["confirmed_at"]}}])
        said = ngettext("It goes to %(count)s person now.", "It goes to %(count)s people now.", typed["count"])
        messages.success(request, said % {"count": typed["count"]})
        return True

    def mail_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The mail as `?reader=` gets it in `?language=`, for the frame on the page."""
        announcement = self._found(pk)
        person = person_named(announcement, request.GET.get("reader", ""), staff_of(request))
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
        return mail_frame(request, announcement_messages.build(delivery))

    def test_step(self, request: HttpRequest, pk: int) -> HttpResponse:
        announcement = self._found(pk)
        if request.method == "POST":
            self._check_writer(request)
            try:
                count = send_test_of_announcement(announcement, by=staff_of(request), now=timezone.now())
            except RuleBroken as broken:
                messages.error(request, str(broken.message))
                return redirect(self._name("changelist"))
            said = ngettext("%(count)s test goes to %(email)s now.", "%(count)s tests go to %(email)s now.", count)
            messages.success(request, said % {"count": count, "email": staff_of(request).email})
        return redirect(change_url(announcement))

    def stop_step(self, request: HttpRequest, pk: int) -> HttpResponse:
        announcement = self._found(pk)
        self._check_writer(request)
        return stop_page(self.admin_site, request, announcement, owed_by(announcement))

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Asks first, then deletes a draft. What was sent stays, and its page says so."""
        found = self.get_object(request, object_id)
        if found is None:
            raise Http404
        self._check_writer(request)
        announcement = self._found(found.pk)
        typed = request.POST if request.method == "POST" else None
        form: Any = DeleteDraftForm(typed, initial={"version": announcement.version})
        if not announcement.is_draft:
            messages.warning(request, _("This announcement has been sent already. Write another one instead."))
            return redirect(change_url(announcement))
        if form.is_valid() and self._delete(request, form, announcement):
            return redirect(self._name("changelist"))
        if form.errors:
            send_again_with(form, version=str(announcement.version))
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
            delete_draft(announcement, version=version, by=staff_of(request), now=timezone.now())
        except RuleBroken as broken:
            add_broken_rule(form, broken)
            return False
        messages.success(request, _("The draft “%(subject)s” is deleted.") % {"subject": subject})
        return True

    # What they share --------------------------------------------------------------------------------

    def _found(self, pk: int) -> Announcement:
        return get_object_or_404(Announcement.objects.select_related("webinar", "author", "confirmed_by"), pk=pk)

    def _check_writer(self, request: HttpRequest) -> None:
        if not self.has_change_permission(request):
            raise PermissionDenied

    def _name(self, page: str) -> str:
        return f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}"

    def _context(self, request: HttpRequest, **more: object) -> dict[str, object]:
        return self.admin_site.each_context(request) | {"opts": self.opts, **more}
