"""The data of a webinar's home page: how far it is set up, and what is still to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from registrations.models import (
    Delivery,
    DeliveryState,
    FocalPoint,
    GapNoticeRule,
    HistoryEvent,
    QuotaException,
    RegistrationPolicy,
    ReminderRule,
)
from registrations.queries.board import BoardRow, QuotaBoard, quota_board
from registrations.queries.history import history_of_webinar
from registrations.queries.speakers import unlinked_speakers
from registrations.queries.upcoming import UpcomingEvent, upcoming_events
from sessions_app.agenda import latest_release
from sessions_app.models import Release, Session, Speaker, Webinar
from sessions_app.releases import Draft, draft_of

MAX_UPCOMING = 5
MAX_LATEST = 5


@dataclass(frozen=True)
class CountryWithoutAccess:
    """An attending country for which nobody has signed in; `never_seen` is empty if it has no focal point at all."""

    row: BoardRow
    never_seen: tuple[FocalPoint, ...]


@dataclass(frozen=True)
class Overview:
    """The contents of a webinar's home. `rooms_missing` are the sessions that take place without a room's address."""

    draft: Draft
    release: Release | None
    rooms_missing: tuple[Session, ...]
    board: QuotaBoard
    profile_count: int
    exception_count: int
    without_access: tuple[CountryWithoutAccess, ...]
    policy: RegistrationPolicy | None
    reminder_count: int
    gap_notice_count: int
    failed_count: int
    unlinked_speakers: Sequence[Speaker]
    upcoming: Sequence[UpcomingEvent]
    latest: Sequence[HistoryEvent]


def overview_of(webinar: Webinar, *, now: datetime) -> Overview:
    """Return the overview of `webinar`. The number of queries is always the same."""
    board = quota_board(webinar)
    sessions = webinar.sessions.filter(cancelled_at__isnull=True).order_by("number")
    return Overview(
        draft=draft_of(webinar),
        release=latest_release(webinar),
        rooms_missing=tuple(session for session in sessions if not session.current_room_url),
        board=board,
        profile_count=webinar.quotas.count(),
        exception_count=QuotaException.objects.filter(quota__webinar=webinar).count(),
        without_access=_without_access(board),
        policy=RegistrationPolicy.objects.filter(webinar=webinar).first(),
        reminder_count=ReminderRule.objects.filter(webinar=webinar).count(),
        gap_notice_count=GapNoticeRule.objects.filter(webinar=webinar).count(),
        failed_count=Delivery.objects.filter(webinar=webinar, state=DeliveryState.FAILED).count(),
        unlinked_speakers=list(unlinked_speakers(webinar.pk)),
        upcoming=upcoming_events([webinar], now=now)[:MAX_UPCOMING],
        latest=list(history_of_webinar(webinar, is_webinar_wide=False)[:MAX_LATEST]),
    )


def _without_access(board: QuotaBoard) -> tuple[CountryWithoutAccess, ...]:
    """Return the attending countries for which nobody has signed in. One query."""
    attending = [row for row in board.rows if row.is_attending]
    bodies = {row.delegation.body_id for row in attending}
    focal_points: dict[int, list[FocalPoint]] = {body: [] for body in bodies}
    for focal_point in FocalPoint.objects.with_access().filter(body__in=bodies).select_related("user"):
        focal_points[focal_point.body_id].append(focal_point)
    return tuple(
        CountryWithoutAccess(row, tuple(focal_points[row.delegation.body_id]))
        for row in attending
        if all(focal_point.user.last_login is None for focal_point in focal_points[row.delegation.body_id])
    )
