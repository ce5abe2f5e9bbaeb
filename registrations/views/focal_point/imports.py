"""Import of delegates: a table, its columns where they are unclear, the dry run, and saving.

The steps remember nothing: each page carries the table as text to the next, where it is read and checked anew.
"""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import get_language, ngettext, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from registrations.exceptions import RuleBroken, UnreadableTable
from registrations.forms.errors import add_broken_rule
from registrations.forms.imports import ColumnsForm, ImportForm
from registrations.models import Delegation
from registrations.queries import gaps_in, lacks_letter, seats_of
from registrations.queries.acceptance import acceptances_with_seats
from registrations.services.acceptance_messages import message_before_accepting
from registrations.services.imports.checking import check_import
from registrations.services.imports.columns import (
    ColumnLayout,
    fields_of,
    find_layout,
    layout_problems,
    required_fields_of,
    unused_headings,
)
from registrations.services.imports.csv_text import read_text
from registrations.services.imports.limits import limit_imports
from registrations.services.imports.people import ImportRow, people_from_table, people_to_table
from registrations.services.imports.reading import MAX_BYTES, file_too_large, read_file
from registrations.services.imports.saving import ImportResult, import_delegates
from registrations.services.imports.tables import Table, table_to_text
from registrations.services.imports.template import build_template
from registrations.views.focal_point.access import for_delegation, signed_in
from registrations.views.focal_point.flash_messages import how_many_are_named, still_missing
from sessions_app.bilingual import LANGUAGES

SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
COLUMNS_ARE_TOLD = "has-columns"


@require_http_methods(["GET", "HEAD", "POST"])
@for_delegation
def import_table(request: HttpRequest, delegation: Delegation) -> HttpResponse:
    """Ask for a table; once there is one, show what would become of each row. Nothing is saved here."""
    if request.method != "POST":
        return _ask(request, delegation, ImportForm())
    form = ImportForm(request.POST, request.FILES)
    try:
        with limit_imports(signed_in(request), now=timezone.now()):
            table = _table_of(form)
            if table is None:
                return _ask(request, delegation, form)
            if COLUMNS_ARE_TOLD in request.POST:
                return _with_columns(request, delegation, table)
            layout = find_layout(table, fields=fields_of(delegation))
            if problems := layout_problems(layout, needed=required_fields_of(delegation)):
                return _ask_columns(request, delegation, table, layout, problems)
            return _dry_run(request, delegation, table, layout)
    except RuleBroken as broken:
        add_broken_rule(form, broken)
        return _ask(request, delegation, form)


@require_POST
@for_delegation
def save(request: HttpRequest, delegation: Delegation) -> HttpResponse:
    """Save the good rows of a table that was seen; those that stay out are shown, to be corrected."""
    form = ImportForm(request.POST)
    try:
        with limit_imports(signed_in(request), now=timezone.now()):
            table = _table_of(form)
            if table is None:
                return _ask(request, delegation, form)
            layout = find_layout(table, fields=fields_of(delegation))
            if problems := layout_problems(layout, needed=required_fields_of(delegation)):
                return _ask_columns(request, delegation, table, layout, problems)
            imported = import_delegates(
                delegation, people=people_from_table(table, layout), by=signed_in(request), now=timezone.now()
            )
    except RuleBroken as broken:
        add_broken_rule(form, broken)
        return _ask(request, delegation, form)
    said = _what_is_saved(len(imported.delegates), len(imported.checked.already_registered)) + still_missing(delegation)
    if imported.checked.invalid:
        return _left_over(request, delegation, imported, said)
    (messages.success if imported.delegates else messages.info)(request, said)
    return redirect(delegation)


@require_safe
@for_delegation
def template(request: HttpRequest, delegation: Delegation) -> HttpResponse:
    """The workbook to fill in, in the language of the address."""
    response = HttpResponse(build_template(delegation, seats_of(delegation)), content_type=SHEET_TYPE)
    name = _("delegates") + f"-{delegation.body.slug}.xlsx"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    return response


