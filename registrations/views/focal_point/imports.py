"""Import of delegates: upload a table, assign its columns where they are unclear, check, save.

Nothing is stored between these pages: each carries the table as text to the next, which reads and checks it again.
"""

from contextlib import suppress

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from registrations.exceptions import RuleBroken, UnreadableTable
from registrations.forms.errors import add_broken_rule
from registrations.forms.import_rows import SentRows, read_sent_rows
from registrations.forms.imports import ColumnsForm, ImportForm
from registrations.models import Delegation
from registrations.queries import seats_of
from registrations.services.imports.columns import (
    ColumnLayout,
    fields_of,
    find_layout,
    layout_problems,
    required_fields_of,
)
from registrations.services.imports.limits import limit_imports
from registrations.services.imports.no_people import rows_without_a_person
from registrations.services.imports.people import ImportRow, corrected, people_from_table, people_to_table
from registrations.services.imports.saving import import_delegates
from registrations.services.imports.tables import Table, table_to_text
from registrations.services.imports.template import build_template
from registrations.views.focal_point.access import delegation_required, signed_in_user
from registrations.views.focal_point.flash_messages import missing_message, named_count_message
from registrations.views.focal_point.import_pages import (
    Reading,
    show_checked_rows,
    show_columns_form,
    show_rows_left,
    show_upload_form,
)

SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# The name of a hidden input of the page on which the user assigns the columns.
HAS_COLUMNS = "has-columns"


@require_http_methods(["GET", "HEAD", "POST"])
@delegation_required
def import_table(request: HttpRequest, delegation: Delegation) -> HttpResponse:
    """Ask for a table; a POST shows what saving would do with each row. Nothing is saved here."""
    if request.method != "POST":
        return show_upload_form(request, delegation, ImportForm())
    form = ImportForm(request.POST, request.FILES)
    try:
        with limit_imports(signed_in_user(request), now=timezone.now()):
            table = form.read_table()
            if table is None:
                return show_upload_form(request, delegation, form)
            if HAS_COLUMNS in request.POST:
                return _check_assigned_columns(request, delegation, table)
            layout = find_layout(table, fields=fields_of(delegation))
            if problems := layout_problems(layout, needed=required_fields_of(delegation)):
                return show_columns_form(request, delegation, table, layout, problems)
            return _show_first_check(request, delegation, table, layout)
    except RuleBroken as broken:
        add_broken_rule(form, broken)
        return show_upload_form(request, delegation, form)


@require_http_methods(["GET", "HEAD", "POST"])
@delegation_required
def check_rows(request: HttpRequest, delegation: Delegation) -> HttpResponse:
    """Check the rows again, with what was corrected and answered. Nothing is saved here; a GET asks for a table."""
    if request.method != "POST":
        return redirect("registrations:import-delegates", delegation.slug)
    form, sent = ImportForm(request.POST), read_sent_rows(request.POST)
    try:
        with limit_imports(signed_in_user(request), now=timezone.now()):
            people = _sent_people(form, delegation, sent)
            if people is not None:
                return show_checked_rows(request, delegation, people, sent=sent, is_again=True)
    except RuleBroken as broken:
        return _show_refused_rows(request, delegation, form, sent, broken)
    return show_upload_form(request, delegation, form)


@require_http_methods(["GET", "HEAD", "POST"])
@delegation_required
def save_import(request: HttpRequest, delegation: Delegation) -> HttpResponse:
    """Save the valid rows of a checked table; invalid rows are shown again. A GET asks for a table."""
    if request.method != "POST":
        return redirect("registrations:import-delegates", delegation.slug)
    form, sent = ImportForm(request.POST), read_sent_rows(request.POST)
    try:
        with limit_imports(signed_in_user(request), now=timezone.now()):
            people = _sent_people(form, delegation, sent)
            if people is None:
                return show_upload_form(request, delegation, form)
            imported = import_delegates(
                delegation,
                people=[person for person in people if person.row not in sent.left_out],
                by=signed_in_user(request),
                now=timezone.now(),
                answers=sent.answers,
            )
    except RuleBroken as broken:
        return _show_refused_rows(request, delegation, form, sent, broken)
    text = _saved_message(len(imported.delegates), len(imported.checked.already_registered)) + missing_message(
        delegation
    )
    if imported.checked.invalid:
        left_out = [person for person in people if person.row in sent.left_out]
        return show_rows_left(request, delegation, imported, text, left_out=left_out, sent=sent)
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
    return _show_first_check(request, delegation, table, form.assigned_layout())


def _show_first_check(request: HttpRequest, delegation: Delegation, table: Table, layout: ColumnLayout) -> HttpResponse:
    people = people_from_table(table, layout)
    numbers = frozenset(person.row for person in people)
    sent = SentRows(left_out=rows_without_a_person(table, layout) & numbers)
    return show_checked_rows(request, delegation, people, sent=sent, reading=Reading.of(table, layout, delegation))


def _sent_people(form: ImportForm, delegation: Delegation, sent: SentRows) -> list[ImportRow] | None:
    """Return the people of the table that the page sent, as corrected; None, with errors in `form`, without a table.

    Raises UnreadableTable if a needed column is missing, which the page never sends.
    """
    table = form.read_table()
    if table is None:
        return None
    layout = find_layout(table, fields=fields_of(delegation))
    if problems := layout_problems(layout, needed=required_fields_of(delegation)):
        raise UnreadableTable(problems[0], field="table")
    return corrected(people_from_table(table, layout, numbers=sent.numbers), sent.corrections)


def _show_refused_rows(
    request: HttpRequest, delegation: Delegation, form: ImportForm, sent: SentRows, broken: RuleBroken
) -> HttpResponse:
    """Show the table as pasted rows, with what was corrected, to be sent again."""
    with suppress(UnreadableTable):
        if people := _sent_people(form, delegation, sent):
            form = ImportForm({"table": table_to_text(people_to_table(people, delegation))})
    add_broken_rule(form, broken)
    return show_upload_form(request, delegation, form)


def _saved_message(added: int, already: int) -> str:
    if not added:
        return _("Nobody new is named.")
    text = named_count_message(added)
    if already:
        text += " " + ngettext("%(count)s was there already.", "%(count)s were there already.", already) % {
            "count": already
        }
    return text
