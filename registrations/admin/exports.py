"""Exports of delegates and of the quota board: a POST returns the file and is recorded in the history."""

from django.contrib.admin import ModelAdmin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, ORDER_VAR, PAGE_VAR, SEARCH_VAR, ChangeList
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from registrations.admin.base import staff_user
from registrations.exceptions import RuleBroken
from registrations.forms.errors import add_broken_rule
from registrations.forms.exports import ExportForm, FileFormatForm
from registrations.models import Delegate, HistoryEvent, HistoryKind
from registrations.queries import quota_board
from registrations.services.exports import (
    FileFormat,
    Table,
    export_board,
    export_delegates,
    write_csv,
    write_xlsx,
)
from sessions_app.models import Webinar
from sessions_app.webinar_names import named_webinar

EXPORTS_SHOWN = 10
WRITERS = {
    FileFormat.XLSX: (write_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    FileFormat.CSV: (write_csv, "text/csv; charset=utf-8"),
}
# Parameters of a changelist that page or sort it.
NON_FILTER_PARAMS = {PAGE_VAR, ALL_VAR, ORDER_VAR, ERROR_FLAG}


def export_page(model_admin: "ModelAdmin[Delegate]", request: HttpRequest) -> HttpResponseBase:
    """Export the delegates that the filters in the query string select: a GET asks for columns and format."""
    changelist = _changelist_or_none(model_admin, request)
    if changelist is None:
        return redirect(f"{reverse('admin:registrations_delegate_changelist')}?{ERROR_FLAG}=1")
    form = ExportForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            table = export_delegates(
                _in_order_of_delegations(changelist.queryset, request),
                columns=form.cleaned_data["columns"],
                file_format=FileFormat(form.cleaned_data["file_format"]),
                filters=_filters_for_history(request),
                by=staff_user(request),
                now=timezone.now(),
            )
        except RuleBroken as broken:
            add_broken_rule(form, broken)
        else:
            return file_response(table, FileFormat(form.cleaned_data["file_format"]))
    context = model_admin.admin_site.each_context(request) | {
        "opts": model_admin.opts,
        "title": _("Export people"),
        "form": form,
        "count": changelist.result_count,
        "filters": _active_filters(changelist),
        "search": changelist.query,
        "list_url": f"{reverse('admin:registrations_delegate_changelist')}{changelist.get_query_string()}",
        "exports": HistoryEvent.objects.filter(kind=HistoryKind.EXPORTED)
        .select_related("actor")
        .prefetch_related(named_webinar(now=timezone.now()))[:EXPORTS_SHOWN],
    }
    return TemplateResponse(request, "admin/registrations/delegate/export.html", context)


def _in_order_of_delegations(delegates: "QuerySet[Delegate]", request: HttpRequest) -> "QuerySet[Delegate]":
    """Return `delegates` by delegation and profile, however the list orders them, unless a column was chosen for it."""
    if ORDER_VAR in request.GET:
        return delegates
    return Delegate.objects.filter(pk__in=delegates.order_by().values("pk"))


@require_POST
def export_board_page(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Export the quota board; an unknown format leads back to the board."""
    webinar = get_object_or_404(Webinar, slug=slug)
    form = FileFormatForm(request.POST)
    if not form.is_valid():
        return redirect("admin:quota-board", slug=slug)
    file_format = FileFormat(form.cleaned_data["file_format"])
    table = export_board(quota_board(webinar), file_format=file_format, by=staff_user(request), now=timezone.now())
    return file_response(table, file_format)


def file_response(table: Table, file_format: FileFormat) -> FileResponse:
    """Return `table` as an attachment, written completely before the response begins.

    So a failure while writing is a 500, and a lost connection shows in the length: a streamed response without one
    looks complete behind a proxy that speaks HTTP/1.0.
    """
    write, content_type = WRITERS[file_format]
    return FileResponse(
        write(table), as_attachment=True, filename=f"{table.name}.{file_format}", content_type=content_type
    )


def _changelist_or_none(model_admin: "ModelAdmin[Delegate]", request: HttpRequest) -> ChangeList | None:
    """Return the changelist of the query string; None where its filters are invalid."""
    try:
        return model_admin.get_changelist_instance(request)
    except IncorrectLookupParameters:
        return None


def _filters_for_history(request: HttpRequest) -> str:
    """Return the filters as text for the history; of a search only that there was one, since it may hold a name."""
    used = {name: value for name, value in request.GET.items() if name not in NON_FILTER_PARAMS}
    return ", ".join(name if name == SEARCH_VAR else f"{name}={value}" for name, value in used.items())


def _active_filters(changelist: ChangeList) -> list[tuple[str, str]]:
    """Return (title of the filter, label of the choice) for each filter in use."""
    return [
        (str(spec.title), str(choice["display"]))
        for spec in changelist.filter_specs
        for choice in list(spec.choices(changelist))[1:]
        if choice["selected"]
    ]
