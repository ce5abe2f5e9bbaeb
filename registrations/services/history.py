"""Recording who did what, when and why (rule 20). Each service records its events inside its own transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from registrations.models import Delegate, Delegation, HistoryEvent, HistoryKind, User

Changes = Mapping[str, list[Any]]


def record(
    kind: HistoryKind,
    *,
    delegation: Delegation,
    by: User | None,
    now: datetime,
    delegate: Delegate | None = None,
    reason: str = "",
    changes: Changes | None = None,
    brings_new_address: bool = False,
) -> HistoryEvent:
    """Store an event of `kind` about `delegation`. `by` is None if the system or a participant acted.

    `changes` is {field: [old, new]} of plain values; a profile is given by its code.
    """
    event = new_event(kind, delegation=delegation, by=by, now=now, delegate=delegate, reason=reason, changes=changes)
    event.brings_new_address = brings_new_address
    event.save(force_insert=True)
    return event


def new_event(
    kind: HistoryKind,
    *,
    delegation: Delegation,
    by: User | None,
    now: datetime,
    delegate: Delegate | None = None,
    reason: str = "",
    changes: Changes | None = None,
) -> HistoryEvent:
    """Build the event that `record` stores, without saving it.

    Used for storing many at once, and for events that must survive the rollback of a transaction.
    """
    return HistoryEvent(
        webinar_id=delegation.webinar_id,
        delegation=delegation,
        delegate=delegate,
        kind=kind,
        actor=by,
        at=now,
        reason=reason,
        changes=dict(changes or {}),
    )
