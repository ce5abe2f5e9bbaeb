"""The pages of an import: the upload, the columns, and the rows as they were checked."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from registrations.exceptions import UnreadableTable
from registrations.forms.import_rows import SentRows
from registrations.forms.imports import ColumnsForm, ImportForm
from registrations.models import Delegation
from registrations.queries import gaps_in, lacks_letter
from registrations.queries.acceptance import acceptances_with_seats
from registrations.services.acceptance_messages import message_before_accepting
from registrations.services.imports.checking import CheckedRows, check_import
from registrations.services.imports.columns import LABELS, ColumnLayout, fields_of, required_fields_of, unused_headings
from registrations.services.imports.people import ImportRow, people_to_table
from registrations.services.imports.saving import ImportResult
from registrations.services.imports.tables import Table, table_to_text
from registrations.views.focal_point.access import signed_in_user
from registrations.views.focal_point.import_sheet import build_sheet
from sessions_app.bilingual import LANGUAGES

# Two more controls in each row would make the page of hundreds of people half as slow again. Their rows are corrected
# on the page of the delegation.
MAX_CHANGEABLE_ROWS = 100


@dataclass(frozen=True)
class Reading:
    """How a table was read: its sheet if there are others, headings of unread columns, and what says the profiles."""

    sheet: str
    unused: Sequence[str]
    profile_source: str

    @classmethod
    def of(cls, table: Table, layout: ColumnLayout, delegation: Delegation) -> "Reading":
        """Return how `table` is read by `layout`."""
        source = layout.profile_source if "profile" in fields_of(delegation) else ""
        return cls(table.sheet, unused_headings(table, layout), str(LABELS[source]) if source else "")


def show_upload_form(request: HttpRequest, delegation: Delegation, form: ImportForm) -> HttpResponse:
    """Show where a table is uploaded or pasted, with the errors of `form`."""
    links = []
    for language in LANGUAGES:
        with override(language):
            links.append((language, reverse("registrations:import-template", args=[delegation.slug])))
    links.sort(key=lambda link: link[0] != get_language())
    context = {"delegation": delegation, "form": form, "templates": links, "needed": required_fields_of(delegation)}
    return render(request, "focal_point/import.html", context, status=422 if form.errors else 200)


def show_columns_form(
    request: HttpRequest, delegation: Delegation, table: Table, layout: ColumnLayout, problems: list[str]
) -> HttpResponse:
    """Ask what each column holds, because of `problems`."""
    form = ColumnsForm(
        initial={"table": table_to_text(table)},
        parsed_table=table,
        layout=layout,
        fields=fields_of(delegation),
        required=required_fields_of(delegation),
    )
    context = {"delegation": delegation, "form": form, "problems": problems}
    return render(request, "focal_point/import_columns.html", context)


def show_checked_rows(
    request: HttpRequest,
    delegation: Delegation,
    people: Sequence[ImportRow],
    *,
    sent: SentRows,
    reading: Reading | None = None,
    is_again: bool = False,
) -> HttpResponse:
    """Show what saving `people` would do; `is_again` if they were corrected on this page before.

    `reading` is shown when the table was just read. Raises UnreadableTable if there are no people.
    """
    if not people:
        raise UnreadableTable(
            _("There are headings, but no people below them. Please add the people, or choose another file."),
            field="table",
        )
    wanted = [person for person in people if person.row not in sent.left_out]
    checked = check_import(delegation, wanted, by=signed_in_user(request), now=timezone.now(), answers=sent.answers)
    context = _context_of_rows(delegation, people, checked, sent) | {
        "reading": reading,
        "is_again": is_again,
        "gaps": gaps_in(checked.seats),
        "warning": message_before_accepting(
            acceptances_with_seats(delegation, checked.seats, lacks_letter=lacks_letter(delegation)),
            newcomers=len(checked.new),
        ),
    }
    return render(request, "focal_point/import_check.html", context)


def show_rows_left(
    request: HttpRequest,
    delegation: Delegation,
    imported: ImportResult,
    saved_message: str,
    *,
    left_out: Sequence[ImportRow],
    sent: SentRows,
) -> HttpResponse:
    """Show what was saved, and the rows that were not, to be corrected."""
    invalid = imported.checked.invalid
    checked = CheckedRows(invalid, imported.checked.seats, imported.checked.words)
    people = sorted([*(row.person for row in invalid), *left_out], key=lambda person: person.row)
    context = _context_of_rows(delegation, people, checked, sent) | {
        "saved_message": saved_message,
        "is_saved": bool(imported.delegates),
        "is_again": True,
    }
    return render(request, "focal_point/import_check.html", context, status=422)


def _context_of_rows(
    delegation: Delegation, people: Sequence[ImportRow], checked: CheckedRows, sent: SentRows
) -> dict[str, object]:
    new = [row for row in checked.new if row.person.row not in sent.opened]
    sheet = build_sheet(checked, delegation, opened=sent.opened)
    return {
        "delegation": delegation,
        "checked": checked,
        "sheet": sheet,
        "new": new,
        "can_change": len(new) <= MAX_CHANGEABLE_ROWS,
        "left_out": [person for person in people if person.row in sent.left_out],
        "is_open": bool(checked.invalid) or any(not word.choice for word in checked.words),
        "is_country": bool(checked.seats),
        "table": table_to_text(people_to_table(people, delegation)) if people else "",
        "numbers": ",".join(str(person.row) for person in people),
    }
