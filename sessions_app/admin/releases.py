"""Admin pages of releases, which can be viewed and put back into the draft."""

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _

from sessions_app.admin.base import ReadOnlyAdmin
from sessions_app.admin.cancelling import render_confirmation
from sessions_app.admin.filters import WebinarFilter
from sessions_app.admin.previews import release_preview
from sessions_app.admin.webinar_column import WebinarColumnMixin
from sessions_app.forms import RestoreForm
from sessions_app.models import Release, Webinar
from sessions_app.release_recipients import changes_with_recipients
from sessions_app.releases import ReleaseRefused
from sessions_app.restoring import preview_restoration, restore_release
from sessions_app.webinar_names import load_name


@admin.register(Release)
class ReleaseAdmin(WebinarColumnMixin, ReadOnlyAdmin[Release]):
    """The list of releases: when each became public, and who released it."""

    list_display = ["__str__", "webinar_name", "released_at", "released_by", "note"]
    list_filter = [WebinarFilter]
    list_select_related = ["webinar", "released_by"]
    fields = ["webinar", "number", "released_at", "released_by", "note"]
    change_form_template = "admin/sessions_app/release/change_form.html"

    def get_list_display(self, request: HttpRequest) -> Any:
        return self._visible_fields(request, super().get_list_display(request))

    def get_fields(self, request: HttpRequest, obj: Release | None = None) -> Any:
        return self._visible_fields(request, self.fields)

    def _visible_fields(self, request: HttpRequest, names: Any) -> list[str]:
        """Return `names`, without the account that released it if the user may only view."""
        can_release = request.user.has_perm("sessions_app.change_webinar")
        return [name for name in names if can_release or name != "released_by"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/agenda/", view(partial(release_preview, self)), name="preview-release"),
            path("<int:pk>/restore/", view(self.restore_page), name="restore-release"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        extra = {"may_restore": self._may_restore(request), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, extra)

    def restore_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show how the restored draft would differ from the public agenda; a POST changes only the draft."""
        release = self.get_object_or_404(request, str(pk))
        if not self._may_restore(request):
            raise PermissionDenied
        restoration = preview_restoration(release)
        form = RestoreForm(request.POST if request.method == "POST" else None, fingerprint=restoration.fingerprint)
        if form.is_valid() and self._restore(request, release, form):
            return redirect("admin:release-webinar", release.webinar_id)
        lost = _("Changes of the draft that were never released are overwritten.")
        return render_confirmation(
            self,
            request,
            release,
            title=_("Put %(release)s back") % {"release": release},
            subtitle=str(load_name(release.webinar, now=timezone.now())),
            lead=_(
                "The draft becomes the agenda of this release again. Sessions that came later are cancelled, for their "
                "invitations are out. Nobody is told before the agenda is released: that page comes next."
            ),
            verb=_("Put it back into the draft"),
            form=form,
            changes=changes_with_recipients(release.webinar, restoration.to_public, now=timezone.now()),
            zone=restoration.agenda.timezone,
            is_draft_only=True,
            warnings=[lost] if restoration.is_draft_lost else [],
        )

    def _may_restore(self, request: HttpRequest) -> bool:
        """Whether the user may change webinars: restoring changes the draft of the webinar, not the release."""
        return self.admin_site.get_model_admin(Webinar).has_change_permission(request)

    def _restore(self, request: HttpRequest, release: Release, form: RestoreForm) -> bool:
        try:
            restore_release(release, now=timezone.now(), shown_fingerprint=form.cleaned_data["seen"])
        except ReleaseRefused as refused:
            form.add_refusal(refused.messages)
            return False
        webinar_admin = self.admin_site.get_model_admin(Webinar)
        webinar_admin.log_change(
            request, release.webinar, _("%(release)s put back into the draft") % {"release": release}
        )
        messages.success(
            request,
            _("%(release)s is back in the draft. Nobody is told before the release below.") % {"release": release},
        )
        return True
