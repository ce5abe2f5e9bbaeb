"""The front page's lines of what happens next: in words, each with the page where it is dealt with."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from registrations.queries.today import today
from registrations.queries.upcoming import UpcomingEvent, UpcomingKind
from sessions_app.admin.base import change_url
from sessions_app.models import ReleasedSession


@dataclass(frozen=True)
class ComingLine:
    coming: UpcomingEvent
    text: str
    url: str


def front_page_of(*, now: datetime) -> dict[str, object]:
    found = today(now=now)
    return {"today": found, "coming": [ComingLine(one, _text(one), _url(one)) for one in found.upcoming]}


def _text(coming: UpcomingEvent) -> str:
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


def _url(coming: UpcomingEvent) -> str:
    """A rule and a policy have pages of their own; a session stands with its webinar, and with who has arrived."""
    if coming.kind == UpcomingKind.UNDER_WAY and isinstance(coming.subject, ReleasedSession):
        return reverse("admin:arrivals", args=[coming.webinar.slug, coming.subject.number])
    is_session = coming.kind in (UpcomingKind.SESSION, UpcomingKind.UNRELEASED_SESSION)
    return change_url(coming.webinar if is_session else coming.subject)
