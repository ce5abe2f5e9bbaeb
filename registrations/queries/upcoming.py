"""What happens next by itself: sessions, opening and closing of registration, reminders, gap notices."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from registrations.models import GapNoticeRule, RegistrationPolicy, ReminderRule, ReminderScope
from registrations.queries.delegation_page import policy_of
from registrations.queries.rooms import RoomState, room_state
from sessions_app.models import ReleasedSession, Session, Webinar


class UpcomingKind(Enum):
    """The kinds of upcoming events."""

    OPENING = "opening"
    CLOSING = "closing"
    GAP_NOTICE = "gap_notice"
    REMINDER = "reminder"
    UNDER_WAY = "under_way"
    SESSION = "session"
    UNRELEASED_SESSION = "unreleased_session"


@dataclass(frozen=True)
class UpcomingEvent:
    """An event that is about to happen; `subject` is the rule, session or policy that it comes from.

    A reminder also has the `session` that it reminds of.
    """

    at: datetime
    kind: UpcomingKind
    webinar: Webinar
    subject: ReminderRule | GapNoticeRule | ReleasedSession | Session | RegistrationPolicy
    session: ReleasedSession | None = None


def upcoming_events(webinars: Sequence[Webinar], *, now: datetime) -> list[UpcomingEvent]:
    """Return the events ahead for `webinars`, whose policies are loaded. Costs three queries.

    Sessions whose room can be entered now come first, then all other events in the order of time.
    """
    by_pk = {webinar.pk: webinar for webinar in webinars}
    sessions: dict[int, list[Session]] = defaultdict(list)
    rows = Session.objects.filter(webinar__in=by_pk, cancelled_at__isnull=True).select_related("released")
    for session in rows.order_by("starts_at", "number"):
        sessions[session.webinar_id].append(session)
    reminders: dict[int, list[ReminderRule]] = defaultdict(list)
    for rule in ReminderRule.objects.filter(webinar__in=by_pk):
        reminders[rule.webinar_id].append(rule)
    notices: dict[int, list[GapNoticeRule]] = defaultdict(list)
    for notice in GapNoticeRule.objects.filter(webinar__in=by_pk).select_related("webinar__policy"):
        notices[notice.webinar_id].append(notice)
    events = (
        event
        for pk, webinar in by_pk.items()
        for event in (
            *_registration_events(webinar, notices[pk], now=now),
            *_session_events(webinar, sessions[pk], reminders[pk], now=now),
        )
    )
    return sorted(
        (event for event in events if event.at > now or event.kind == UpcomingKind.UNDER_WAY),
        key=lambda event: (event.kind != UpcomingKind.UNDER_WAY, event.at),
    )


def _registration_events(
    webinar: Webinar, notices: Iterable[GapNoticeRule], *, now: datetime
) -> Iterator[UpcomingEvent]:
    policy = policy_of(webinar)
    if policy is None:
        return
    yield UpcomingEvent(policy.closes_at, UpcomingKind.CLOSING, webinar, policy)
    if policy.opens_at is None:
        return
    yield UpcomingEvent(policy.opens_at, UpcomingKind.OPENING, webinar, policy)
    for rule in notices:
        if max(rule.created_at, policy.opens_at) < rule.due_at < policy.closes_at:
            yield UpcomingEvent(rule.due_at, UpcomingKind.GAP_NOTICE, webinar, rule)


def _session_events(
    webinar: Webinar, sessions: Iterable[Session], rules: Iterable[ReminderRule], *, now: datetime
) -> Iterator[UpcomingEvent]:
    takes_place: list[ReleasedSession] = []
    for session in sessions:
        released: ReleasedSession | None = getattr(session, "released", None)
        if released is None:
            yield UpcomingEvent(session.starts_at, UpcomingKind.UNRELEASED_SESSION, webinar, session)
        elif not released.is_cancelled:
            takes_place.append(released)
            is_under_way = room_state(session, now=now) in (RoomState.OPEN, RoomState.NOT_ENTERED)
            yield UpcomingEvent(
                released.starts_at, UpcomingKind.UNDER_WAY if is_under_way else UpcomingKind.SESSION, webinar, released
            )
    takes_place.sort(key=lambda released: (released.starts_at, released.number))
    for rule in rules:
        for released in takes_place[:1] if rule.scope == ReminderScope.FIRST_SESSION else takes_place:
            if rule.created_at < rule.due_at_for(released):
                yield UpcomingEvent(rule.due_at_for(released), UpcomingKind.REMINDER, webinar, rule, released)
