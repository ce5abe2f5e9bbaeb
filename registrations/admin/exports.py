"""Files of the people of a list and of the board. A GET shows a page; the file is the answer to a POST, and is kept."""

from django.contrib.admin import ModelAdmin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, ORDER_VAR, PAGE_VAR, SEARCH_VAR, ChangeList
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

LATEST = 10
WRITERS = {
    FileFormat.XLSX: (write_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    FileFormat.CSV: (write_csv, "text/csv; charset=utf-8"),
}
NO_FILTERS = {PAGE_VAR, ALL_VAR, ORDER_VAR, ERROR_FLAG}


def export_page(room: "ModelAdmin[Delegate]", request: HttpRequest) -> HttpResponseBase:
    """The people of the list with the filters of the address: choose columns, get the file."""
    people = _listed(room, request)
    if people is None:
        return redirect(f"{reverse('admin:registrations_delegate_changelist')}?{ERROR_FLAG}=1")
    form = ExportForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            table = export_delegates(
                people.queryset,
                columns=form.cleaned_data["columns"],
                file_format=FileFormat(form.cleaned_data["file_format"]),
                filters=_filters(request),
                by=staff_user(request),
                now=timezone.now(),
            )
        except RuleBroken as broken:
            add_broken_rule(form, broken)
        else:
            return answer(table, FileFormat(form.cleaned_data["file_format"]))
    context = room.admin_site.each_context(request) | {
        "opts": room.opts,
        "title": _("Export people"),
        "form": form,
        "count": people.result_count,
        "chosen": _chosen(people),
        "searched": people.query,
        "list_url": f"{reverse('admin:registrations_delegate_changelist')}{people.get_query_string()}",
        "exports": HistoryEvent.objects.filter(kind=HistoryKind.EXPORTED).select_related("actor", "webinar")[:LATEST],
    }
    return TemplateResponse(request, "admin/registrations/delegate/export.html", context)


@require_POST
def export_board_page(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The board as it stands; a format that does not exist leads back to it."""
    webinar = get_object_or_404(Webinar, slug=slug)
    form = FileFormatForm(request.POST)
    if not form.is_valid():
        return redirect("admin:quota-board", slug=slug)
    file_format = FileFormat(form.cleaned_data["file_format"])
    table = export_board(quota_board(webinar), file_format=file_format, by=staff_user(request), now=timezone.now())
    return answer(table, file_format)


def answer(table: Table, file_format: FileFormat) -> FileResponse:
    """`table` as a file to keep, written whole before its first byte leaves.

    A failure while it is written is a 500, and one on the way shows in the length: a proxy that speaks HTTP/1.0 makes
    the end of any other answer look right.
    """
    write, content_type = WRITERS[file_format]
    return FileResponse(
        write(table), as_attachment=True, filename=f"{table.name}.{file_format}", content_type=content_type
    )


def _listed(room: "ModelAdmin[Delegate]", request: HttpRequest) -> ChangeList | None:
    """The list that the address describes; None where it describes none."""
    try:
        return room.get_changelist_instance(request)
    except IncorrectLookupParameters:
        return None


def _filters(request: HttpRequest) -> str:
    """For the history. What somebody searched for may be a name, of which it keeps only that there was a search."""
    used = {name: value for name, value in request.GET.items() if name not in NO_FILTERS}
    return ", ".join(name if name == SEARCH_VAR else f"{name}={value}" for name, value in used.items())


def _chosen(people: ChangeList) -> list[tuple[str, str]]:
    """(filter, choice) of each filter in use, in words."""
    return [
        (str(spec.title), str(choice["display"]))
        for spec in people.filter_specs
        for choice in list(spec.choices(people))[1:]
        if choice["selected"]
    ]
