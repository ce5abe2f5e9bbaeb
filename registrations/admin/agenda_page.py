"""The page of a webinar's agenda: it lists the sessions with their items, and one item at a time is edited in place."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from registrations.admin.agenda_saving import AgendaLog, NotLinked, save_agenda
from registrations.admin.base import staff_user
from registrations.admin.webinar_head import webinar_of_page
from registrations.forms.agenda import AgendaForms, OpenItem, agenda_forms, new_item, people_of
from sessions_app.admin.agenda_review import ReviewedSession, review_agenda
from sessions_app.admin.base import MAX_KEY_LENGTH
from sessions_app.concurrent_edits import RowDeleted
from sessions_app.editing import move_item
from sessions_app.models import AgendaItem, Session, Webinar
from sessions_app.release_recipients import changes_with_recipients
from sessions_app.releases import draft_of

# What a button does after saving: move an item, or open the page with an item or a new one.
NEXT_STEP = re.compile(r"(?P<verb>up|down|item|after|end)-(?P<key>\d{1,18})", re.ASCII)


def agenda_page(site: AdminSite, request: HttpRequest, slug: str) -> HttpResponse:
    """Show the agenda of a webinar with every hour in its zone; a POST saves it and returns here.

    `?item=<id>` opens an item, `?after=<id of an item>` and `?end=<id of a session>` a new one. Needs the right to view
    sessions, and for the rest the right to change them.
    """
    if not site.get_model_admin(Session).has_view_permission(request):
        raise PermissionDenied
    webinar = webinar_of_page(request)
    if request.method != "POST":
        return _page(site, request, webinar)
    try:
        return _locked_page(site, request, webinar)
    except (IntegrityError, RowDeleted):
        # Another request saved or removed the same row meanwhile: read and check everything again.
        return _locked_page(site, request, webinar)


@transaction.atomic
def _locked_page(site: AdminSite, request: HttpRequest, webinar: Webinar) -> HttpResponse:
    """Lock the webinar before anything is read, so that of two requests the second is checked against the first."""
    Webinar.objects.select_for_update(no_key=True).get(pk=webinar.pk)
    return _page(site, request, webinar)


def _page(site: AdminSite, request: HttpRequest, webinar: Webinar) -> HttpResponse:
    may_change = site.get_model_admin(Session).has_change_permission(request)
    agenda = review_agenda(webinar)
    opened = _opened_item(request, agenda) if may_change else None
    speakers = list(webinar.speakers.order_by("code")) if opened is not None else []
    people = people_of(webinar) if opened is not None else []
    forms = agenda_forms(
        request.POST if request.method == "POST" else None,
        items=[each.item for session in agenda for each in session.items],
        opened=opened,
        speakers=speakers,
        people=people,
    )
    if request.method == "POST" and _is_valid(forms, opened, agenda) and _save(site, request, webinar, forms, opened):
        return redirect(_next_address(request, webinar, opened))
    context = site.each_context(request) | {
        "title": _("Agenda"),
        "subtitle": str(webinar.short_title),
        "webinar": webinar,
        "may_change": may_change,
        "rows": [_session_row(session, forms, opened) for session in agenda],
        "opened": opened,
        "forms": forms,
        "form": next((form for form in forms if form.is_bound and form.errors), None),
        "speakers": speakers,
        "people": people,
        **_release_state(webinar, agenda, now=timezone.now()),
    }
    return TemplateResponse(request, "admin/webinars/agenda.html", context)


def _save(site: AdminSite, request: HttpRequest, webinar: Webinar, forms: AgendaForms, opened: OpenItem | None) -> bool:
    """Save the valid forms; return False, with the error in a form and nothing saved, if a link is refused."""
    was_new = opened is not None and opened.item.pk is None
    try:
        log = save_agenda(forms, opened, webinar=webinar, by=staff_user(request), now=timezone.now())
    except NotLinked:
        if opened is not None and was_new:
            opened.item.pk = None
        return False
    _write_log(site, request, log)
    return True


def _opened_item(request: HttpRequest, agenda: Sequence[ReviewedSession]) -> OpenItem | None:
    """Return the item that the address names; None where there is no such item or session.

    If another user removed that item, what was typed becomes a new one at the end of its session.
    """
    items = {each.item.pk: each.item for session in agenda for each in session.items}
    sessions = {each.session.pk: each for each in agenda}
    key = {name: _key(request.GET.get(name, "")) for name in ("item", "after", "end")}
    if (item := items.get(key["item"])) is not None:
        return OpenItem(item)
    if (before := items.get(key["after"])) is not None:
        left = sessions[before.session_id].minutes_left
        return OpenItem(new_item(before.session, minutes_left=left), after=before.pk)
    is_typed = "item-minutes" in request.POST
    was_removed = key["item"] > 0 and is_typed
    end = _key(request.POST.get("session", "")) if is_typed else key["end"]
    if (session := sessions.get(end)) is not None:
        return OpenItem(new_item(session.session, minutes_left=session.minutes_left), was_removed=was_removed)
    return None


def _key(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MAX_KEY_LENGTH else 0


def _is_valid(forms: AgendaForms, opened: OpenItem | None, agenda: Sequence[ReviewedSession]) -> bool:
    """Check all forms, and refuse an item or a session that an earlier submission of the same form has added."""
    is_valid = forms.is_valid()
    if is_valid and opened is not None and forms.item is not None and _is_there_already(opened, agenda):
        forms.item.add_error(None, _("This item is there already."))
        is_valid = False
    begins = forms.session.cleaned_data.get("starts_at") if forms.session.is_bound else None
    for each in agenda:
        if begins is not None and each.session.starts_at == begins and each.session.cancelled_at is None:
            forms.session.add_error(
                "begins", _("Session %(number)s begins at this time already.") % {"number": each.session.number}
            )
            is_valid = False
    return is_valid


def _is_there_already(opened: OpenItem, agenda: Sequence[ReviewedSession]) -> bool:
    """Whether the new item equals the one at its place."""
    if opened.item.pk is not None:
        return False
    items = [
        each.item for session in agenda for each in session.items if each.item.session_id == opened.item.session_id
    ]
    index = next((place for place, item in enumerate(items, start=1) if item.pk == opened.after), len(items) - 1)
    names = ("minutes", "kind", "title_en", "title_es")
    return any(
        all(getattr(item, name) == getattr(opened.item, name) for name in names) for item in items[index : index + 1]
    )


def _write_log(site: AdminSite, request: HttpRequest, log: AgendaLog) -> None:
    """Write the entries of Django's log, as the pages of a session and of a speaker do."""
    for session in log.new_sessions:
        site.get_model_admin(Session).log_addition(request, session, [{"added": {}}])
        messages.success(request, _("Session %(number)s is added.") % {"number": session.number})
    for rows in (log.sessions, log.speakers):
        for row, parts in rows.items():
            site.get_model_admin(type(row)).log_change(request, row, parts)
    if log.sessions or log.speakers:
        messages.success(request, _("The agenda is saved. What is public has not changed."))


