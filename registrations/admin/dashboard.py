"""Data of the admin's dashboard: what needs attention today, the webinars ahead, and upcoming events with links."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from registrations.admin.webinar_list import accepted_cell, describe_next_date, missing_cell
from registrations.queries.delegation_page import policy_of
from registrations.queries.today import Today, today
from registrations.queries.upcoming import UpcomingEvent, UpcomingKind
from sessions_app.admin.base import change_url
from sessions_app.admin.webinar_tables import Cell, WebinarRow
from sessions_app.models import ReleasedSession
from sessions_app.webinar_names import name_of


@dataclass(frozen=True)
class UpcomingItem:
    """An upcoming event with its text and the address of the page that handles it."""

    coming: UpcomingEvent
    text: str
    url: str


def dashboard_context(*, now: datetime) -> dict[str, object]:
    """Return the template context of the dashboard."""
    found = today(now=now)
    return {
        "title": _("Today"),
        "today": found,
        "has_mail": any(mails.count for mails in (found.came_back, found.to_confirm, found.for_a_person)),
        "webinars": _webinar_table(found, now=now),
        "coming": describe_upcoming(found.upcoming),
    }


def describe_upcoming(events: Iterable[UpcomingEvent]) -> list[UpcomingItem]:
    """Return each of `events` in words, with its link."""
    return [UpcomingItem(event, _event_text(event), _event_url(event)) for event in events]


def _webinar_table(found: Today, *, now: datetime) -> dict[str, object]:
    """Return headings and rows of the table of webinars ahead."""
    headings = (_("Registration"), pgettext("delegations", "Accepted"), _("Missing"))
    rows = []
    for webinar in found.webinars:
        name, figures = name_of(webinar), found.figures[webinar.pk]
        cells = (
            Cell(describe_next_date(name, policy_of(webinar), now=now, with_hour=False)),
            accepted_cell(webinar, figures),
            missing_cell(webinar, figures),
        )
        rows.append(WebinarRow(name, reverse("admin:webinar-home", args=[webinar.slug]), cells, headings))
    return {"headings": headings, "rows": rows}


def _event_text(coming: UpcomingEvent) -> str:
    texts = {
        UpcomingKind.OPENING: _("registration opens"),
        UpcomingKind.CLOSING: _("registration closes"),
        UpcomingKind.GAP_NOTICE: _("notice to the countries with gaps"),
        UpcomingKind.REMINDER: _("reminder: %(rule)s") % {"rule": coming.subject},
        UpcomingKind.UNDER_WAY: _("session %(session)s is under way: see who has arrived")
        % {"session": coming.subject},
        UpcomingKind.SESSION: _("session %(session)s") % {"session": coming.subject},
        UpcomingKind.UNRELEASED_SESSION: _("session %(session)s, not released") % {"session": coming.subject},
    }
    return texts[coming.kind]


def _event_url(coming: UpcomingEvent) -> str:
    """Return the address of the arrivals for a session under way, of its webinar for a later one, else of the rule."""
    if coming.kind == UpcomingKind.UNDER_WAY and isinstance(coming.subject, ReleasedSession):
        return reverse("admin:arrivals", args=[coming.webinar.slug, coming.subject.number])
    is_session = coming.kind in (UpcomingKind.SESSION, UpcomingKind.UNRELEASED_SESSION)
    return change_url(coming.webinar if is_session else coming.subject)
