"""Who has opened the room, while a session goes on: a page whose figures renew themselves, or by loading it again.
Here the room is switched too, where it is full or broken."""

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_htmx.middleware import HtmxDetails

from registrations.admin.base import staff_user
from registrations.exceptions import RuleBroken
from registrations.forms.errors import add_broken_rule
from registrations.forms.rooms import RoomForm
from registrations.queries.arrivals import arrivals_of
from registrations.services.rooms import fingerprint_of_rooms, switch_room
from sessions_app.addresses import host_of
from sessions_app.models import Session


def arrivals_page(
    site: AdminSite, request: HttpRequest, session: Session, *, form: RoomForm | None = None
) -> HttpResponse:
    """The whole page, or its figures alone where htmx asks. Names are shown on demand; observers never come here."""
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
            # Nobody is told another hour than the released one.
            "starts_at": getattr(session, "released", session).starts_at,
            "form": form or RoomForm(initial={"second_address": session.backup_room_url}),
            # Whose house it is tells two rooms apart; the whole address would open the door to an onlooker.
            "house": host_of(session.current_room_url),
            "seen": fingerprint_of_rooms(session),
        }
    )
    status = 200 if form is None else 422
    return TemplateResponse(request, "admin/attendance/arrivals.html", context, status=status)


def switch_room_page(site: AdminSite, request: HttpRequest, session: Session) -> HttpResponse:
    """One press: whoever joins from now on is led to the other room. What is no address comes back to be mended."""
    if request.method != "POST":
        return redirect("admin:arrivals", slug=session.webinar.slug, n=session.number)
    form = RoomForm(request.POST)
    if not form.is_valid():
        return arrivals_page(site, request, session, form=form)
    to_second = form.cleaned_data["room"] == "second"
    try:
        is_new = switch_room(
            session,
            to_second=to_second,
            second_address=form.cleaned_data["second_address"],
            seen=form.cleaned_data["seen"],
            by=staff_user(request),
            now=timezone.now(),
        )
    except RuleBroken as broken:
        add_broken_rule(form, broken)
        session.refresh_from_db(fields=["room_url", "backup_room_url", "uses_backup_room"])
        return arrivals_page(site, request, session, form=form)
    if not is_new:
        messages.info(request, _("This room was in use already; nothing has changed."))
    elif to_second:
        messages.success(request, _("Whoever joins from now on is led to the second room. Nobody's calendar changes."))
    else:
        messages.success(request, _("Whoever joins from now on is led to the first room. Nobody's calendar changes."))
    return redirect("admin:arrivals", slug=session.webinar.slug, n=session.number)
