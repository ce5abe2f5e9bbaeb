"""The released sessions of a webinar, and when the webinar ends."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from sessions_app.models import ReleasedSession, Session, Webinar

# The columns that the end of a session is computed from: of the draft, then of the released session.
SESSION_END_COLUMNS = ("cancelled_at", "starts_at", "duration_minutes", "released__is_cancelled", "released__ends_at")


def released_sessions(webinar: Webinar) -> "QuerySet[ReleasedSession]":
    """Return the released sessions of `webinar` in the order of time."""
    return ReleasedSession.objects.filter(session__webinar=webinar).order_by("starts_at", "number")


def released_sessions_and_end(webinar: Webinar) -> tuple[list[ReleasedSession], datetime | None]:
    """Return the released sessions in the order of time, and the end of the webinar. Costs one query."""
    sessions = list(Session.objects.filter(webinar=webinar).select_related("released"))
    released = [session.released for session in sessions if hasattr(session, "released")]
    end = _latest_end([(session.is_cancelled, session.ends_at) for session in released]) or _latest_end(
        [(session.cancelled_at is not None, session.ends_at) for session in sessions]
    )
    return sorted(released, key=lambda session: (session.starts_at, session.number)), end


def last_session_end(webinar: Webinar) -> datetime | None:
    """Return the end of the webinar's last session, when everything freezes (rule 7), or None without sessions.

    Costs one query. Released times apply if anything is released. Cancelled sessions count only if all sessions are
    cancelled.
    """
    return _end_of_sessions(list(Session.objects.filter(webinar=webinar).order_by().values_list(*SESSION_END_COLUMNS)))


def webinars_over(webinars: "QuerySet[Any, Any]", *, now: datetime) -> set[int]:
    """Return the ids of the `webinars` whose last session has ended. Costs one query."""
    rows: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    sessions = Session.objects.filter(webinar__in=webinars).order_by()
    for pk, *row in sessions.values_list("webinar", *SESSION_END_COLUMNS):
        rows[pk].append(tuple(row))
    ends = {pk: _end_of_sessions(of_one) for pk, of_one in rows.items()}
    return {pk for pk, end in ends.items() if end is not None and end <= now}


def _end_of_sessions(sessions: Sequence[tuple[Any, ...]]) -> datetime | None:
    """Return the last end of `sessions`, given the SESSION_END_COLUMNS of each session of one webinar."""
    return _latest_end(
        [(is_cancelled, ends_at) for *_edited, is_cancelled, ends_at in sessions if ends_at is not None]
    ) or _latest_end(
        [
            (cancelled_at is not None, starts_at + timedelta(minutes=minutes))
            for cancelled_at, starts_at, minutes, *_released in sessions
        ]
    )


def _latest_end(ends: Sequence[tuple[bool, datetime]]) -> datetime | None:
    """Return the latest end of (is cancelled, end) pairs; cancelled ones count only if all are cancelled."""
    held = [ends_at for is_cancelled, ends_at in ends if not is_cancelled]
    return max(held or [ends_at for _, ends_at in ends], default=None)
