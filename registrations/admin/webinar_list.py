"""The list of all webinars: what is ahead with its figures and next date, what is past below."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from registrations.admin.base import is_observer_request
from registrations.admin.links import people_url
from registrations.models import RegistrationPolicy
from registrations.queries.webinar_list import (
    WebinarFigures,
    attended_of_webinars,
    people_of_webinars,
    webinar_figures,
)
from sessions_app.admin.webinar_tables import Cell, Cells, Columns, webinar_tables
from sessions_app.hours import format_day, format_days, format_hour
from sessions_app.models import Webinar
from sessions_app.webinar_names import WebinarName, WebinarState, name_of

NOTHING = "–"
STATES_WITH_MISSING = (WebinarState.REGISTRATION_OPEN, WebinarState.REGISTRATION_CLOSED)


def webinar_list_page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """List the webinars, each linked to its page; `?q=` searches the titles."""
    now = timezone.now()
    ahead = Columns(
        (_("Next date"), pgettext("delegations", "Accepted"), _("Missing"), _("People")),
        lambda webinars: _cells_ahead(webinars, now=now),
    )
    past = Columns(
        (_("People"), _("Attended"), _("Personal data end")), lambda webinars: _cells_past(webinars, now=now)
    )
    context = site.each_context(request) | {
        "title": _("Webinars"),
        "tables": webinar_tables(
            request,
            # Observers have the board in place of the home.
            url_of=lambda webinar: reverse(
                "admin:quota-board" if is_observer_request(request) else "admin:webinar-home", args=[webinar.slug]
            ),
            ahead=ahead,
            past=past,
            now=now,
        ),
        "may_add": site.get_model_admin(Webinar).has_add_permission(request),
    }
    return TemplateResponse(request, "admin/webinars/tables.html", context)


def _cells_ahead(webinars: Sequence[Webinar], *, now: datetime) -> Cells:
    ids = [webinar.pk for webinar in webinars]
    names = {webinar.pk: name_of(webinar) for webinar in webinars}
    figures = webinar_figures(ids, with_missing={pk for pk in ids if names[pk].state in STATES_WITH_MISSING})
    people = people_of_webinars(ids)
    policies = RegistrationPolicy.objects.in_bulk(ids)
    return {
        webinar.pk: (
            Cell(describe_next_date(names[webinar.pk], policies.get(webinar.pk), now=now)),
            accepted_cell(webinar, figures[webinar.pk]),
            missing_cell(webinar, figures[webinar.pk]),
            Cell(people[webinar.pk], people_url(webinar)),
        )
        for webinar in webinars
    }


def _cells_past(webinars: Sequence[Webinar], *, now: datetime) -> Cells:
    ids = [webinar.pk for webinar in webinars]
    people, attended = people_of_webinars(ids), attended_of_webinars(ids)
    policies = RegistrationPolicy.objects.in_bulk(ids)
    return {
        webinar.pk: (
            Cell(people[webinar.pk], people_url(webinar)),
            Cell(attended[webinar.pk], reverse("admin:attendance", args=[webinar.slug])),
            Cell(_describe_end_of_data(policies.get(webinar.pk), now=now)),
        )
        for webinar in webinars
    }


def describe_next_date(
    name: WebinarName, policy: RegistrationPolicy | None, *, now: datetime, with_hour: bool = True
) -> str:
    """Return what happens next to a webinar ahead and when, in its zone: "closes Fri 4 Dec, 17:00 (Costa Rica)"."""
    format_instant = format_hour if with_hour else format_day
    if policy is None or policy.opens_at is None:
        return _("registration has no dates")
    texts = (
        (policy.opens_at, _("opens %(hour)s")),
        (policy.closes_at, _("closes %(hour)s")),
        (name.first_starts_at, _("begins %(hour)s")),
    )
    for instant, text in texts:
        if instant is not None and instant > now:
            return text % {"hour": format_instant(instant, name.webinar.timezone, get_language() or "en")}
    return _("under way")


def accepted_cell(webinar: Webinar, figures: WebinarFigures) -> Cell:
    if not figures.countries:
        return Cell(NOTHING)
    text = _("%(accepted)s of %(all)s") % {"accepted": figures.accepted, "all": figures.countries}
    query = urlencode({"webinar": webinar.slug, "kind": "country"})
    return Cell(text, f"{reverse('admin:registrations_delegation_changelist')}?{query}")


def missing_cell(webinar: Webinar, figures: WebinarFigures) -> Cell:
    if figures.missing is None or not figures.countries:
        return Cell(NOTHING)
    board = reverse("admin:quota-board", args=[webinar.slug])
    return Cell(figures.missing, board, is_lacking=figures.missing > 0)


def _describe_end_of_data(policy: RegistrationPolicy | None, *, now: datetime) -> str:
    if policy is None:
        return NOTHING
    noon = datetime.combine(policy.purge_on, time(12), UTC)
    day = format_days(noon, noon, "UTC", get_language() or "en")
    return _("ended %(day)s") % {"day": day} if policy.is_past_retention_at(now) else day
