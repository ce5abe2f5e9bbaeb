"""The messages of one webinar: what is being sent, what failed, what was sent, and what is planned."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_htmx.middleware import HtmxDetails

from registrations.admin.dashboard import describe_upcoming
from registrations.admin.links import deliveries_url
from registrations.admin.webinar_head import webinar_of_page
from registrations.models import Announcement, DeliveryState, GapReminder
from registrations.queries.mailings import Mailing, mailings_of
from registrations.queries.returned_mail import undelivered
from registrations.queries.upcoming import UpcomingKind, upcoming_events
from sessions_app.admin.base import change_url
from sessions_app.models import Webinar

MAX_LISTED = 12
PLANNED_KINDS = (UpcomingKind.REMINDER, UpcomingKind.GAP_NOTICE)


@dataclass(frozen=True)
class MailingLine:
    """A mailing with its name, the page that shows it, and how many minutes it still takes, if that can be told."""

    mailing: Mailing
    label: str
    url: str

    @property
    def minutes_left(self) -> int | None:
        seconds = self.mailing.seconds_left
        return None if seconds is None else max(1, round(seconds / 60))


def webinar_messages_page(site: AdminSite, request: HttpRequest, slug: str) -> HttpResponse:
    """Show the messages of the webinar `slug`: the whole page, or for an htmx request only what is being sent."""
    now = timezone.now()
    webinar = webinar_of_page(request)
    lines = describe_mailings(webinar, now=now)
    context = {"webinar": webinar, "in_progress": [line for line in lines if line.mailing.is_in_progress]}
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]  # set by its middleware
    if htmx:
        return TemplateResponse(request, "admin/webinars/_mailings_in_progress.html", context)
    failed = undelivered().filter(webinar=webinar)
    planned = [event for event in upcoming_events([webinar], now=now) if event.kind in PLANNED_KINDS]
    context = (
        site.each_context(request)
        | context
        | {
            "title": _("Messages"),
            "subtitle": str(webinar.short_title),
            "mailings": lines,
            "failed": list(failed.select_related("delegate__delegation__body", "user", "bounce")[:MAX_LISTED]),
            "failed_count": failed.count(),
            "drafts": list(Announcement.objects.filter(webinar=webinar, confirmed_at=None)),
            "planned": describe_upcoming(planned),
            "list_url": deliveries_url(webinar),
            "failed_url": deliveries_url(webinar, state__exact=DeliveryState.FAILED),
            "came_back_url": deliveries_url(webinar, state__exact=DeliveryState.BOUNCED),
        }
    )
    return TemplateResponse(request, "admin/webinars/messages.html", context)


def describe_mailings(webinar: Webinar, *, now: datetime) -> list[MailingLine]:
    """Return the mailings of `webinar` with their names and links, the one that sent last first."""
    return [MailingLine(mailing, _label(mailing), _url(webinar, mailing)) for mailing in mailings_of(webinar, now=now)]


def _label(mailing: Mailing) -> str:
    return f"{mailing.kind.label}: {mailing.subject}" if mailing.subject is not None else str(mailing.kind.label)


def _url(webinar: Webinar, mailing: Mailing) -> str:
    """Return the page of an announcement or a gap reminder, on which it can be stopped, else the list of deliveries."""
    if isinstance(mailing.subject, Announcement | GapReminder):
        return change_url(mailing.subject)
    return deliveries_url(webinar, kind__exact=mailing.kind)
