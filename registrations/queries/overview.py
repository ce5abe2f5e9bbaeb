"""The data of a webinar's home page: how far it is set up, and what is still to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from registrations.models import (
    GapNoticeRule,
    HistoryEvent,
    ParticipatingBody,
    QuotaException,
    RegistrationPolicy,
    ReminderRule,
)
from registrations.queries.board import QuotaBoard, quota_board
from registrations.queries.delegation_page import policy_of
from registrations.queries.focal_points import accounts_by_body
from registrations.queries.history import history_of_webinar
from registrations.queries.returned_mail import undelivered
from registrations.queries.speakers import unlinked_speakers
from registrations.queries.upcoming import UpcomingEvent, upcoming_events
from sessions_app.models import Session, Speaker, Webinar
from sessions_app.releases import Draft, draft_of

MAX_UPCOMING = 5
MAX_LATEST = 5


@dataclass(frozen=True)
class CountryWithoutAccess:
    """An attending country for which nobody has signed in."""

    body: ParticipatingBody
    has_focal_point: bool


@dataclass(frozen=True)
class Overview:
    """The contents of a webinar's home. `rooms_missing` are the sessions that take place without a room's address.

    `undelivered` has the number of messages that failed or came back, by their state.
    """

    draft: Draft
    rooms_missing: tuple[Session, ...]
    board: QuotaBoard
    profile_count: int
    exception_count: int
    without_access: tuple[CountryWithoutAccess, ...]
    policy: RegistrationPolicy | None
    reminder_count: int
    gap_notice_count: int
    undelivered: Mapping[str, int]
    unlinked_speakers: Sequence[Speaker]
    upcoming: Sequence[UpcomingEvent]
    latest: Sequence[HistoryEvent]


def overview_of(webinar: Webinar, *, now: datetime) -> Overview:
    """Return the overview of `webinar`, whose policy is loaded. The number of queries does not grow with its size."""
    board = quota_board(webinar)
    sessions = webinar.sessions.filter(cancelled_at__isnull=True).order_by("number")
    return Overview(
        draft=draft_of(webinar),
        rooms_missing=tuple(session for session in sessions if not session.current_room_url),
        board=board,
        profile_count=webinar.quotas.count(),
        exception_count=QuotaException.objects.filter(quota__webinar=webinar).count(),
        without_access=_without_access(board),
        policy=policy_of(webinar),
        reminder_count=ReminderRule.objects.filter(webinar=webinar).count(),
        gap_notice_count=GapNoticeRule.objects.filter(webinar=webinar).count(),
        undelivered=_undelivered(webinar),
        unlinked_speakers=list(unlinked_speakers(webinar.pk)),
        upcoming=upcoming_events([webinar], now=now)[:MAX_UPCOMING],
        latest=list(history_of_webinar(webinar, is_webinar_wide=False)[:MAX_LATEST]),
    )


def _undelivered(webinar: Webinar) -> dict[str, int]:
    rows = undelivered().filter(webinar=webinar).order_by()
    return dict(rows.values_list("state").annotate(count=Count("pk")))


def _without_access(board: QuotaBoard) -> tuple[CountryWithoutAccess, ...]:
    """Return the attending countries for which nobody has signed in. One query."""
    bodies = [row.delegation.body for row in board.rows if row.is_attending]
    accounts = accounts_by_body(body.pk for body in bodies)
    return tuple(
        CountryWithoutAccess(body, has_focal_point=body.pk in accounts)
        for body in bodies
        if all(account.last_login is None for account in accounts.get(body.pk, ()))
    )
