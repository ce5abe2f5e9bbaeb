"""The mailings of a webinar: messages of one kind that one release, rule, announcement or gap reminder owes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Count, Max, Min, Q

from registrations.models import Announcement, Delivery, DeliveryKind, DeliveryState, GapReminder, ReminderRule
from sessions_app.models import Release, Webinar

# The foreign keys of a delivery to what owes it, with their models. The first one that is set is the mailing's subject.
SUBJECTS: dict[str, type[models.Model]] = {
    "announcement": Announcement,
    "gap_reminder": GapReminder,
    "rule": ReminderRule,
    "release": Release,
}
COUNTS_AND_TIMES = ("total", "sent", "failed", "came_back", "held", "waiting", "began_at", "last_sent_at")
# The pace of sending is measured over these last minutes.
PACE_WINDOW = timedelta(minutes=10)


@dataclass(frozen=True)
class Mailing:
    """One mailing with the number of its messages by state.

    `subject` is what owes the messages, if it is stored; `waiting` are due now or being sent. `seconds_left` is None
    unless enough was sent in the last minutes to tell. What is `held` waits for an address to be corrected.
    """

    kind: DeliveryKind
    subject: models.Model | None
    total: int
    sent: int
    failed: int
    came_back: int
    held: int
    waiting: int
    began_at: datetime
    last_sent_at: datetime | None
    seconds_left: int | None

    @property
    def is_in_progress(self) -> bool:
        """Whether one of its messages is due or being sent."""
        return self.waiting > 0


def mailings_of(webinar: Webinar, *, now: datetime) -> list[Mailing]:
    """Return the mailings of `webinar`, the one that sent last first. At most five queries."""
    waiting = Q(state=DeliveryState.DUE, due_at__lte=now) | Q(state=DeliveryState.CLAIMED)
    lately = Q(sent_at__gt=now - PACE_WINDOW)
    deliveries = Delivery.objects.filter(webinar=webinar).without_tests().exclude(state=DeliveryState.SUPERSEDED)
    rows: Sequence[Any] = list(
        deliveries.order_by()
        .values("kind", *SUBJECTS)
        .annotate(
            total=Count("pk"),
            sent=Count("pk", filter=Q(state=DeliveryState.SENT)),
            failed=Count("pk", filter=Q(state=DeliveryState.FAILED)),
            came_back=Count("pk", filter=Q(state=DeliveryState.BOUNCED)),
            held=Count("pk", filter=Q(state=DeliveryState.HELD)),
            waiting=Count("pk", filter=waiting),
            sent_lately=Count("pk", filter=lately),
            first_sent_lately_at=Min("sent_at", filter=lately),
            began_at=Min("created_at"),
            last_sent_at=Max("sent_at"),
        )
    )
    subjects = {
        name: model._default_manager.in_bulk({row[name] for row in rows if row[name]})
        for name, model in SUBJECTS.items()
        if any(row[name] for row in rows)
    }
    found = [_mailing(row, subjects, now=now) for row in rows]
    return sorted(found, key=lambda mailing: mailing.last_sent_at or mailing.began_at, reverse=True)


def _mailing(row: dict[str, Any], subjects: dict[str, dict[Any, models.Model]], *, now: datetime) -> Mailing:
    subject = next((subjects[name][row[name]] for name in SUBJECTS if row[name]), None)
    return Mailing(
        kind=DeliveryKind(row["kind"]),
        subject=subject,
        seconds_left=_seconds_left(row, now=now),
        **{name: row[name] for name in COUNTS_AND_TIMES},
    )


def _seconds_left(row: dict[str, Any], *, now: datetime) -> int | None:
    """Return the seconds that the waiting messages will take at the recent pace; None if too few were sent to tell."""
    if row["sent_lately"] < 2:
        return None
    elapsed: float = (now - row["first_sent_lately_at"]).total_seconds()
    return round(int(row["waiting"]) * elapsed / int(row["sent_lately"]))
