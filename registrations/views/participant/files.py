"""The calendar files behind a participant's link: one session to import, all sessions to subscribe to."""

from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from registrations.calendars import calendar_session
from registrations.models import Delegate
from registrations.queries.participant import (
    MySession,
    Subscriber,
    is_invited,
    language_or_zone_chosen_at,
    my_sessions,
    sessions_of_feed,
)
from registrations.tokens import Scope, make_token, read_feed_token
from registrations.views.participant.links import participant_view, read_page_token
from sessions_app.ical import CalendarSession, render_download, render_feed

CONTENT_TYPE = "text/calendar; charset=utf-8"
# Raise it with every change of what the feed says about the same data.
FEED_FORMAT = 3


@participant_view(read_feed_token)
@require_safe
def feed(request: HttpRequest, of: Subscriber) -> HttpResponse:
    """The calendar that a program asks for again and again. Empty before a release and for a person who left.

    Two queries where nothing has changed, three otherwise.
    """
    etag = feed_etag(of)
    response = get_conditional_response(request, etag=etag)
    if response is None:
        delegate = of.delegate
        sessions = [_calendar_session(delegate, mine, chosen_at=of.chosen_at) for mine in sessions_of_feed(of)]
        body = render_feed(
            (_marked_if_cancelled(each, delegate.language) for each in sessions),
            name=delegate.webinar.title.render(delegate.language).text,
        )
        response = HttpResponse(body, content_type=CONTENT_TYPE)
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@participant_view(read_page_token)
@require_safe
def session_ics(request: HttpRequest, delegate: Delegate, *, n: int) -> HttpResponse:
    """Session `n` as a file to import, with the UID of the invitation. 404 while there is nothing to invite to."""
    sessions = my_sessions(delegate) if is_invited(delegate) else ()
    mine = next((one for one in sessions if one.number == n), None)
    if mine is None:
        raise Http404
    body = render_download(_calendar_session(delegate, mine, chosen_at=language_or_zone_chosen_at(delegate)))
    filename = f"{delegate.webinar.slug}-{n}.ics"
    return HttpResponse(
        body, content_type=CONTENT_TYPE, headers={"Content-Disposition": f'attachment; filename="{filename}"'}
    )


def feed_etag(of: Subscriber) -> str:
    """A strong ETag over all that the feed is made of, without making it. No query.

    The number of the release stands for its sessions; the join token for the person, the version of the links and the
    secret that they are signed with.
    """
    delegate = of.delegate
    parts = (
        FEED_FORMAT,
        of.release_number,
        tuple((entry.session_id, entry.sequence, entry.stamp) for entry in of.entries),
        is_invited(delegate),
        delegate.version,
        delegate.language,
        delegate.timezone,
        make_token(delegate, Scope.JOIN),
        delegate.webinar.title,
        delegate.webinar.contact_email,
        settings.BASE_URL,
    )
    return f'"{sha256(repr(parts).encode()).hexdigest()[:32]}"'


def _calendar_session(delegate: Delegate, mine: MySession, *, chosen_at: datetime | None) -> CalendarSession:
    sequence, stamp = mine.revision(chosen_at=chosen_at)
    return calendar_session(mine.released, delegate=delegate, sequence=sequence, stamp=stamp)


def _marked_if_cancelled(session: CalendarSession, language: str) -> CalendarSession:
    """With a word in the title too: some programs overlook the status of an entry that they subscribe to."""
    if not session.is_cancelled:
        return session
    with translation.override(language):
        return replace(session, summary=_("Cancelled: %(title)s") % {"title": session.summary})
