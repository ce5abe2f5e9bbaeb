"""Data of the admin's dashboard: what needs attention today, and upcoming events with links."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from registrations.queries.today import today
from registrations.queries.upcoming import Coming, ComingKind
from sessions_app.admin.base import change_url
from sessions_app.models import ReleasedSession


@dataclass(frozen=True)
class UpcomingItem:
    """An upcoming event with its text and the address of the page that handles it."""

    coming: Coming
    text: str
    url: str


def dashboard_context(*, now: datetime) -> dict[str, object]:
    """Return the template context of the dashboard."""
    found = today(now=now)
    return {"today": found, "coming": [UpcomingItem(one, _event_text(one), _event_url(one)) for one in found.coming]}


def _event_text(coming: Coming) -> str:
    texts = {
        ComingKind.OPENING: _("registration opens"),
        ComingKind.CLOSING: _("registration closes"),
        ComingKind.GAP_NOTICE: _("notice to the countries with gaps"),
        ComingKind.REMINDER: _("reminder: %(rule)s") % {"rule": coming.about},
        ComingKind.UNDER_WAY: _("session %(session)s is under way: see who has arrived") % {"session": coming.about},
        ComingKind.SESSION: _("session %(session)s") % {"session": coming.about},
        ComingKind.UNRELEASED_SESSION: _("session %(session)s, not released") % {"session": coming.about},
    }
    return texts[coming.kind]


def _event_url(coming: Coming) -> str:
    """Return the address of the arrivals for a session under way, of its webinar for a later one, else of the rule."""
    if coming.kind == ComingKind.UNDER_WAY and isinstance(coming.about, ReleasedSession):
        return reverse("admin:arrivals", args=[coming.webinar.slug, coming.about.number])
    is_session = coming.kind in (ComingKind.SESSION, ComingKind.UNRELEASED_SESSION)
    return change_url(coming.webinar if is_session else coming.about)
