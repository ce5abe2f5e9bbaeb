"""The page of one session with its arrivals, refreshed by htmx, the switch of its room, and lists for the room."""

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_htmx.middleware import HtmxDetails

from registrations.admin.base import staff_user
from registrations.admin.exports import file_response
from registrations.exceptions import RuleBroken
from registrations.forms.errors import add_broken_rule
from registrations.forms.rooms import RoomForm
from registrations.queries.arrivals import arrivals_of
from registrations.queries.room_lists import RoomList, entries_for_room, last_room_export
from registrations.services.exports import FileFormat, export_room_list
from registrations.services.rooms import fingerprint_of_rooms, switch_room
from sessions_app.addresses import host_of
from sessions_app.models import Session


def arrivals_page(
    site: AdminSite, request: HttpRequest, session: Session, *, form: RoomForm | None = None
) -> HttpResponse:
    """Show who has opened the room: the whole page, or for an htmx request only its figures.

    `?names=1` lists the names. The admin site refuses this page to observers.
    """
    context = {
        "session": session,
        "webinar": session.webinar,
        "arrivals": arrivals_of(session),
        "has_names": request.GET.get("names") == "1",
        "as_of": timezone.now(),
    }
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]  # set by its middleware
    if htmx:
        return TemplateResponse(request, "admin/attendance/_arrivals.html", context)
    context = (
        site.each_context(request)
        | context
        | {
            "title": _("Who has opened the room"),
            "subtitle": str(session),
            # The time that participants were sent, which an unreleased change does not move.
            "starts_at": getattr(session, "released", session).starts_at,
            "form": form or RoomForm(initial={"second_address": session.backup_room_url}),
            # The host is enough to tell two rooms apart; the whole address would let anyone who sees the screen join.
            "room_host": host_of(session.current_room_url),
            "seen": fingerprint_of_rooms(session),
            "room_lists": [(part, entries_for_room(session, part).count()) for part in RoomList],
            "last_export": last_room_export(session),
        }
    )
    status = 200 if form is None else 422
    return TemplateResponse(request, "admin/attendance/arrivals.html", context, status=status)


def export_room_list_page(request: HttpRequest, session: Session) -> HttpResponseBase:
    """Return a list for the room as CSV. A GET, and a list that is unknown or empty, lead to the page of arrivals."""
    part = request.POST.get("list", "")
    if part in RoomList.values:
        try:
            table = export_room_list(session, RoomList(part), by=staff_user(request), now=timezone.now())
        except RuleBroken as broken:
            messages.warning(request, str(broken.message))
        else:
            return file_response(table, FileFormat.CSV)
    return redirect("admin:arrivals", slug=session.webinar.slug, n=session.number)


def switch_room_page(site: AdminSite, request: HttpRequest, session: Session) -> HttpResponse:
    """Switch the room of the session: from now on the join page leads to the other one.

    An invalid address is shown again with its error (422). Switching to the room in use changes nothing.
    """
    if request.method != "POST":
        return redirect("admin:arrivals", slug=session.webinar.slug, n=session.number)
    form = RoomForm(request.POST)
    if not form.is_valid():
        return arrivals_page(site, request, session, form=form)
    uses_backup = form.cleaned_data["room"] == "second"
    try:
        is_new = switch_room(
            session,
            to_second=uses_backup,
            second_address=form.cleaned_data["second_address"],
            shown_fingerprint=form.cleaned_data["seen"],
            by=staff_user(request),
            now=timezone.now(),
        )
    except RuleBroken as broken:
        add_broken_rule(form, broken)
        session.refresh_from_db(fields=["room_url", "backup_room_url", "uses_backup_room"])
        return arrivals_page(site, request, session, form=form)
    if not is_new:
        messages.info(request, _("This room was in use already; nothing has changed."))
    elif uses_backup:
        messages.success(request, _("Whoever joins from now on is led to the second room. Nobody's calendar changes."))
    else:
        messages.success(request, _("Whoever joins from now on is led to the first room. Nobody's calendar changes."))
    return redirect("admin:arrivals", slug=session.webinar.slug, n=session.number)
