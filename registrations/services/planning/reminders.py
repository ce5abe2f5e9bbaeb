"""Reminders are planned only when due, so that a moved session moves all that is unsent."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, TextField, Value
from django.db.models.functions import Concat, Lower

from registrations.models import Delivery, DeliveryKind, ReminderAudience, ReminderRule, ReminderScope
from registrations.models.reminder import MAX_LEAD
from registrations.queries.reminders import focal_points_to_remind, mailboxes_to_remind
from sessions_app.models import ReleasedSession

LATEST = timedelta(hours=6)
BATCH = 500
Mailbox = tuple[int, datetime, str]  # (session id, its start, lower-cased address)


@dataclass(frozen=True)
class Hour:
    """The instant at which a rule reminds of a session."""

    at: datetime
    rule: ReminderRule
    released: ReleasedSession

    def is_due(self, now: datetime) -> bool:
        """Whether it came after the rule's creation and less than 6 h (or half the lead, if smaller) ago."""
        patience = LATEST if self.rule.is_after else min(LATEST, (self.released.starts_at - self.at) / 2)
        return self.rule.created_at < self.at <= now < self.at + patience

    @property
    def rank(self) -> tuple[bool, datetime, bool, int]:
        """Of several hours that are due for one mailbox the highest counts.

        What is for the person as a delegate comes before what is for them as a focal point, then the later hour.
        """
        audience = self.rule.audience
        return (
            audience != ReminderAudience.FOCAL_POINTS,
            self.at,
            audience == ReminderAudience.UNANSWERED,
            -self.rule.pk,
        )

    @property
    def key(self) -> str:
        """Of the reminder, without the address: two rules of one instant are one reminder."""
        start = f"{self.released.starts_at:%Y%m%dT%H%M%SZ}"
        return f"rem:{self.released.pk}:{start}:{self.at:%Y%m%dT%H%M%SZ}:"


@dataclass(frozen=True)
class Reader:
    """Who is reminded, as a delegate or as a focal point."""

    address: str
    email: str
    language: str
    delegate_id: int | None = None
    user_id: int | None = None


def plan_reminders(*, now: datetime) -> int:
    """Owe the reminders whose hour has come, one per address and session; how many there are.

    An hour counts if it came after the person's admission and after the rule's creation, and less than 6 h (or half
    the lead, if smaller) ago. Of several the latest is taken, and an hour is past for a mailbox that was reminded of
    the session since: by another rule, an older form of this one, or before the clock was stepped back. A few queries
    for each hour that is due, however many people; two where none is.
    """
    owed: dict[Mailbox, tuple[Hour, Reader]] = {}
    for hour in sorted(_hours_due(now), key=lambda hour: hour.rank):
        for reader in _readers(hour):
            owed[hour.released.pk, hour.released.starts_at, reader.address] = (hour, reader)
    if not owed:
        return 0
    reminded = _reminded_at(owed)
    deliveries = [
        _reminder(hour, reader, now)
        for mailbox, (hour, reader) in owed.items()
        if mailbox not in reminded or reminded[mailbox] < hour.at
    ]
    # A key that another transaction inserted meanwhile is the same message.
    Delivery.objects.bulk_create(deliveries, batch_size=BATCH, ignore_conflicts=True)
    return len(deliveries)


def _hours_due(now: datetime) -> Iterable[Hour]:
    recent = ReleasedSession.objects.filter(is_cancelled=False, ends_at__gt=now - MAX_LEAD - LATEST)
    rules = ReminderRule.objects.filter(Exists(recent.filter(session__webinar=OuterRef("webinar")))).exclude(
        # Where the personal data have ended there is nobody left to write to.
        webinar__policy__purge_on__lte=now.date()
    )
    by_webinar: dict[int, list[ReminderRule]] = defaultdict(list)
    for rule in rules.order_by("pk"):
        by_webinar[rule.webinar_id].append(rule)
    if not by_webinar:
        return
    sessions: dict[int, list[ReleasedSession]] = defaultdict(list)
    held = ReleasedSession.objects.filter(is_cancelled=False, session__webinar__in=by_webinar)
    for released in held.select_related("session").order_by("starts_at", "number"):
        sessions[released.session.webinar_id].append(released)
    for webinar_id, released_sessions in sessions.items():
        for rule in by_webinar[webinar_id]:
            in_scope = released_sessions[:1] if rule.scope == ReminderScope.FIRST_SESSION else released_sessions
            hours = (Hour(rule.due_at_for(released), rule, released) for released in in_scope)
            yield from (hour for hour in hours if hour.is_due(now))


def _readers(hour: Hour) -> Iterable[Reader]:
    """Whom the rule is for and to whom nothing is owed yet for this hour. One query."""
    key = Concat(Value(hour.key), OuterRef("address"), output_field=TextField())
    is_owed = Exists(Delivery.objects.filter(key=key))
    if hour.rule.audience == ReminderAudience.FOCAL_POINTS:
        users = focal_points_to_remind(hour.released).annotate(address=Lower("email")).filter(~is_owed).order_by("pk")
        for address, pk, email, language in users.values_list("address", "pk", "email", "language"):
            yield Reader(address, email, language, user_id=pk)
        return
    entries = mailboxes_to_remind(hour.rule, hour.released).filter(~is_owed, delegate__admitted_at__lt=hour.at)
    rows = entries.order_by("pk").values_list("address", "delegate", "delegate__email", "delegate__language")
    for address, pk, email, language in rows:
        yield Reader(address, email, language, delegate_id=pk)


def _reminded_at(owed: Mapping[Mailbox, tuple[Hour, Reader]]) -> Mapping[Mailbox, datetime]:
    """When each mailbox was last owed a reminder of a session at its present start, of those that may count."""
    since = min(hour.at for hour, _reader in owed.values())
    rows = (
        Delivery.objects.standing()
        .filter(kind=DeliveryKind.REMINDER, created_at__gte=since, session__in={session for session, _, _ in owed})
        .order_by("created_at")
    )
    return {
        (session, start, address): created_at
        for session, start, address, created_at in rows.values_list(
            "session", "starts_at", Lower("email"), "created_at"
        )
        if session is not None and start is not None
    }


def _reminder(hour: Hour, reader: Reader, now: datetime) -> Delivery:
    return Delivery(
        key=f"{hour.key}{reader.address}",
        kind=DeliveryKind.REMINDER,
        email=reader.email,
        language=reader.language,
        delegate_id=reader.delegate_id,
        user_id=reader.user_id,
        session_id=hour.released.pk,
        rule=hour.rule,
        starts_at=hour.released.starts_at,
        created_at=now,
        due_at=now,
    )
