"""The pages of all countries and of one: what is missing at which webinar, what happened, and notes of calls."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from registrations.admin.base import staff_user
from registrations.admin.history_text import describe_events
from registrations.admin.links import deliveries_url
from registrations.exceptions import RuleBroken
from registrations.forms.call_notes import CallNoteForm
from registrations.forms.errors import add_broken_rule
from registrations.models import CallNote, Delegation, ParticipatingBody
from registrations.queries import focal_points_of
from registrations.queries.accounts import staff_accounts
from registrations.queries.country import (
    DelegationAhead,
    Shown,
    Timeline,
    countries_with_open_work,
    delegations_ahead,
    delegations_past,
    timeline_of,
)
from registrations.queries.focal_points import with_last_invitation
from registrations.queries.incoming_mail import answers_to_confirm
from registrations.queries.returned_mail import came_back_of, of_body
from registrations.services.call_notes import end_look_again, hand_over, note_call
from sessions_app.admin.base import MAX_KEY_LENGTH
from sessions_app.hours import format_clock, format_day, format_days, hours_for, zone_city
from sessions_app.webinar_names import load_name

# How many notes Today lists; the page of all countries shows the others.
MAX_LOOK_AGAIN = 12
MAX_PAST = 20


def countries_page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """List the member countries, and the organisations with a webinar ahead, with what is open with each."""
    context = site.each_context(request) | {
        "title": _("Countries"),
        "rows": countries_with_open_work(now=timezone.now()),
        "today": timezone.localdate(),
    }
    return TemplateResponse(request, "admin/countries/list.html", context)


def country_page(site: AdminSite, request: HttpRequest, slug: str) -> HttpResponse:
    """Show everything about one country across webinars; a POST notes a call.

    `?delegation=` preselects what the note is about, `?show=` and `?page=` choose a part of the timeline.
    """
    body = get_object_or_404(ParticipatingBody, slug=slug)
    now = timezone.now()
    ahead = delegations_ahead(Delegation.objects.filter(body=body), now=now)
    form = CallNoteForm(
        request.POST if request.method == "POST" else None,
        delegations=[(row.delegation, _choice_label(row)) for row in ahead],
        staff=staff_accounts(),
        initial={"delegation": _preselected(ahead, request.GET.get("delegation", ""))},
    )
    if ahead and form.is_valid():
        try:
            note = note_call(**form.cleaned_data, by=staff_user(request), now=now)
        except RuleBroken as broken:
            add_broken_rule(form, broken)
        else:
            messages.success(request, _saved_text(note))
            return redirect("admin:country", slug)
    shown = _shown(request.GET.get("show", ""))
    timeline = timeline_of(body, shown=shown, page=_page_number(request.GET.get("page", "")), now=now)
    context = site.each_context(request) | {
        "title": str(body),
        "body": body,
        "clocks": _clocks(body, now),
        "ahead": ahead,
        "past": delegations_past(body, ahead=[row.delegation.pk for row in ahead], most=MAX_PAST + 1),
        "max_past": MAX_PAST,
        "complete_count": sum(row.is_attending and not row.is_incomplete for row in ahead),
        "attending_count": sum(row.is_attending for row in ahead),
        "missing_text": missing_text(body, ahead, now=now),
        "focal_points": list(with_last_invitation(focal_points_of(body))),
        "returned": list(came_back_of(row.delegation.webinar for row in ahead).filter(of_body(body))),
        "to_confirm": list(answers_to_confirm(now=now).filter(delegate__delegation__body=body)),
        "form": form,
        "shown": shown.value,
        "choices_of_shown": _choices_of_shown(),
        "timeline": timeline,
        "entries": _described(timeline),
        "today": timezone.localdate(now),
    }
    return TemplateResponse(request, "admin/countries/country.html", context)


def end_look_again_page(request: HttpRequest, pk: int) -> HttpResponse:
    """End the date to look again of one note on POST; a GET leads to its country."""
    note = get_object_or_404(CallNote.objects.select_related("delegation__body"), pk=pk)
    body = note.delegation.body
    if request.method == "POST":
        end_look_again(note, by=staff_user(request), now=timezone.now())
        messages.success(request, _("%(body)s is no longer on the list to look at again.") % {"body": body})
        if request.POST.get("back") == "today":
            return redirect("admin:index")
    return redirect("admin:country", body.slug)


def take_over_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the user on one delegation on POST; a GET leads to its country."""
    delegation = get_object_or_404(Delegation.objects.select_related("body", "webinar"), pk=pk)
    if request.method == "POST":
        user = staff_user(request)
        try:
            hand_over(delegation, to=user, by=user, now=timezone.now())
        except RuleBroken as broken:
            messages.warning(request, str(broken.message))
        else:
            messages.success(
                request,
                _("You are on it: %(body)s, %(webinar)s.")
                % {"body": delegation.body, "webinar": load_name(delegation.webinar, now=timezone.now())},
            )
    return redirect("admin:country", delegation.body.slug)


