"""What messages about a session show of it."""

from functools import partial

from registrations.models import Delegate
from registrations.tokens import join_url, page_url
from sessions_app.agenda import AgendaSession
from sessions_app.hours import Hours, hours_for
from sessions_app.models import ReleasedSession


def session_context(released: ReleasedSession, delegate: Delegate) -> dict[str, object]:
    """Return what every message about a session shows of it, in the language and zone of `delegate`."""
    webinar = released.session.webinar
    return {
        "delegate": delegate,
        "hours": session_hours(released, released, delegate),
        "session_title": released.title.render(delegate.language).text,
        "webinar_title": webinar.title.render(delegate.language).text,
        "page_url": page_url(delegate),
        # Made where a template shows it.
        "join_url": partial(join_url, delegate, released.number),
        "room_opens_minutes": released.session.room_opens_minutes,
    }


def session_hours(session: AgendaSession | ReleasedSession, released: ReleasedSession, delegate: Delegate) -> Hours:
    """Return the hours of `session`, a version of `released`, in the zone of `delegate` beside that of the webinar."""
    return hours_for(
        session.starts_at,
        session.ends_at,
        reader_zone=delegate.timezone,
        webinar_zone=released.timezone,
        language=delegate.language,
    )
