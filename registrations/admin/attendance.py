"""Admin of attendance: the table of a webinar, and the import of a video conference's report and its matching."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations.admin.arrivals import arrivals_page, export_room_list_page, switch_room_page
from registrations.admin.attendance_chart import build_chart
from registrations.admin.base import is_observer_request, staff_user
from registrations.admin.exports import file_response
from registrations.admin.webinar_head import webinar_of_page
from registrations.exceptions import RuleBroken
from registrations.forms.attendance import ConfirmImportForm, MatchForm, RemoveForm, ReportForm
from registrations.forms.errors import add_broken_rule
from registrations.models import Attendance, AttendanceReport, Delegate, MatchedBy
from registrations.queries.attendance import attendance_table, minimum_stay_of
from registrations.services.attendance_import.form_payload import people_to_text, text_to_people
from registrations.services.attendance_import.manual_matching import match_manually
from registrations.services.attendance_import.matching import CheckedReport, check_report, suggest_by_name
from registrations.services.attendance_import.people import attendees_from_rows
from registrations.services.attendance_import.reading import MAX_BYTES, read_report, report_too_large_error
from registrations.services.attendance_import.saving import import_attendance, remove_attendance
from registrations.services.exports import FileFormat
from registrations.services.exports.attendance import export_attendance
from registrations.services.registration_window import check_not_purged
from sessions_app.admin.base import ReadOnlyAdmin
from sessions_app.admin.filters import SessionWebinarFilter
from sessions_app.admin.webinar_column import WebinarColumnMixin
from sessions_app.admin.webinar_tables import count_column, webinar_tables
from sessions_app.models import Session, Webinar
from sessions_app.webinar_names import load_name

# People per list on the page that shows a report before it is saved.
MAX_PEOPLE_SHOWN = 100
# Each row has a select with all people of the webinar.
MATCH_ROWS_PER_PAGE = 20


@admin.register(Attendance)
class AttendanceAdmin(WebinarColumnMixin, ReadOnlyAdmin[Attendance]):
    """Who attended which session, as the reports say; the import and the matching have pages of their own."""

    list_display = [
        "webinar_name",
        "session",
        "name",
        "address",
        "delegate",
        "matched_by",
        "minutes",
        "first_joined_at",
    ]
    list_display_links = None
    list_filter = [SessionWebinarFilter, "matched_by"]
    list_select_related = ["session", "delegate"]
    search_fields = ["name", "address", "delegate__name"]
    show_full_result_count = False

    def dashboard_context(self, request: HttpRequest) -> dict[str, object]:
        return {}

    def root_urls(self) -> list[URLPattern]:
        """Return the URL patterns of `/admin/attendance/`."""
        view = self.admin_site.admin_view
        of_session = partial(self._session_view, view)
        return [
            path("attendance/", view(self.webinars_page), name="attendance-of-webinars"),
            path("attendance/<slug:slug>/", view(self.table_page), name="attendance"),
            path("attendance/<slug:slug>/export/", view(self.export), name="export-attendance"),
            path("attendance/<slug:slug>/<int:n>/", of_session(self.session_page), name="session-attendance"),
            path("attendance/<slug:slug>/<int:n>/import/", of_session(self.import_page), name="import-attendance"),
            path("attendance/<slug:slug>/<int:n>/save/", of_session(self.save_import), name="save-attendance"),
            path("attendance/<slug:slug>/<int:n>/remove/", of_session(self.remove_page), name="remove-attendance"),
            path(
                "attendance/<slug:slug>/<int:n>/arrivals/",
                of_session(partial(arrivals_page, self.admin_site)),
                name="arrivals",
            ),
            path(
                "attendance/<slug:slug>/<int:n>/room-list/",
                of_session(export_room_list_page),
                name="export-room-list",
            ),
            path(
                "attendance/<slug:slug>/<int:n>/room/",
                of_session(partial(switch_room_page, self.admin_site)),
                name="switch-room",
            ),
        ]

    def _session_view(self, view: Callable[..., Any], page: Callable[..., HttpResponseBase]) -> Callable[..., Any]:
        """Wrap `page` as an admin view that takes a slug and a number, and gives it the session, or answers 404."""

        def with_session(request: HttpRequest, slug: str, n: int) -> HttpResponseBase:
            # No session has a larger number, and some databases refuse a query for one.
            session = get_object_or_404(
                Session.objects.select_related("webinar__policy", "released"), webinar__slug=slug, number=min(n, 32_767)
            )
            return page(request, session)

        wrapped: Callable[..., Any] = view(with_session)
        return wrapped

    # The table --------------------------------------------------------------------------------------

    def webinars_page(self, request: HttpRequest) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "title": _("Attendance"),
            "tables": webinar_tables(
                request,
                url_of=lambda webinar: reverse("admin:attendance", args=[webinar.slug]),
                ahead=count_column(_("Sessions"), _session_counts),
                now=timezone.now(),
            ),
        }
        return TemplateResponse(request, "admin/webinars/tables.html", context)

    def table_page(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Show, by country and session, how many were nominated, invited, accepted, opened the room and attended."""
        webinar = webinar_of_page(request)
        table = attendance_table(webinar)
        context = self.admin_site.each_context(request) | {
            "title": _("Attendance"),
            "subtitle": str(load_name(webinar, now=timezone.now())),
            "webinar": webinar,
            "table": table,
            "minimum_stay": minimum_stay_of(webinar),
            "chart": build_chart(table),
        }
        return TemplateResponse(request, "admin/attendance/table.html", context)

    def export(self, request: HttpRequest, slug: str) -> HttpResponseBase:
        """Return the table as XLSX: figures, no names. The history records the export. A GET leads to the table."""
        webinar = get_object_or_404(Webinar, slug=slug)
        if request.method != "POST":
            return redirect("admin:attendance", slug=slug)
        return file_response(export_attendance(webinar, by=staff_user(request), now=timezone.now()), FileFormat.XLSX)

    # One session ------------------------------------------------------------------------------------

    def session_page(self, request: HttpRequest, session: Session) -> HttpResponse:
        """List who attended, unmatched people first. Staff can match each by hand; observers only read."""
        rows = _attendance_rows(session)
        unknown_count = rows.filter(delegate=None, matched_by=MatchedBy.NOTHING).count()
        if is_observer_request(request):
            return self._observer_page(request, session, rows, unknown_count)
        page = Paginator(rows, MATCH_ROWS_PER_PAGE).get_page(request.GET.get("page"))
        page_rows = list(page)
        people = Delegate.objects.filter(webinar_id=session.webinar_id).select_related("delegation__body")
        form = MatchForm(
            request.POST if request.method == "POST" else None,
            rows=page_rows,
            suggested=suggest_by_name(session, page_rows),
            people=list(people.order_by("delegation__body__name_en", "delegation_id", "name", "pk")),
        )
        if form.is_valid():
            try:
                changed = match_manually(
                    session, answers=form.changed_answers(), by=staff_user(request), now=timezone.now()
                )
            except RuleBroken as broken:
                add_broken_rule(form, broken)
            else:
                text = ngettext("%(count)s match is saved.", "%(count)s matches are saved.", changed)
                messages.success(request, text % {"count": changed})
                return redirect("admin:session-attendance", slug=session.webinar.slug, n=session.number)
        reports = AttendanceReport.objects.filter(session=session).select_related("imported_by")
        return self._render(
            request,
            session,
            "session",
            title=_("Who attended"),
            form=form,
            page=page,
            unknown_count=unknown_count,
            reports=reports,
        )

    def _observer_page(
        self, request: HttpRequest, session: Session, rows: "QuerySet[Attendance]", unknown_count: int
    ) -> HttpResponse:
        """List the matched delegates by their registered names: a name in a report may be an address or a telephone."""
        known = rows.filter(delegate__isnull=False).order_by("delegate__delegation__body", "delegate__name", "pk")
        page = Paginator(known, MAX_PEOPLE_SHOWN).get_page(request.GET.get("page"))
        title = _("Who attended")
        return self._render(request, session, "observer", title=title, page=page, unknown_count=unknown_count)

    def import_page(self, request: HttpRequest, session: Session) -> HttpResponse:
        """Ask for the report of a session; a POST shows what saving it would do. Nothing is saved here."""
        form = ReportForm(request.POST if request.method == "POST" else None, request.FILES or None, session=session)
        if form.is_valid():
            upload, zone = form.cleaned_data["file"], form.cleaned_data["timezone"]
            try:
                check_not_purged(session.webinar, now=timezone.now())
                if (upload.size or 0) > MAX_BYTES:
                    raise report_too_large_error()
                day = session.starts_at.astimezone(ZoneInfo(zone)).date()
                people = attendees_from_rows(read_report(upload.read()), day=day, zone=zone)
                checked = check_report(session, people, zone=zone)
                confirm = ConfirmImportForm(
                    initial={"people": people_to_text(people), "timezone": zone},
                    session=session,
                    has_warnings=bool(checked.warnings),
                )
            except RuleBroken as broken:
                broken.field = "file"
                add_broken_rule(form, broken)
            else:
                return self._render_checked_report(request, session, checked, confirm)
        return self._render(request, session, "import", title=_("Import a participant report"), form=form)

    def save_import(self, request: HttpRequest, session: Session) -> HttpResponse:
        """Save the people who were shown."""
        if request.method != "POST":
            return redirect("admin:import-attendance", slug=session.webinar.slug, n=session.number)
        form = ConfirmImportForm(request.POST, session=session)
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
                by=staff_user(request),
                now=timezone.now(),
            )
        except RuleBroken as broken:
            add_broken_rule(form, broken)
            return self._render_checked_report(request, session, check_report(session, people, zone=zone), form)
        if imported.added or imported.changed:
            text = _("Saved: %(added)s new people, %(changed)s changed.") % {
                "added": imported.added,
                "changed": imported.changed,
            }
            messages.success(request, text)
        else:
            messages.info(request, _("Everybody in this report was there already; nothing has changed."))
        return redirect("admin:session-attendance", slug=session.webinar.slug, n=session.number)

    def remove_page(self, request: HttpRequest, session: Session) -> HttpResponse:
        """Remove the imported attendance of a session, for a report of the wrong event; a reason is required."""
        form = RemoveForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                removed = remove_attendance(
                    session, reason=form.cleaned_data["reason"], by=staff_user(request), now=timezone.now()
                )
            except RuleBroken as broken:
                add_broken_rule(form, broken)
            else:
                text = ngettext("%(count)s person is taken out.", "%(count)s people are taken out.", removed)
                messages.success(request, text % {"count": removed})
                return redirect("admin:session-attendance", slug=session.webinar.slug, n=session.number)
        count = Attendance.objects.filter(session=session).count()
        return self._render(request, session, "remove", title=_("Remove the attendance"), form=form, count=count)

    def _render_checked_report(
        self, request: HttpRequest, session: Session, checked: CheckedReport, form: ConfirmImportForm
    ) -> HttpResponse:
        return self._render(
            request,
            session,
            "check",
            title=_("Check the report"),
            form=form,
            checked=checked,
            known=checked.known[:MAX_PEOPLE_SHOWN],
            unknown=checked.unknown[:MAX_PEOPLE_SHOWN],
        )

    def _render(self, request: HttpRequest, session: Session, name: str, **context: object) -> HttpResponse:
        whole_context = self.admin_site.each_context(request) | {
            "session": session,
            "webinar": session.webinar,
            "minimum_stay": minimum_stay_of(session.webinar),
            "subtitle": str(session),
            **context,
        }
        form = context.get("form")
        status = 422 if getattr(form, "errors", None) else 200
        return TemplateResponse(request, f"admin/attendance/{name}.html", whole_context, status=status)


def _session_counts(webinars: Sequence[int]) -> Mapping[int, int]:
    sessions = Session.objects.filter(webinar__in=webinars).order_by()
    return dict(sessions.values_list("webinar").annotate(number=Count("pk")))


def _attendance_rows(session: Session) -> "QuerySet[Attendance]":
    """Return the attendance rows of `session`, unmatched ones first: their empty `matched_by` sorts first."""
    rows = Attendance.objects.filter(session=session).select_related("delegate__delegation__body")
    return rows.order_by("matched_by", "name", "pk")
