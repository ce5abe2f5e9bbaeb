"""Import of delegates: upload a table, assign its columns where they are unclear, check, save.

Nothing is stored between these pages: each carries the table as text to the next, which reads and checks it again.
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
from registrations.services.imports.limits import limit_imports
from registrations.services.imports.people import ImportRow, people_from_table, people_to_table
from registrations.services.imports.saving import ImportResult, import_delegates
from registrations.services.imports.tables import Table, table_to_text
from registrations.services.imports.template import build_template
from registrations.views.focal_point.access import delegation_required, signed_in_user
from registrations.views.focal_point.flash_messages import missing_message, named_count_message
from sessions_app.bilingual import LANGUAGES

SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# The name of a hidden input of the page on which the user assigns the columns.
HAS_COLUMNS = "has-columns"


@require_http_methods(["GET", "HEAD", "POST"])
@delegation_required
def import_table(request: HttpRequest, delegation: Delegation) -> HttpResponse:
    """Ask for a table; a POST shows what saving would do with each row. Nothing is saved here."""
    if request.method != "POST":
        return _show_upload_form(request, delegation, ImportForm())
    form = ImportForm(request.POST, request.FILES)
    try:
        with limit_imports(signed_in_user(request), now=timezone.now()):
            table = form.read_table()
            if table is None:
                return _show_upload_form(request, delegation, form)
            if HAS_COLUMNS in request.POST:
                return _check_assigned_columns(request, delegation, table)
            layout = find_layout(table, fields=fields_of(delegation))
            if problems := layout_problems(layout, needed=required_fields_of(delegation)):
                return _show_columns_form(request, delegation, table, layout, problems)
            return _show_check(request, delegation, table, layout)
    except RuleBroken as broken:
        add_broken_rule(form, broken)
        return _show_upload_form(request, delegation, form)


@require_POST
@delegation_required
def save_import(request: HttpRequest, delegation: Delegation) -> HttpResponse:
    """Save the valid rows of a checked table; invalid rows are shown again, to be corrected."""
    form = ImportForm(request.POST)
    try:
        with limit_imports(signed_in_user(request), now=timezone.now()):
            table = form.read_table()
            if table is None:
                return _show_upload_form(request, delegation, form)
            layout = find_layout(table, fields=fields_of(delegation))
            if problems := layout_problems(layout, needed=required_fields_of(delegation)):
                return _show_columns_form(request, delegation, table, layout, problems)
            imported = import_delegates(
                delegation, people=people_from_table(table, layout), by=signed_in_user(request), now=timezone.now()
            )
    except RuleBroken as broken:
        add_broken_rule(form, broken)
        return _show_upload_form(request, delegation, form)
    text = _saved_message(len(imported.delegates), len(imported.checked.already_registered)) + missing_message(
        delegation
    )
    if imported.checked.invalid:
        return _show_invalid_rows(request, delegation, imported, text)
    (messages.success if imported.delegates else messages.info)(request, text)
    return redirect(delegation)


@require_safe
@delegation_required
def download_template(request: HttpRequest, delegation: Delegation) -> HttpResponse:
    """Return the workbook to fill in, in the language of the address."""
    response = HttpResponse(build_template(delegation, seats_of(delegation)), content_type=SHEET_TYPE)
    name = _("delegates") + f"-{delegation.body.slug}.xlsx"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    return response


def _show_upload_form(request: HttpRequest, delegation: Delegation, form: ImportForm) -> HttpResponse:
    links = []
    for language in LANGUAGES:
        with override(language):
            links.append((language, reverse("registrations:import-template", args=[delegation.slug])))
    links.sort(key=lambda link: link[0] != get_language())
    context = {"delegation": delegation, "form": form, "templates": links, "needed": required_fields_of(delegation)}
    return render(request, "focal_point/import.html", context, status=422 if form.errors else 200)


def _check_assigned_columns(request: HttpRequest, delegation: Delegation, table: Table) -> HttpResponse:
    """Check the table with the columns that the user assigned; show that form again where it is invalid."""
    found = find_layout(table, fields=fields_of(delegation))
    form = ColumnsForm(
        request.POST,
        parsed_table=table,
        layout=found,
        fields=fields_of(delegation),
        required=required_fields_of(delegation),
    )
    if not form.is_valid():
        return render(request, "focal_point/import_columns.html", {"delegation": delegation, "form": form}, status=422)
    return _show_check(request, delegation, table, form.assigned_layout())


def _show_columns_form(
    request: HttpRequest, delegation: Delegation, table: Table, layout: ColumnLayout, problems: list[str]
) -> HttpResponse:
    form = ColumnsForm(
        initial={"table": table_to_text(table)},
        parsed_table=table,
        layout=layout,
        fields=fields_of(delegation),
        required=required_fields_of(delegation),
    )
    context = {"delegation": delegation, "form": form, "problems": problems}
    return render(request, "focal_point/import_columns.html", context)


def _show_check(request: HttpRequest, delegation: Delegation, table: Table, layout: ColumnLayout) -> HttpResponse:
    people = people_from_table(table, layout)
    if not people:
        raise UnreadableTable(
            _("There are headings, but no people below them. Please add the people, or choose another file."),
            field="table",
        )
    checked = check_import(delegation, people, by=signed_in_user(request), now=timezone.now())
    context = {
        "delegation": delegation,
        "checked": checked,
        "all_rows": _rows_as_text(delegation, people),
        "gaps": gaps_in(checked.seats),
        "warning": message_before_accepting(
            acceptances_with_seats(delegation, checked.seats, lacks_letter=lacks_letter(delegation)),
            newcomers=len(checked.new),
        ),
        "is_country": bool(checked.seats),
        "unused": unused_headings(table, layout),
    }
    return render(request, "focal_point/import_check.html", context)


def _show_invalid_rows(request: HttpRequest, delegation: Delegation, imported: ImportResult, text: str) -> HttpResponse:
    """Show what was saved, and the invalid rows in a textarea, numbered by their line there."""
    invalid_rows = imported.checked.invalid
    context = {
        "delegation": delegation,
        "saved_message": text,
        "is_saved": bool(imported.delegates),
        "rows": list(enumerate(invalid_rows, start=2)),
        "wrong_rows": _rows_as_text(delegation, [row.person for row in invalid_rows]),
    }
    return render(request, "focal_point/import_invalid_rows.html", context, status=422)


def _rows_as_text(delegation: Delegation, people: Sequence[ImportRow]) -> str:
    """Return `people` as rows that can be submitted again; an empty text where there are none."""
    return table_to_text(people_to_table(people, delegation)) if people else ""


def _saved_message(added: int, already: int) -> str:
    if not added:
        return _("Nobody new is named.")
    text = named_count_message(added)
    if already:
        text += " " + ngettext("%(count)s was there already.", "%(count)s were there already.", already) % {
            "count": already
        }
    return text
