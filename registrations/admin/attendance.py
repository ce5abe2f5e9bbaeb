"""Attendance: the organisers' table, the report of a session, who its people are. Services decide everything."""

from collections.abc import Callable
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations.admin.arrivals import arrivals_page, switch_room_page
from registrations.admin.attendance_chart import plot_of
from registrations.admin.base import is_observed, staff_of
from registrations.admin.exports import answer
from registrations.exceptions import RuleBroken
from registrations.forms.attendance import ConfirmForm, MatchForm, RemoveForm, ReportForm
from registrations.forms.errors import add_broken_rule
from registrations.models import Attendance, AttendanceReport, Delegate, MatchedBy
from registrations.queries.attendance import attendance_table
from registrations.services.attendance_import.form_payload import people_to_text, text_to_people
from registrations.services.attendance_import.manual_matching import match_manually
from registrations.services.attendance_import.matching import CheckedReport, check_report, suggest_by_name
from registrations.services.attendance_import.people import attendees_from_rows
from registrations.services.attendance_import.reading import MAX_BYTES, read_report, report_too_large
from registrations.services.attendance_import.saving import import_attendance, remove_attendance
from registrations.services.exports import FileFormat
from registrations.services.exports.attendance import export_attendance
from registrations.services.registration_window import check_not_purged
from sessions_app.admin.base import ReadOnlyAdmin
from sessions_app.models import Session, Webinar

# Of the people of a report, on the page before it is saved.
MOST_SHOWN = 100
# Each with the list of all people of the webinar.
MATCHED_ON_A_PAGE = 20