def missing_text(body: ParticipatingBody, ahead: list[DelegationAhead], *, now: datetime) -> str:
    """Return what `body` lacks at its webinars ahead, in its own language, as text for a message or a telephone call.

    Names no delegate; empty if nothing is missing. Hours are in the zone of the country, beside that of the webinar.
    """
    incomplete = [row for row in ahead if row.is_incomplete]
    if not incomplete:
        return ""
    language = body.default_language
    with translation.override(language):
        webinars = [
            {
                "row": row,
                "title": row.delegation.webinar.title.render(language).text,
                "days": _days(row, language),
                "gaps": [(seat.profile.name.render(language).text, seat) for seat in row.gaps],
                "closes": hours_for(
                    row.policy.closes_at,
                    None,
                    reader_zone=body.single_timezone or row.delegation.webinar.timezone,
                    webinar_zone=row.delegation.webinar.timezone,
                    language=language,
                )
                if row.policy
                else None,
                "is_closed": row.policy is not None and row.policy.closes_at <= now,
                "link": f"{settings.BASE_URL}{row.delegation.get_absolute_url()}",
            }
            for row in incomplete
        ]
        context = {"body_name": body.name.render(language).text, "webinars": webinars}
        return render_to_string("admin/countries/missing.txt", context).strip()


def _days(row: DelegationAhead, language: str) -> str:
    """Return the days of the first and last session by the webinar's calendar: "Mon 14 Dec 2026 – Tue 15 Dec 2026"."""
    zone = row.delegation.webinar.timezone
    days = [format_day(instant, zone, language, with_year=True) for instant in (row.first, row.last) if instant]
    return " – ".join(dict.fromkeys(days))


def _choice_label(row: DelegationAhead) -> str:
    webinar = row.delegation.webinar
    if row.first is None or row.last is None:
        return str(webinar)
    return f"{format_days(row.first, row.last, webinar.timezone, get_language() or 'en')} · {webinar}"


def _clocks(body: ParticipatingBody, now: datetime) -> list[tuple[str, str]]:
    """Return what the clock shows now in each zone of the country, and the city of the zone: before one telephones."""
    return [(format_clock(now, zone), zone_city(zone, get_language() or "en")) for zone in body.timezones]


def _preselected(ahead: list[DelegationAhead], key: str) -> str:
    """Return the key of the delegation that the address names, else of the next one that is incomplete."""
    by_key = {str(row.delegation.pk): row for row in ahead}
    if key in by_key:
        return key
    return next((key for key, row in by_key.items() if row.is_incomplete), next(iter(by_key), ""))


def _saved_text(note: CallNote) -> str:
    if note.look_again_on is None:
        return _("The note is kept.")
    return _("The note is kept. Today shows it on %(day)s.") % {"day": date_format(note.look_again_on, "DATE_FORMAT")}


def _shown(value: str) -> Shown:
    return Shown(value) if value in {shown.value for shown in Shown} else Shown.ALL


def _page_number(value: str) -> int:
    return int(value) if value.isdecimal() and len(value) <= MAX_KEY_LENGTH else 1


def _choices_of_shown() -> list[tuple[str, str]]:
    return [
        (Shown.ALL.value, _("everything")),
        (Shown.CALLS.value, _("calls only")),
        (Shown.MAILS.value, _("mails only")),
        (Shown.HISTORY.value, _("decisions and changes only")),
    ]


def _described(timeline: Timeline) -> list[tuple[Any, Any, str]]:
    """Return each entry with the description of its event, and the address of the list of its messages."""
    events = describe_events(entry.event for entry in timeline.entries if entry.event is not None)
    by_event = {described.event.pk: described for described in events}
    return [
        (entry, by_event.get(entry.event.pk) if entry.event else None, _mail_url(entry)) for entry in timeline.entries
    ]


def _mail_url(entry: Any) -> str:
    """Return the address of the one message, or of the list of deliveries of that webinar, kind and state."""
    mail = entry.mail
    if mail is None:
        return ""
    if mail.count == 1:
        return reverse("admin:registrations_delivery_change", args=[mail.first])
    return deliveries_url(entry.webinar, kind__exact=mail.kind, state__exact=mail.state)
