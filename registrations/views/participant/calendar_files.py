"""The calendar files of a participant's link: one session to import, and a feed of all sessions to subscribe to."""

from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from registrations.calendar_session import calendar_session
from registrations.models import Delegate
from registrations.queries.participant import (
    ParticipantSession,
    Subscriber,
    is_invited,
    language_or_zone_chosen_at,
    participant_sessions,
    sessions_of_feed,
)
from registrations.tokens import Scope, make_token, read_feed_token
from registrations.views.participant.links import participant_view, read_page_token
from sessions_app.ical import CalendarSession, render_download, render_feed

CONTENT_TYPE = "text/calendar; charset=utf-8"
# Part of the ETag: increase it with every change of how the feed presents the same data.
FEED_FORMAT = 3


@participant_view(read_feed_token)
@require_safe
def calendar_feed(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """Return the feed that calendar programs fetch. It is empty before a release and for a person who left.

    Two queries where nothing has changed, four otherwise.
    """
    etag = feed_etag(subscriber)
    response = get_conditional_response(request, etag=etag)
    if response is None:
        response = HttpResponse(_render_feed(subscriber), content_type=CONTENT_TYPE)
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@participant_view(read_page_token)
@require_safe
def session_file(request: HttpRequest, delegate: Delegate, *, n: int) -> HttpResponse:
    """Return session `n` as a file to import, with the UID of the invitation; 404 before the person is invited."""
    sessions = participant_sessions(delegate) if is_invited(delegate) else ()
    my_session = next((session for session in sessions if session.number == n), None)
    if my_session is None:
        raise Http404
    body = render_download(*_calendar_sessions(delegate, [my_session]))
    filename = f"{delegate.webinar.slug}-{n}.ics"
    return HttpResponse(
        body, content_type=CONTENT_TYPE, headers={"Content-Disposition": f'attachment; filename="{filename}"'}
    )


def _render_feed(subscriber: Subscriber) -> bytes:
    delegate = subscriber.delegate
    sessions = _calendar_sessions(delegate, sessions_of_feed(subscriber))
    return render_feed(
        (_with_cancelled_title(session, delegate.language) for session in sessions),
        name=delegate.webinar.title.render(delegate.language).text,
    )


def feed_etag(subscriber: Subscriber) -> str:
    """Return a strong ETag of everything that the feed depends on, without building the feed. No query.

    The release number covers the sessions; the join token covers the delegate, the version of their links and the
    signing key.
    """
    delegate = subscriber.delegate
    parts = (
        FEED_FORMAT,
        subscriber.release_number,
        tuple((entry.session_id, entry.sequence, entry.stamp) for entry in subscriber.entries),
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


def _calendar_sessions(delegate: Delegate, sessions: Iterable[ParticipantSession]) -> list[CalendarSession]:
    """Return the VEVENTs of `sessions` in the revision that a calendar program can compare with the mails."""
    chosen_at = language_or_zone_chosen_at(delegate)
    found = []
    for session in sessions:
        sequence, stamp = session.revision(chosen_at=chosen_at)
        found.append(calendar_session(session.released, delegate=delegate, sequence=sequence, stamp=stamp))
    return found


def _with_cancelled_title(session: CalendarSession, language: str) -> CalendarSession:
    """Prefix the title of a cancelled session: some programs ignore the status of entries in a subscribed feed."""
    if not session.is_cancelled:
        return session
    with translation.override(language):
        return replace(session, summary=_("Cancelled: %(title)s") % {"title": session.summary})
