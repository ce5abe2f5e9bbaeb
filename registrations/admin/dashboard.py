"""The front page's lines of what happens next: in words, each with the page where it is dealt with."""

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
    coming: Coming
    text: str
    url: str


def dashboard_context(*, now: datetime) -> dict[str, object]:
    found = today(now=now)
    return {"today": found, "coming": [UpcomingItem(one, _text(one), _url(one)) for one in found.coming]}


def _text(coming: Coming) -> str:
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


def _url(coming: Coming) -> str:
    """A rule and a policy have pages of their own; a session stands with its webinar, and with who has arrived."""
    if coming.kind == ComingKind.UNDER_WAY and isinstance(coming.about, ReleasedSession):
        return reverse("admin:arrivals", args=[coming.webinar.slug, coming.about.number])
    is_session = coming.kind in (ComingKind.SESSION, ComingKind.UNRELEASED_SESSION)
    return change_url(coming.webinar if is_session else coming.about)
