"""What happens next by itself: sessions, registration that opens or closes, reminders and notices."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from registrations.models import GapNoticeRule, RegistrationPolicy, ReminderRule, ReminderScope
from registrations.queries.participant import RoomState, room_state
from sessions_app.models import ReleasedSession, Session, Webinar


class UpcomingKind(Enum):
    OPENING = "opening"
    CLOSING = "closing"
    GAP_NOTICE = "gap_notice"
    REMINDER = "reminder"
    UNDER_WAY = "under_way"
    SESSION = "session"
    UNRELEASED_SESSION = "unreleased_session"


@dataclass(frozen=True)
class UpcomingEvent:
    """`subject` is the rule, the session or the policy of registration."""

    at: datetime
    kind: UpcomingKind
    webinar: Webinar
    subject: ReminderRule | GapNoticeRule | ReleasedSession | Session | RegistrationPolicy


def upcoming_events(webinars: Sequence[Webinar], *, now: datetime) -> list[UpcomingEvent]:
    """What lies ahead of `webinars`, whose policies are loaded, the next first; before that the sessions whose room
    people may come to now. Three queries."""
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
    coming = (
        one
        for pk, webinar in by_pk.items()
        for one in (
            *_of_registration(webinar, notices[pk], now=now),
            *_of_sessions(webinar, sessions[pk], reminders[pk], now=now),
        )
    )
    return sorted(
        (one for one in coming if one.at > now or one.kind == UpcomingKind.UNDER_WAY),
        key=lambda one: (one.kind != UpcomingKind.UNDER_WAY, one.at),
    )


def policy_loaded(webinar: Webinar) -> RegistrationPolicy | None:
    """That of a webinar loaded with `select_related("policy")`, without a query."""
    return getattr(webinar, "policy", None)


def _of_registration(webinar: Webinar, notices: Iterable[GapNoticeRule], *, now: datetime) -> Iterator[UpcomingEvent]:
    policy = policy_loaded(webinar)
    if policy is None:
        return
    yield UpcomingEvent(policy.closes_at, UpcomingKind.CLOSING, webinar, policy)
    if policy.opens_at is None:
        return
    yield UpcomingEvent(policy.opens_at, UpcomingKind.OPENING, webinar, policy)
    for rule in notices:
        if max(rule.created_at, policy.opens_at) < rule.due_at < policy.closes_at:
            yield UpcomingEvent(rule.due_at, UpcomingKind.GAP_NOTICE, webinar, rule)


def _of_sessions(
    webinar: Webinar, sessions: Iterable[Session], rules: Iterable[ReminderRule], *, now: datetime
) -> Iterator[UpcomingEvent]:
    released: list[ReleasedSession] = []
    for session in sessions:
        held: ReleasedSession | None = getattr(session, "released", None)
        if held is None:
            yield UpcomingEvent(session.starts_at, UpcomingKind.UNRELEASED_SESSION, webinar, session)
        elif not held.is_cancelled:
            released.append(held)
            is_under_way = room_state(session, now=now) in (RoomState.OPEN, RoomState.NOT_ENTERED)
            yield UpcomingEvent(
                held.starts_at, UpcomingKind.UNDER_WAY if is_under_way else UpcomingKind.SESSION, webinar, held
            )
    released.sort(key=lambda held: (held.starts_at, held.number))
    for rule in rules:
        for held in released[:1] if rule.scope == ReminderScope.FIRST_SESSION else released:
            if rule.created_at < rule.due_at_for(held):
                yield UpcomingEvent(rule.due_at_for(held), UpcomingKind.REMINDER, webinar, rule)