def _next_address(request: HttpRequest, webinar: Webinar, opened: OpenItem | None) -> str:
    """Move an item if a button asks for it, and return the address that shows the page as its user left it."""
    url = reverse("admin:webinar-agenda", args=[webinar.slug])
    step = NEXT_STEP.fullmatch(request.POST.get("_next", ""))
    if step is None:
        return f"{url}#item-{opened.item.pk}" if opened is not None and opened.item.pk else url
    key = int(step["key"])
    if step["verb"] in ("up", "down"):
        if item := AgendaItem.objects.filter(pk=key, session__webinar=webinar).select_related("session").first():
            move_item(item.session, key, steps=-1 if step["verb"] == "up" else 1)
        return f"{url}#item-{key}"
    return f"{url}?{step['verb']}={key}#open"


def _session_row(session: ReviewedSession, forms: AgendaForms, opened: OpenItem | None) -> dict[str, Any]:
    """Return what the template shows of a session: its rows in order, the open one among them."""
    rows: list[dict[str, Any]] = []
    is_here = opened is not None and opened.item.session_id == session.session.pk
    for each in session.items:
        is_open = opened is not None and opened.item.pk == each.item.pk
        rows.append({"reviewed": each, "form": forms.minutes.get(each.item.pk), "is_open": is_open})
        if opened is not None and opened.after == each.item.pk:
            rows.append({"is_open": True})
    if is_here and not any(row["is_open"] for row in rows):
        rows.append({"is_open": True})
    return {"review": session, "session": session.session, "rows": rows}


def _release_state(webinar: Webinar, agenda: Sequence[ReviewedSession], *, now: datetime) -> dict[str, Any]:
    """Return what prevents a release, what is only a warning, and what the release would change."""
    draft = draft_of(webinar)
    warnings = [*(text for session in agenda for text in session.warnings()), *draft.warnings]
    return {
        "problems": draft.problems,
        "warnings": warnings,
        "changes": changes_with_recipients(webinar, draft.changes, now=now),
        "release": draft.release,
    }
