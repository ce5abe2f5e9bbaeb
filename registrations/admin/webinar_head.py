"""The head of each page of one webinar: its name, days and state, and links to its pages.

The address of a page says which webinar it is about: by its slug, by the key of one of its rows, or by the filter
`?webinar=` of a list. So no page has to name its webinar itself, and no account remembers one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from registrations.admin.base import is_observer_request
from registrations.admin.links import people_url
from registrations.admin.webinar_list import describe_next_date
from registrations.models import (
    Announcement,
    Attendance,
    CalendarAnswer,
    Delegate,
    Delegation,
    Delivery,
    GapNoticeRule,
    GapReminder,
    Quota,
    QuotaException,
    RegistrationPolicy,
    ReminderRule,
    Waiver,
)
from sessions_app.admin.base import MAX_KEY_LENGTH
from sessions_app.models import AgendaItem, Release, Session, Speaker, Webinar
from sessions_app.webinar_names import WebinarName, name_of, with_names


class Page(models.TextChoices):
    """The pages of one webinar, in the order of their links."""

    OVERVIEW = "overview", _("Overview")
    AGENDA = "agenda", _("Agenda")
    REGISTRATION = "registration", _("Registration")
    BOARD = "board", _("Board")
    PEOPLE = "people", _("People")
    MESSAGES = "messages", _("Messages")
    ATTENDANCE = "attendance", _("Attendance")
    HISTORY = "history", _("History")


SLUG = re.compile(r"[-\w]{1,100}", re.ASCII)
FOR_OBSERVERS = (Page.AGENDA, Page.BOARD, Page.PEOPLE, Page.ATTENDANCE, Page.HISTORY)
# The pages with the slug of a webinar in their address, by the beginning of their route.
PAGES_WITH_SLUG = {
    "admin/webinars/<slug:slug>/": Page.OVERVIEW,
    "admin/webinars/<slug:slug>/agenda/": Page.AGENDA,
    "admin/webinars/<slug:slug>/registration/": Page.REGISTRATION,
    "admin/webinars/<slug:slug>/messages/": Page.MESSAGES,
    "admin/quota-board/<slug:slug>/": Page.BOARD,
    "admin/quota-board/<slug:slug>/history/": Page.HISTORY,
    "admin/attendance/<slug:slug>/": Page.ATTENDANCE,
}
# The pages of rows, by the beginning of their route: the model of the row, its path to the webinar, and the page that
# links to it.
PAGES_OF_ROWS: Mapping[str, tuple[type[models.Model], str, Page]] = {
    "admin/sessions_app/webinar/": (Webinar, "pk", Page.AGENDA),
    "admin/sessions_app/session/": (Session, "webinar", Page.AGENDA),
    "admin/sessions_app/agendaitem/": (AgendaItem, "session__webinar", Page.AGENDA),
    "admin/sessions_app/speaker/": (Speaker, "webinar", Page.AGENDA),
    "admin/sessions_app/release/": (Release, "webinar", Page.AGENDA),
    "admin/registrations/registrationpolicy/": (RegistrationPolicy, "webinar", Page.REGISTRATION),
    "admin/registrations/quota/": (Quota, "webinar", Page.REGISTRATION),
    "admin/registrations/quota/exceptions/": (QuotaException, "quota__webinar", Page.REGISTRATION),
    "admin/registrations/reminderrule/": (ReminderRule, "webinar", Page.REGISTRATION),
    "admin/registrations/gapnoticerule/": (GapNoticeRule, "webinar", Page.REGISTRATION),
    "admin/registrations/delegation/": (Delegation, "webinar", Page.BOARD),
    "admin/registrations/delegation/waivers/": (Waiver, "delegation__webinar", Page.BOARD),
    "admin/registrations/delegate/": (Delegate, "webinar", Page.PEOPLE),
    "admin/registrations/delegate/register/": (Delegation, "webinar", Page.PEOPLE),
    "admin/registrations/delivery/": (Delivery, "webinar", Page.MESSAGES),
    "admin/registrations/calendaranswer/": (CalendarAnswer, "entry__session__webinar", Page.MESSAGES),
    "admin/registrations/announcement/": (Announcement, "webinar", Page.MESSAGES),
    "admin/registrations/gapreminder/": (GapReminder, "webinar", Page.MESSAGES),
    "admin/registrations/gapreminder/of/": (Webinar, "pk", Page.MESSAGES),
    "admin/registrations/attendance/": (Attendance, "session__webinar", Page.ATTENDANCE),
}


@dataclass(frozen=True)
class PageLink:
    """The link to one page of the webinar."""

    label: str | Promise
    url: str
    is_current: bool


@dataclass(frozen=True)
class WebinarHead:
    """What the head of a page says of its webinar; `next_date` reads "closes Fri 4 Dec, 17:00 (Costa Rica)"."""

    name: WebinarName
    next_date: str
    home_url: str
    links: tuple[PageLink, ...]

    @property
    def zone(self) -> str:
        """The time zone of the webinar, in which the page takes and shows hours."""
        return self.name.webinar.timezone


def head_of_page(request: HttpRequest) -> WebinarHead | None:
    """Return the head of the page that `request` asks for; None unless it is about one webinar. One query."""
    webinar_filter, page = _webinar_and_page(request)
    if webinar_filter is None or page is None:
        return None
    now = timezone.now()
    webinar = with_names(Webinar.objects.filter(**webinar_filter).select_related("policy"), now=now).first()
    return _head(webinar, page, now=now, is_for_observer=is_observer_request(request)) if webinar is not None else None


def webinar_of_page(request: HttpRequest) -> Webinar:
    """Return the webinar of the page, from a query `with_names`. No query. Raises Http404 if there is none."""
    head: WebinarHead | None = getattr(request, "page_head", None)
    if head is None:
        raise Http404
    return head.name.webinar


def _webinar_and_page(request: HttpRequest) -> tuple[dict[str, Any] | None, Page | None]:
    """Return the filter that finds the webinar of the page, and the page; (None, None) for a page of no webinar."""
    match = request.resolver_match
    if match is None:
        return None, None
    slug = match.kwargs.get("slug")
    if slug is not None:
        page = _longest_prefix(PAGES_WITH_SLUG, match.route)
        return ({"slug": slug}, page) if page is not None else (None, None)
    found = _longest_prefix(PAGES_OF_ROWS, match.route)
    if found is None:
        return None, None
    model, path, page = found
    key = str(match.kwargs.get("pk", match.kwargs.get("object_id", "")))
    if _is_key(key):
        return {"pk__in": model._default_manager.filter(pk=key).order_by().values(path)}, page
    chosen = request.GET.get("webinar", "")
    if _is_key(chosen):  # a form to add a row is filled in with the key of a webinar
        return {"pk": chosen}, page
    return ({"slug": chosen}, page) if SLUG.fullmatch(chosen) else (None, None)


def _longest_prefix(pages: Mapping[str, Any], route: str) -> Any:
    """Return the value of the longest key with which `route` begins, or None."""
    prefixes = [prefix for prefix in pages if route.startswith(prefix)]
    return pages[max(prefixes, key=len)] if prefixes else None


def _is_key(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) <= MAX_KEY_LENGTH


def _head(webinar: Webinar, page: Page, *, now: datetime, is_for_observer: bool) -> WebinarHead:
    name = name_of(webinar)
    urls = page_urls(webinar)
    shown = FOR_OBSERVERS if is_for_observer else tuple(Page)
    return WebinarHead(
        name,
        describe_next_date(name, getattr(webinar, "policy", None), now=now),
        urls[Page.BOARD if is_for_observer else Page.OVERVIEW],
        tuple(PageLink(shown_page.label, urls[shown_page], shown_page == page) for shown_page in shown),
    )


def page_urls(webinar: Webinar) -> Mapping[Page, str]:
    """Return the address of each page of `webinar`."""
    return {
        Page.OVERVIEW: reverse("admin:webinar-home", args=[webinar.slug]),
        Page.AGENDA: reverse("admin:webinar-agenda", args=[webinar.slug]),
        Page.REGISTRATION: reverse("admin:webinar-registration", args=[webinar.slug]),
        Page.BOARD: reverse("admin:quota-board", args=[webinar.slug]),
        Page.PEOPLE: people_url(webinar),
        Page.MESSAGES: reverse("admin:webinar-messages", args=[webinar.slug]),
        Page.ATTENDANCE: reverse("admin:attendance", args=[webinar.slug]),
        Page.HISTORY: reverse("admin:webinar-history", args=[webinar.slug]),
    }
