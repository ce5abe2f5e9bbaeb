"""The page that adds agenda items to a session from a pasted or uploaded table, after a preview."""

import hashlib
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations.admin.base import staff_user
from registrations.admin.webinar_head import webinar_of_page
from registrations.exceptions import NotPossibleNow, RuleBroken
from registrations.forms.agenda_table import AgendaTableForm
from registrations.forms.errors import add_broken_rule, update_hidden_values
from registrations.services.agenda_table import AddedItems, AgendaTable, add_items, read_agenda_table
from registrations.services.imports.limits import limit_imports
from registrations.services.imports.tables import Table, table_to_text
from sessions_app.admin.change_log import touched_row
from sessions_app.models import Session


def agenda_table_page(site: AdminSite, request: HttpRequest, slug: str, n: int) -> HttpResponse:
    """Ask for the table of session `n`; a POST shows the items that it would make, a second one makes them.

    Nothing is stored between these pages: each carries the table as text.
    """
    if not site.get_model_admin(Session).has_change_permission(request):
        raise PermissionDenied
    session = get_object_or_404(Session.objects.select_related("webinar"), webinar=webinar_of_page(request), number=n)
    seen = ",".join(str(pk) for pk in session.items.order_by("position").values_list("pk", flat=True))
    if request.method != "POST":
        return _render(site, request, session, AgendaTableForm(initial={"seen": seen}))
    form = AgendaTableForm(request.POST, request.FILES)
    table, preview = None, None
    try:
        with limit_imports(staff_user(request), now=timezone.now()):
            if (table := form.read_table()) is not None:
                preview = _read_preview(table, session, form)
                if "_make" in request.POST and preview.is_valid:
                    return _log_and_redirect(
                        site, request, session, _add_previewed_items(session, preview, form, table)
                    )
    except RuleBroken as broken:
        add_broken_rule(form, broken)
    if table is not None and preview is not None:
        text = table_to_text(table) if form.upload is not None else form.cleaned_data["table"]
        update_hidden_values(form, table=text, preview_digest=_digest(table, form), seen=seen)
    return _render(site, request, session, form, preview)


def _read_preview(table: Table, session: Session, form: AgendaTableForm) -> AgendaTable:
    used = 0 if form.cleaned_data["replaces"] else session.items.aggregate(sum=Sum("minutes", default=0))["sum"]
    starts_at = session.starts_at + timedelta(minutes=used)
    return read_agenda_table(table, session, starts_at=starts_at, last_minutes=form.cleaned_data["last_minutes"])


def _digest(table: Table, form: AgendaTableForm) -> str:
    """Return a digest of all that decides which items are added."""
    values = (table, form.cleaned_data["last_minutes"], form.cleaned_data["replaces"])
    return hashlib.sha256(repr(values).encode()).hexdigest()


def _add_previewed_items(session: Session, preview: AgendaTable, form: AgendaTableForm, table: Table) -> AddedItems:
    """Store the items. Raises NotPossibleNow if the table, or the session, is not the one that the page has shown."""
    if form.cleaned_data["preview_digest"] != _digest(table, form):
        raise NotPossibleNow(_("The table has changed since you looked at it. It makes these items now."))
    return add_items(session, preview.items, seen=form.seen_ids, replaces=form.cleaned_data["replaces"])


def _log_and_redirect(site: AdminSite, request: HttpRequest, session: Session, result: AddedItems) -> HttpResponse:
    parts = [touched_row("deleted", item) for item in result.removed]
    parts += [touched_row("added", item) for item in result.added]
    site.get_model_admin(Session).log_change(request, session, parts)
    text = ngettext("%(count)s item is added.", "%(count)s items are added.", len(result.added))
    messages.success(request, text % {"count": len(result.added)} + " " + _("What is public has not changed."))
    return redirect("admin:webinar-agenda", session.webinar.slug)


def _render(
    site: AdminSite,
    request: HttpRequest,
    session: Session,
    form: AgendaTableForm,
    preview: AgendaTable | None = None,
) -> HttpResponse:
    context: dict[str, Any] = site.each_context(request) | {
        "title": _("Table of session %(number)s") % {"number": session.number},
        "subtitle": str(session.webinar.short_title),
        "webinar": session.webinar,
        "session": session,
        "form": form,
        "preview": preview,
        "wrong": sum(bool(item.errors) for item in preview.items) if preview is not None else 0,
        "item_count": session.items.count(),
    }
    return TemplateResponse(request, "admin/webinars/agenda/table.html", context)