@admin.register(Attendance)
class AttendanceAdmin(ReadOnlyAdmin[Attendance]):
    list_display = ["session", "name", "address", "delegate", "matched_by", "minutes", "first_joined_at"]
    list_display_links = None
    list_filter = ["session__webinar", "matched_by"]
    list_select_related = ["session", "delegate"]
    search_fields = ["name", "address", "delegate__name"]
    show_full_result_count = False

    def front_page(self, request: HttpRequest) -> dict[str, object]:
        return {}

    def root_urls(self) -> list[URLPattern]:
        """Attendance has its pages directly below the admin's front page."""
        view = self.admin_site.admin_view
        of_session = partial(self._of_session, view)
        return [
            path("attendance/", view(self.webinars_page), name="attendance-of-webinars"),
            path("attendance/<slug:slug>/", view(self.table_page), name="attendance"),
            path("attendance/<slug:slug>/export/", view(self.export), name="export-attendance"),
            path("attendance/<slug:slug>/<int:n>/", of_session(self.session_page), name="session-attendance"),
            path("attendance/<slug:slug>/<int:n>/import/", of_session(self.import_page), name="import-attendance"),
            path("attendance/<slug:slug>/<int:n>/save/", of_session(self.save), name="save-attendance"),
            path("attendance/<slug:slug>/<int:n>/remove/", of_session(self.remove_page), name="remove-attendance"),
            path(
                "attendance/<slug:slug>/<int:n>/arrivals/",
                of_session(partial(arrivals_page, self.admin_site)),
                name="arrivals",
            ),
            path(
                "attendance/<slug:slug>/<int:n>/room/",
                of_session(partial(switch_room_page, self.admin_site)),
                name="switch-room",
            ),
        ]

    def _of_session(self, view: Callable[..., Any], page: Callable[..., HttpResponse]) -> Callable[..., Any]:
        def of_session(request: HttpRequest, slug: str, n: int) -> HttpResponse:
            # A longer number is of no session, and some databases refuse to look for it.
            session = get_object_or_404(
                Session.objects.select_related("webinar", "released"), webinar__slug=slug, number=min(n, 32_767)
            )
            return page(request, session)

        viewed: Callable[..., Any] = view(of_session)
        return viewed

    # The table --------------------------------------------------------------------------------------

    def webinars_page(self, request: HttpRequest) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "title": _("Attendance"),
            "webinars": Webinar.objects.annotate(session_count=Count("sessions")),
        }
        return TemplateResponse(request, "admin/attendance/webinars.html", context)

    def table_page(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Nominated, invited, accepted, opened the room, attended; one page to print."""
        webinar = get_object_or_404(Webinar, slug=slug)
        table = attendance_table(webinar)
        context = self.admin_site.each_context(request) | {
            "title": _("Attendance"),
            "subtitle": str(webinar),
            "webinar": webinar,
            "table": table,
            "plot": plot_of(table),
        }
        return TemplateResponse(request, "admin/attendance/table.html", context)

    def export(self, request: HttpRequest, slug: str) -> HttpResponseBase:
        """The table as XLSX, which holds figures and nobody's name; that it was taken is kept."""
        webinar = get_object_or_404(Webinar, slug=slug)
        if request.method != "POST":
            return redirect("admin:attendance", slug=slug)
        return answer(export_attendance(webinar, by=staff_of(request), now=timezone.now()), FileFormat.XLSX)

    # One session ------------------------------------------------------------------------------------

    def session_page(self, request: HttpRequest, session: Session) -> HttpResponse:
        """List who attended, unmatched people first. Staff can match each by hand; observers only read."""
        rows = _of_session(session)
        unknown_count = rows.filter(delegate=None, matched_by=MatchedBy.NOTHING).count()
        if is_observed(request):
            return self._observed_page(request, session, rows, unknown_count)
        page = Paginator(rows, MATCHED_ON_A_PAGE).get_page(request.GET.get("page"))
        shown = list(page)
        people = Delegate.objects.filter(webinar_id=session.webinar_id).select_related("delegation__body")
        form = MatchForm(
            request.POST if request.method == "POST" else None,
            rows=shown,
            suggested=suggest_by_name(session, shown),
            people=list(people.order_by("delegation__body__name_en", "delegation_id", "name", "pk")),
        )
        if form.is_valid():
            try:
                changed = match_manually(session, answers=form.answers(), by=staff_of(request), now=timezone.now())
            except RuleBroken as broken:
                add_broken_rule(form, broken)
            else:
                said = ngettext("%(count)s match is saved.", "%(count)s matches are saved.", changed)
                messages.success(request, said % {"count": changed})
                return redirect("admin:session-attendance", slug=session.webinar.slug, n=session.number)
        reports = AttendanceReport.objects.filter(session=session).select_related("imported_by")
        return self._page(
            request,
            session,
            "session",
            title=_("Who attended"),
            form=form,
            page=page,
            unknown_count=unknown_count,
            reports=reports,
        )

    def _observed_page(
        self, request: HttpRequest, session: Session, rows: "QuerySet[Attendance]", unknown_count: int
    ) -> HttpResponse:
        """Who of ours came, by our names: the names in a report may be addresses and telephones."""
        known = rows.filter(delegate__isnull=False).order_by("delegate__delegation__body", "delegate__name", "pk")
        page = Paginator(known, MOST_SHOWN).get_page(request.GET.get("page"))
        title = _("Who attended")
        return self._page(request, session, "observed", title=title, page=page, unknown_count=unknown_count)

    def import_page(self, request: HttpRequest, session: Session) -> HttpResponse:
        """Ask for the report; once there is one, show what saving it would do. Nothing is saved here."""
        form = ReportForm(request.POST if request.method == "POST" else None, request.FILES or None, session=session)
        if form.is_valid():
            upload, zone = form.cleaned_data["file"], form.cleaned_data["timezone"]
            try:
                check_not_purged(session.webinar, now=timezone.now())
                if (upload.size or 0) > MAX_BYTES:
                    raise report_too_large()
                day = session.starts_at.astimezone(ZoneInfo(zone)).date()
                people = attendees_from_rows(read_report(upload.read()), day=day, zone=zone)
                checked = check_report(session, people, zone=zone)
                confirm = ConfirmForm(
                    initial={"people": people_to_text(people), "timezone": zone},
                    session=session,
                    has_warnings=bool(checked.warnings),
                )
            except RuleBroken as broken:
                broken.field = "file"
                add_broken_rule(form, broken)
            else:
                return self._check_page(request, session, checked, confirm)
        return self._page(request, session, "import", title=_("Import a participant report"), form=form)

    def save(self, request: HttpRequest, session: Session) -> HttpResponse:
        """Save the people who were shown."""
        if request.method != "POST":
            return redirect("admin:import-attendance", slug=session.webinar.slug, n=session.number)
        form = ConfirmForm(request.POST, session=session)
        try:
            if not form.is_valid():
                raise RuleBroken(_("The report did not come back whole. Please choose the file once more."))
            people = text_to_people(form.cleaned_data["people"])
        except RuleBroken as broken:
            messages.error(request, str(broken.message))
            return redirect("admin:import-attendance", slug=session.webinar.slug, n=session.number)
        zone = form.cleaned_data["timezone"]
        try:
            imported = import_attendance(
                session,
                people=people,
                zone=zone,
                is_confirmed=form.cleaned_data["is_confirmed"],
                by=staff_of(request),
                now=timezone.now(),
            )
        except RuleBroken as broken:
            add_broken_rule(form, broken)
            return self._check_page(request, session, check_report(session, people, zone=zone), form)
        if imported.added or imported.changed:
            said = _("Saved: %(added)s new people, %(changed)s changed.") % {
                "added": imported.added,
                "changed": imported.changed,
            }
            messages.success(request, said)
        else:
            messages.info(request, _("Everybody in this report was there already; nothing has changed."))
        return redirect("admin:session-attendance", slug=session.webinar.slug, n=session.number)

    def remove_page(self, request: HttpRequest, session: Session) -> HttpResponse:
        """Take back what was imported, as the report of another event."""
        form = RemoveForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                removed = remove_attendance(
                    session, reason=form.cleaned_data["reason"], by=staff_of(request), now=timezone.now()
                )
            except RuleBroken as broken:
                add_broken_rule(form, broken)
            else:
                said = ngettext("%(count)s person is taken out.", "%(count)s people are taken out.", removed)
                messages.success(request, said % {"count": removed})
                return redirect("admin:session-attendance", slug=session.webinar.slug, n=session.number)
        count = Attendance.objects.filter(session=session).count()
        return self._page(request, session, "remove", title=_("Remove the attendance"), form=form, count=count)

    def _check_page(
        self, request: HttpRequest, session: Session, checked: CheckedReport, form: ConfirmForm
    ) -> HttpResponse:
        return self._page(
            request,
            session,
            "check",
            title=_("Check the report"),
            form=form,
            checked=checked,
            known=checked.known[:MOST_SHOWN],
            unknown=checked.unknown[:MOST_SHOWN],
        )

    def _page(self, request: HttpRequest, session: Session, name: str, **context: object) -> HttpResponse:
        whole = self.admin_site.each_context(request) | {
            "session": session,
            "webinar": session.webinar,
            "subtitle": str(session),
            **context,
        }
        form = context.get("form")
        status = 422 if getattr(form, "errors", None) else 200
        return TemplateResponse(request, f"admin/attendance/{name}.html", whole, status=status)


def _of_session(session: Session) -> "QuerySet[Attendance]":
    """Those who are still to be told first: the empty word sorts before the others."""
    rows = Attendance.objects.filter(session=session).select_related("delegate__delegation__body")
    return rows.order_by("matched_by", "name", "pk")
