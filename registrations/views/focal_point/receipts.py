"""The receipt of a submission: its part of the delegation's page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import get_language

from registrations.messages.composing.next_step import next_step
from registrations.models import Delegate, Delegation, HistoryEvent, HistoryKind, ParticipantProfile, User
from registrations.queries.receipts import Receipt, receipt_from
from sessions_app.models import ReleasedSession


@dataclass(frozen=True)
class Submission:
    """The last submission of a delegation. `receipt` is None for one from before codes were issued.

    `next_step` says in sentences what happens next, and by when.
    """

    event: HistoryEvent
    receipt: Receipt | None
    next_step: Sequence[str]


def last_submission(
    delegation: Delegation,
    events: Iterable[HistoryEvent],
    *,
    profiles: Iterable[ParticipantProfile],
    delegates: Iterable[Delegate],
    sessions: Sequence[ReleasedSession],
    by: User,
    now: datetime,
) -> Submission | None:
    """Return the last submission among `events`, which are in the order of time, the latest first. No query."""
    event = next((event for event in events if event.kind == HistoryKind.SUBMITTED), None)
    if event is None:
        return None
    code = getattr(event, "verification_code", None)
    return Submission(
        event=event,
        receipt=receipt_from(code, profiles=profiles, delegates=delegates) if code is not None else None,
        next_step=next_step(
            delegation, by, sessions=sessions, language=get_language() or settings.LANGUAGE_CODE, now=now
        ),
    )
