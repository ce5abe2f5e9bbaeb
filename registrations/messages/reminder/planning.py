"""Which reminders are owed. They are planned only when due, so that moving a session moves all that is unsent."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, TextField, Value
from django.db.models.functions import Concat, Lower

from registrations.models import Delivery, DeliveryKind, ReminderRecipients, ReminderRule, ReminderScope
from registrations.models.reminder import MAX_LEAD
from registrations.queries.reminders import focal_points_to_remind, mailboxes_to_remind
from sessions_app.models import ReleasedSession

# A reminder that could not be sent for so long is no longer of use.
MAX_DELAY = timedelta(hours=6)
ReminderKey = tuple[int, datetime, str]  # (session id, its start, lower-cased address)


@dataclass(frozen=True)
class DueReminder:
    """A rule, a session, and the instant `at` which the rule reminds of it."""

    at: datetime
    rule: ReminderRule
    released: ReleasedSession

    def is_due(self, now: datetime) -> bool:
        """Whether it came after the rule's creation and less than `MAX_DELAY` (or half the lead, if smaller) ago."""
        longest_delay = MAX_DELAY if self.rule.is_after else min(MAX_DELAY, (self.released.starts_at - self.at) / 2)
        return self.rule.created_at < self.at <= now < self.at + longest_delay

    @property
    def rank(self) -> tuple[bool, datetime, bool, int]:
        """If several reminders are due for one mailbox, the one with the highest rank is sent.

        A reminder for the person as a delegate ranks above one for them as a focal point; then the later one.
        """
        recipients = self.rule.recipients
        return (
            recipients != ReminderRecipients.FOCAL_POINTS,
            self.at,
            recipients == ReminderRecipients.UNANSWERED,
            -self.rule.pk,
        )

    @property
    def key_prefix(self) -> str:
        """The key without the address. Two rules with the same instant make one reminder."""
        start = f"{self.released.starts_at:%Y%m%dT%H%M%SZ}"
        return f"rem:{self.released.pk}:{start}:{self.at:%Y%m%dT%H%M%SZ}:"


@dataclass(frozen=True)
class Recipient:
    """A person to remind, as a delegate or as a focal point."""

    address: str
    email: str
    language: str
    delegate_id: int | None = None
    user_id: int | None = None


def owed(*, now: datetime) -> int:
    """Owe the reminders that are due, one per address and session.

    A reminder is due after the person's admission and after the rule's creation, and for less than `MAX_DELAY` (or half
    the lead, if smaller). Of several the latest is taken. A mailbox that was reminded of the session since then gets
    none: by another rule, by an older form of this one, or before the clock was set back. Costs a few queries for each
    due rule and session, however many people there are; two where nothing is due.
    """
    chosen: dict[ReminderKey, tuple[DueReminder, Recipient]] = {}
    for due in sorted(_due_reminders(now), key=lambda due: due.rank):
        for recipient in _recipients(due):
            chosen[due.released.pk, due.released.starts_at, recipient.address] = (due, recipient)
    if not chosen:
        return 0
    reminded = _reminded_at(chosen)
    return Delivery.objects.insert_owed(
        _new_delivery(due, recipient, now)
        for mailbox, (due, recipient) in chosen.items()
        if mailbox not in reminded or reminded[mailbox] < due.at
    )


def _due_reminders(now: datetime) -> Iterable[DueReminder]:
    recent = ReleasedSession.objects.filter(is_cancelled=False, ends_at__gt=now - MAX_LEAD - MAX_DELAY)
    rules = ReminderRule.objects.filter(Exists(recent.filter(session__webinar=OuterRef("webinar")))).exclude(
        # After the purge of the personal data nobody can be mailed.
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
            reminders = (DueReminder(rule.due_at_for(released), rule, released) for released in in_scope)
            yield from (due for due in reminders if due.is_due(now))


def _recipients(due: DueReminder) -> Iterable[Recipient]:
    """Yield the people of the rule who are not owed this reminder yet. One query."""
    key = Concat(Value(due.key_prefix), OuterRef("address"), output_field=TextField())
    is_owed = Exists(Delivery.objects.filter(key=key))
    if due.rule.recipients == ReminderRecipients.FOCAL_POINTS:
        users = focal_points_to_remind(due.released).annotate(address=Lower("email")).filter(~is_owed).order_by("pk")
        for address, pk, email, language in users.values_list("address", "pk", "email", "language"):
            yield Recipient(address, email, language, user_id=pk)
        return
    entries = mailboxes_to_remind(due.rule, due.released).filter(~is_owed, delegate__admitted_at__lt=due.at)
    rows = entries.order_by("pk").values_list("address", "delegate", "delegate__email", "delegate__language")
    for address, pk, email, language in rows:
        yield Recipient(address, email, language, delegate_id=pk)


def _reminded_at(chosen: Mapping[ReminderKey, tuple[DueReminder, Recipient]]) -> Mapping[ReminderKey, datetime]:
    """Return when each mailbox was last owed a reminder of a session with its present start."""
    since = min(due.at for due, _recipient in chosen.values())
    rows = (
        Delivery.objects.not_superseded()
        .filter(kind=DeliveryKind.REMINDER, created_at__gte=since, session__in={session for session, _, _ in chosen})
        .order_by("created_at")
    )
    return {
        (session, start, address): created_at
        for session, start, address, created_at in rows.values_list(
            "session", "starts_at", Lower("email"), "created_at"
        )
        if session is not None and start is not None
    }


def _new_delivery(due: DueReminder, recipient: Recipient, now: datetime) -> Delivery:
    return Delivery(
        key=f"{due.key_prefix}{recipient.address}",
        kind=DeliveryKind.REMINDER,
        webinar_id=due.rule.webinar_id,
        email=recipient.email,
        language=recipient.language,
        delegate_id=recipient.delegate_id,
        user_id=recipient.user_id,
        session_id=due.released.pk,
        rule=due.rule,
        starts_at=due.released.starts_at,
        created_at=now,
        due_at=now,
    )
