"""Reminders are planned only when due, so that a moved session moves all that is unsent."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import F

from registrations.models import (
    CalendarEntry,
    DelegateStatus,
    DelegationStatus,
    Delivery,
    DeliveryKind,
    IcalMethod,
    Partstat,
    ReminderRule,
    ReminderScope,
)
from sessions_app.models import ReleasedSession

LATEST = timedelta(hours=6)
BATCH = 500


def plan_reminders(*, now: datetime) -> int:
    """Owe the reminders whose hour has come, one per person and session; how many there are.

    An hour counts if it came after the person's admission and after the rule's creation, and less than 6 h (or half
    the rule's lead, if smaller) ago. Of several rules the latest is taken. Nobody who declined is reminded.
    """
    due = _due_rules(now)
    if not due:
        return 0
    known = set(Delivery.objects.filter(kind=DeliveryKind.REMINDER, session__in=due).values_list("key", flat=True))
    owed = []
    for entry in _invited(due):
        hours = [
            (at, rule)
            for at, rule, released in due[entry.session_id]
            if entry.delegate.admitted_at and entry.delegate.admitted_at < at and entry.starts_at == released.starts_at
        ]
        if not hours:
            continue
        _, rule = max(hours, key=lambda hour: hour[0])
        delivery = _reminder(rule, entry, now)
        if delivery.key not in known:
            owed.append(delivery)
    # A key that another transaction inserted meanwhile is the same message.
    Delivery.objects.bulk_create(owed, batch_size=BATCH, ignore_conflicts=True)
    return len(owed)


def _due_rules(now: datetime) -> dict[int, list[tuple[datetime, ReminderRule, ReleasedSession]]]:
    """The rules whose hour is now, with that hour, by session id."""
    sessions = defaultdict(list)
    ahead = ReleasedSession.objects.filter(starts_at__gt=now).values("session__webinar")
    held = ReleasedSession.objects.filter(is_cancelled=False, session__webinar__in=ahead)
    for released in held.select_related("session").order_by("starts_at"):
        sessions[released.session.webinar_id].append(released)
    due = defaultdict(list)
    for rule in ReminderRule.objects.filter(webinar__in=sessions):
        lead = timedelta(minutes=rule.minutes_before)
        for released in _in_scope(rule, sessions[rule.webinar_id]):
            at = released.starts_at - lead
            is_now = at <= now < released.starts_at and now - at < min(LATEST, lead / 2)
            if is_now and at > rule.created_at:
                due[released.session_id].append((at, rule, released))
    return dict(due)


def _in_scope(rule: ReminderRule, released: list[ReleasedSession]) -> Iterable[ReleasedSession]:
    return released[:1] if rule.scope == ReminderScope.FIRST_SESSION else released


def _invited(session_ids: Iterable[int]) -> Iterable[CalendarEntry]:
    """The mailboxes that hold an invitation to these sessions and did not decline it."""
    return (
        CalendarEntry.objects.filter(
            session__in=list(session_ids),
            planned_method=IcalMethod.REQUEST,
            # A link that has ended owes a new invitation first.
            token_version=F("delegate__token_version"),
            delegate__status=DelegateStatus.ACTIVE,
            delegate__admitted_at__isnull=False,
        )
        .exclude(ical_partstat=Partstat.DECLINED)
        .exclude(delegate__delegation__status=DelegationStatus.NOT_ATTENDING)
        .select_related("delegate")
        .order_by("pk")
    )


def _reminder(rule: ReminderRule, entry: CalendarEntry, now: datetime) -> Delivery:
    start = f"{entry.starts_at:%Y%m%dT%H%M%SZ}"
    return Delivery(
        key=f"rem:{rule.pk}:{entry.session_id}:{start}:{entry.address}",
        kind=DeliveryKind.REMINDER,
        email=entry.delegate.email,
        language=entry.delegate.language,
        delegate=entry.delegate,
        session_id=entry.session_id,
        rule=rule,
        starts_at=entry.starts_at,
        created_at=now,
        due_at=now,
    )
