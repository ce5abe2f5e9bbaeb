"""Mail about decisions, alerts and people who cannot come, owed by the row of the history that says what happened."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from registrations.models import Delivery, DeliveryKind, HistoryEvent, HistoryKind, User
from registrations.models.history import ALERT_KINDS
from registrations.queries.absences import absences_that_stand
from registrations.queries.focal_points import accounts_by_body
from registrations.services.answers import REPEAT_WINDOW
from sessions_app.models import Release

# Decisions of the secretariat, or of the rules, that a country's focal points are told.
DECISIONS = (
    HistoryKind.ACCEPTED,
    HistoryKind.ACCEPTED_WITH_GAP,
    HistoryKind.WAIVED,
    HistoryKind.WAIVER_REVOKED,
    HistoryKind.RETURNED,
    HistoryKind.REOPENED,
)
# Told only where the secretariat did it: a focal point knows what they did themselves.
DECISIONS_BY_STAFF = (HistoryKind.NOT_ATTENDING, HistoryKind.ATTENDING_AGAIN)
# An older decision that nobody could be told of is no longer news.
NEWEST = timedelta(days=14)
BATCH = 500


def plan_notices(*, now: datetime) -> int:
    """Owe each focal point the decisions on their delegations and who of these cannot come, and active staff the
    alerts; how many there are.

    Before the first release of a webinar no country is written to (rule 12); the secretariat itself is.
    """
    owed = [*_decisions_and_alerts(now), *_absences(now)]
    Delivery.objects.bulk_create(owed, batch_size=BATCH, ignore_conflicts=True)
    return len(owed)


def _events_to_notify(now: datetime) -> "QuerySet[HistoryEvent]":
    """The recent decisions and alerts about which no mail was planned."""
    told = Delivery.objects.standing().filter(event=OuterRef("pk"))
    by_staff = Q(kind__in=DECISIONS_BY_STAFF, actor__is_staff=True)
    is_released = Exists(Release.objects.filter(webinar=OuterRef("webinar")))
    decisions = Q(Q(kind__in=DECISIONS) | by_staff, is_released)
    recent = HistoryEvent.objects.filter(~Exists(told), at__gt=now - NEWEST, at__lte=now)
    return recent.filter(decisions | Q(kind__in=ALERT_KINDS)).select_related("delegation").order_by("pk")


def _decisions_and_alerts(now: datetime) -> Iterable[Delivery]:
    events = list(_events_to_notify(now))
    alerts = [event for event in events if event.kind in ALERT_KINDS]
    decisions = [event for event in events if event.kind not in ALERT_KINDS]
    accounts = accounts_by_body(event.delegation.body_id for event in decisions if event.delegation)
    for event in decisions:
        if event.delegation:
            for user in accounts.get(event.delegation.body_id, ()):
                yield _notice(DeliveryKind.DECISION, event, user, now)
    staff = _secretariat() if alerts else []
    for event in alerts:
        for user in staff:
            yield _notice(DeliveryKind.CLASH_ALERT, event, user, now)


def _absences(now: datetime) -> Iterable[Delivery]:
    """Who cannot come, to the focal points of their body, or to active staff where it has none."""
    # Of several, the last has what was said last.
    events = {event.delegate_id: event for event in _untold_absences(now)}
    bodies = {event.delegation.body_id for event in events.values() if event.delegation}
    accounts = accounts_by_body(bodies)
    staff = _secretariat() if bodies - accounts.keys() else []
    for event in events.values():
        if event.delegation:
            for user in accounts.get(event.delegation.body_id) or staff:
                yield _notice(DeliveryKind.CANNOT_COME, event, user, now)


def _mailed() -> "QuerySet[Delivery]":
    return Delivery.objects.standing().filter(kind=DeliveryKind.CANNOT_COME)


def _absences_without_later_mail(now: datetime) -> "QuerySet[HistoryEvent]":
    """The recent absences after which no mail about the person was planned."""
    as_late = _mailed().filter(event__delegate=OuterRef("delegate"), event__gte=OuterRef("pk"))
    events = absences_that_stand(now=now).filter(~Exists(as_late), at__gt=now - NEWEST, at__lte=now)
    return events.select_related("delegation").order_by("pk")


def _untold_absences(now: datetime) -> list[HistoryEvent]:
    """Each word once, and of one person in an hour at most one mail without a reason and one with: who gives the
    first reason, which may say who could come instead, is passed on at once; another reason waits for the hour.

    Two queries; one where nothing is new.
    """
    untold = list(_absences_without_later_mail(now))
    if not untold:
        return []
    told: dict[int | None, list[tuple[str, datetime]]] = defaultdict(list)
    theirs = _mailed().filter(event__delegate__in={event.delegate_id for event in untold}).order_by()
    for delegate_id, reason, at in theirs.values_list("event__delegate", "event__reason", "created_at"):
        told[delegate_id].append((reason, at))
    return [event for event in untold if _is_news(event, told[event.delegate_id], now)]


def _is_news(event: HistoryEvent, told: list[tuple[str, datetime]], now: datetime) -> bool:
    """Whether `told`, the reasons that were mailed before, and when, leaves something to say of it now."""
    lately = [reason for reason, at in told if at > event.at - REPEAT_WINDOW]
    if not event.reason:
        return not lately
    return event.reason not in lately and not any(reason and at > now - REPEAT_WINDOW for reason, at in told)


def _secretariat() -> list[User]:
    return list(User.objects.filter(is_staff=True, is_active=True).order_by("pk"))


def _notice(kind: DeliveryKind, event: HistoryEvent, user: User, now: datetime) -> Delivery:
    return Delivery.to_account(user, key=f"{kind}:{event.pk}:{user.pk}", kind=kind, at=now, event=event)
