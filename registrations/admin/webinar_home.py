"""The home of one webinar: what is set up and what is not, its delegations, and what comes next."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations.admin.base import is_observer_request
from registrations.admin.dashboard import describe_upcoming
from registrations.admin.webinar_head import Page, page_urls, webinar_of_page
from registrations.admin.webinar_messages import describe_mailings
from registrations.models import Delegation, DelegationStatus, DeliveryState
from registrations.queries.overview import Overview, overview_of
from sessions_app.admin.base import change_url
from sessions_app.models import Webinar


class CheckState(StrEnum):
    """How far one part of a webinar is set up. MISSING keeps people from registering or taking part."""

    MISSING = "missing"
    WARNING = "warning"
    DONE = "done"


@dataclass(frozen=True)
class Check:
    """One row of the checklist: what it is about, its state in a sentence, and the page that deals with it."""

    label: str
    state: CheckState
    text: str
    url: str


def webinar_home_page(site: AdminSite, request: HttpRequest, slug: str) -> HttpResponse:
    """Show the home of the webinar `slug`. Observers have the board and the agenda instead."""
    if is_observer_request(request):
        raise PermissionDenied
    webinar = webinar_of_page(request)
    now = timezone.now()
    overview = overview_of(webinar, now=now)
    checks = checks_of(webinar, overview)
    context = site.each_context(request) | {
        "title": _("Overview"),
        "subtitle": str(webinar.short_title),
        "webinar": webinar,
        "overview": overview,
        "in_progress": [line for line in describe_mailings(webinar, now=now) if line.mailing.is_in_progress],
        "open_checks": [check for check in checks if check.state != CheckState.DONE],
        "done_checks": [check for check in checks if check.state == CheckState.DONE],
        "states": delegations_by_state(overview),
        "coming": describe_upcoming(overview.upcoming),
        "latest": overview.latest,
    }
    return TemplateResponse(request, "admin/webinars/home.html", context)


def delegations_by_state(overview: Overview) -> list[tuple[str, str, list[Delegation]]]:
    """Return (state, label, delegations of countries) for each state that some delegation has."""
    found: dict[str, list[Delegation]] = defaultdict(list)
    for row in overview.board.rows:
        found[row.delegation.status].append(row.delegation)
    return [(str(state), str(label), found[state]) for state, label in DelegationStatus.choices if state in found]


def checks_of(webinar: Webinar, overview: Overview) -> list[Check]:
    """Return the checklist of `webinar`: what is missing first, then what is only a warning, then what is done."""
    urls = page_urls(webinar)
    found = [check for checks_of_part in CHECKS for check in checks_of_part(webinar, overview, urls)]
    order = list(CheckState)
    return sorted(found, key=lambda check: order.index(check.state))


Urls = Mapping[Page, str]


def _agenda(webinar: Webinar, overview: Overview, urls: Urls) -> Iterator[Check]:
    draft, label = overview.draft, _("Agenda")
    items = sum(len(session.entries) for session in draft.agenda.sessions)
    if draft.problems:
        yield Check(label, CheckState.MISSING, " ".join(draft.problems), urls[Page.AGENDA])
    elif draft.warnings:
        yield Check(label, CheckState.WARNING, " ".join(draft.warnings), urls[Page.AGENDA])
    else:
        text = ngettext("%(count)s agenda item", "%(count)s agenda items", items) % {"count": items}
        yield Check(label, CheckState.DONE, text, urls[Page.AGENDA])


def _translation(webinar: Webinar, overview: Overview, urls: Urls) -> Iterator[Check]:
    count = overview.draft.agenda.untranslated_count
    if count:
        text = ngettext("%(count)s text lacks a language", "%(count)s texts lack a language", count)
        yield Check(_("Translation"), CheckState.WARNING, text % {"count": count}, urls[Page.AGENDA])
    else:
        yield Check(
            _("Translation"), CheckState.DONE, _("Every text of the agenda is in both languages"), urls[Page.AGENDA]
        )


def _release(webinar: Webinar, overview: Overview, urls: Urls) -> Iterator[Check]:
    release, changes, label = overview.draft.release, overview.draft.changes, _("Release")
    url = reverse("admin:release-webinar", args=[webinar.pk])
    if release is None:
        yield Check(label, CheckState.MISSING, _("Not released: nothing is public or mailed"), url)
        return
    text = _("%(release)s is public since %(day)s") % {
        "release": release,
        "day": date_format(timezone.localtime(release.released_at), "DATE_FORMAT"),
    }
    if changes:
        waiting = _("changes since then are not public")
        yield Check(label, CheckState.WARNING, f"{text}; {waiting}", url)
    else:
        yield Check(label, CheckState.DONE, text, urls[Page.AGENDA])


def _rooms(webinar: Webinar, overview: Overview, urls: Urls) -> Iterator[Check]:
    for session in overview.rooms_missing:
        text = _("Session %(number)s has no address") % {"number": session.number}
        yield Check(_("Room"), CheckState.MISSING, text, change_url(session))
    if not overview.rooms_missing and overview.draft.agenda.sessions:
        yield Check(_("Rooms"), CheckState.DONE, _("Every session has an address"), urls[Page.AGENDA])


def _languages(webinar: Webinar, overview: Overview, urls: Urls) -> Iterator[Check]:
    agenda, label = overview.draft.agenda, _("Languages")
    unknown = [str(session.number) for session in agenda.takes_place if not session.floor_languages]
    if unknown:
        text = _("No language of the floor is chosen for session %(numbers)s") % {"numbers": ", ".join(unknown)}
        yield Check(label, CheckState.WARNING, text, urls[Page.AGENDA])
    elif agenda.takes_place:
        yield Check(label, CheckState.DONE, _("Every session has its languages"), urls[Page.AGENDA])


def _organisers(webinar: Webinar, overview: Overview, urls: Urls) -> Iterator[Check]:
    names = [str(organiser.name) for organiser in overview.draft.agenda.organisers]
    state = CheckState.DONE if names else CheckState.WARNING
    yield Check(_("Organisers"), state, ", ".join(names) or _("No organiser is named"), change_url(webinar))


def _speakers(webinar: Webinar, overview: Overview, urls: Urls) -> Iterator[Check]:
    count = len(overview.unlinked_speakers)
    if count:
        text = ngettext(
            "%(count)s has nobody who gets the invitation: %(names)s",
            "%(count)s have nobody who gets the invitation: %(names)s",
            count,
        ) % {"count": count, "names": ", ".join(str(speaker) for speaker in overview.unlinked_speakers)}
        yield Check(_("Speakers"), CheckState.WARNING, text, urls[Page.BOARD])


def _countries(webinar: Webinar, overview: Overview, urls: Urls) -> Iterator[Check]:
    rows, label = overview.board.rows, _("Countries")
    if not rows:
        yield Check(label, CheckState.MISSING, _("No country is asked"), urls[Page.REGISTRATION])
        return
    away = [str(row.delegation.body) for row in rows if not row.is_attending]
    text = ngettext("%(count)s country is asked", "%(count)s countries are asked", len(rows)) % {"count": len(rows)}
    if away:
        text += "; " + _("not attending: %(countries)s") % {"countries": ", ".join(away)}
    yield Check(label, CheckState.DONE, text, urls[Page.REGISTRATION])


def _quotas(webinar: Webinar, overview: Overview, urls: Urls) -> Iterator[Check]:
    profiles, exceptions = overview.profile_count, overview.exception_count
    if not profiles:
        text = _("No quota: no country would be asked for anybody")
        yield Check(_("Quotas"), CheckState.MISSING, text, urls[Page.REGISTRATION])
        return
    text = ngettext("%(count)s profile", "%(count)s profiles", profiles) % {"count": profiles}
    if exceptions:
        text += "; " + ngettext("%(count)s exception", "%(count)s exceptions", exceptions) % {"count": exceptions}
    yield Check(_("Quotas"), CheckState.DONE, text, urls[Page.REGISTRATION])


def _focal_points(webinar: Webinar, overview: Overview, urls: Urls) -> Iterator[Check]:
    label = _("Focal points")
    nobody = [str(country.body) for country in overview.without_access if not country.has_focal_point]
    unseen = [str(country.body) for country in overview.without_access if country.has_focal_point]
    if nobody:
        text = _("No focal point: %(countries)s") % {"countries": ", ".join(nobody)}
        yield Check(label, CheckState.MISSING, text, urls[Page.REGISTRATION])
    if unseen:
        text = _("Nobody has signed in yet: %(countries)s") % {"countries": ", ".join(unseen)}
        yield Check(label, CheckState.WARNING, text, urls[Page.REGISTRATION])
    if overview.board.rows and not nobody and not unseen:
        text = _("Every country has a focal point who has signed in")
        yield Check(label, CheckState.DONE, text, urls[Page.REGISTRATION])


def _registration(webinar: Webinar, overview: Overview, urls: Urls) -> Iterator[Check]:
    policy, label, url = overview.policy, _("Registration"), urls[Page.REGISTRATION]
    if policy is None or policy.opens_at is None:
        yield Check(label, CheckState.MISSING, _("No opening date: nobody can register"), url)
        return
    text = _("From %(opens)s to %(closes)s") % {
        "opens": date_format(timezone.localtime(policy.opens_at), "SHORT_DATETIME_FORMAT"),
        "closes": date_format(timezone.localtime(policy.closes_at), "SHORT_DATETIME_FORMAT"),
    }
    yield Check(label, CheckState.DONE, text, url)
    letter = _("A nomination letter is required") if policy.requires_letter else _("No nomination letter is required")
    yield Check(_("Letter"), CheckState.DONE, letter, url)


def _reminders(webinar: Webinar, overview: Overview, urls: Urls) -> Iterator[Check]:
    reminders, notices = overview.reminder_count, overview.gap_notice_count
    texts = [
        ngettext("%(count)s reminder rule", "%(count)s reminder rules", reminders) % {"count": reminders},
        ngettext("%(count)s gap notice rule", "%(count)s gap notice rules", notices) % {"count": notices},
    ]
    state = CheckState.DONE if reminders and notices else CheckState.WARNING
    yield Check(_("Reminders"), state, ", ".join(texts), urls[Page.REGISTRATION])


def _contact(webinar: Webinar, overview: Overview, urls: Urls) -> Iterator[Check]:
    yield Check(_("Contact"), CheckState.DONE, webinar.contact_email, change_url(webinar))


def _mails(webinar: Webinar, overview: Overview, urls: Urls) -> Iterator[Check]:
    failed = overview.undelivered.get(DeliveryState.FAILED, 0)
    came_back = overview.undelivered.get(DeliveryState.BOUNCED, 0)
    if failed:
        text = ngettext("%(count)s message failed", "%(count)s messages failed", failed) % {"count": failed}
        yield Check(_("Mails"), CheckState.MISSING, text, urls[Page.MESSAGES])
    if came_back:
        text = ngettext("%(count)s message came back", "%(count)s messages came back", came_back)
        yield Check(_("Mails"), CheckState.MISSING, text % {"count": came_back}, urls[Page.MESSAGES])


CHECKS: tuple[Callable[[Webinar, Overview, Urls], Iterator[Check]], ...] = (
    _focal_points,
    _rooms,
    _mails,
    _agenda,
    _translation,
    _release,
    _languages,
    _organisers,
    _speakers,
    _countries,
    _quotas,
    _registration,
    _reminders,
    _contact,
)