def _table_of(form: ImportForm) -> Table | None:
    """The table that was sent; None where the form says what is wrong. Raises UnreadableTable."""
    if not form.is_valid():
        return None
    source, upload = "table", form.upload
    try:
        if upload is None:
            return read_text(form.cleaned_data["table"])
        source = "file"
        if (upload.size or 0) > MAX_BYTES:
            raise file_too_large()
        return read_file(upload.read())
    except UnreadableTable as broken:
        broken.field = source
        raise


def _ask(request: HttpRequest, delegation: Delegation, form: ImportForm) -> HttpResponse:
    links = []
    for language in LANGUAGES:
        with override(language):
            links.append((language, reverse("registrations:import-template", args=[delegation.slug])))
    links.sort(key=lambda link: link[0] != get_language())
    context = {"delegation": delegation, "form": form, "templates": links, "needed": required_fields_of(delegation)}
    return render(request, "focal_point/import.html", context, status=422 if form.errors else 200)


def _with_columns(request: HttpRequest, delegation: Delegation, table: Table) -> HttpResponse:
    """The dry run of columns that were told by hand, or the question again where that was not enough."""
    found = find_layout(table, fields=fields_of(delegation))
    form = ColumnsForm(
        request.POST, read=table, layout=found, fields=fields_of(delegation), needed=required_fields_of(delegation)
    )
    if not form.is_valid():
        return render(request, "focal_point/import_columns.html", {"delegation": delegation, "form": form}, status=422)
    return _dry_run(request, delegation, table, form.chosen_layout())


def _ask_columns(
    request: HttpRequest, delegation: Delegation, table: Table, layout: ColumnLayout, problems: list[str]
) -> HttpResponse:
    form = ColumnsForm(
        initial={"table": table_to_text(table)},
        read=table,
        layout=layout,
        fields=fields_of(delegation),
        needed=required_fields_of(delegation),
    )
    context = {"delegation": delegation, "form": form, "problems": problems}
    return render(request, "focal_point/import_columns.html", context)


def _dry_run(request: HttpRequest, delegation: Delegation, table: Table, layout: ColumnLayout) -> HttpResponse:
    people = people_from_table(table, layout)
    if not people:
        raise UnreadableTable(
            _("There are headings, but no people below them. Please add the people, or choose another file."),
            field="table",
        )
    checked = check_import(delegation, people, by=signed_in(request), now=timezone.now())
    context = {
        "delegation": delegation,
        "checked": checked,
        "all_rows": _as_text(delegation, people),
        "gaps": gaps_in(checked.seats),
        "warning": message_before_accepting(
            acceptances_with_seats(delegation, checked.seats, lacks_letter=lacks_letter(delegation)),
            newcomers=len(checked.new),
        ),
        "is_country": bool(checked.seats),
        "unused": unused_headings(table, layout),
    }
    return render(request, "focal_point/import_check.html", context)


def _left_over(request: HttpRequest, delegation: Delegation, imported: ImportResult, said: str) -> HttpResponse:
    """What was saved, and the wrong rows to be corrected: numbered as they stand in the box where they are shown."""
    wrong = imported.checked.invalid
    context = {
        "delegation": delegation,
        "said": said,
        "is_saved": bool(imported.delegates),
        "rows": list(enumerate(wrong, start=2)),
        "wrong_rows": _as_text(delegation, [row.person for row in wrong]),
    }
    return render(request, "focal_point/import_left.html", context, status=422)


def _as_text(delegation: Delegation, people: Sequence[ImportRow]) -> str:
    """`people` as rows that can be sent again; empty where there is nobody."""
    return table_to_text(people_to_table(people, delegation)) if people else ""


def _what_is_saved(added: int, already: int) -> str:
    if not added:
        return _("Nobody new is named.")
    said = how_many_are_named(added)
    if already:
        said += " " + ngettext("%(count)s was there already.", "%(count)s were there already.", already) % {
            "count": already
        }
    return said
