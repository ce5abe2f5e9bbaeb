"""What the page of one delegation reads besides its people: its history, and which delegations a user may see."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from registrations.models import (
    Delegate,
    Delegation,
    Delivery,
    HistoryEvent,
    HistoryKind,
    RegistrationPolicy,
    User,
)
from sessions_app.models import Webinar

# The kinds of events that only the secretariat may see.
SECRETARIAT_ONLY_KINDS = (
    HistoryKind.ADDRESS_CLASH,
    HistoryKind.NAMED_TOO_OFTEN,
    HistoryKind.EXCEPTION_MADE,
    HistoryKind.EXCEPTION_ENDED,
    HistoryKind.HANDED_OVER,
)


def history_of(delegation: Delegation) -> "QuerySet[HistoryEvent]":
    """Return the events of `delegation` that focal points may see, the latest first.

    Address clashes and alerts about repeated naming may concern another delegation, so only the secretariat sees them
    (rule 8). Exceptions from quotas are left out because their reasons are internal.
    """
    return (
        HistoryEvent.objects.filter(delegation=delegation)
        .exclude(kind__in=SECRETARIAT_ONLY_KINDS)
        .select_related("actor", "delegate")
    )


def undoable_edit_of(delegate: Delegate, *, now: datetime) -> HistoryEvent | None:
    """Return the latest event of `delegate` if it is an edit that can be undone, else None. Two queries at most.

    An edit of the address cannot be undone after a mail to the new address was planned.
    """
    events = HistoryEvent.objects.filter(delegate=delegate, delegation=delegate.delegation_id)
    event = events.exclude(kind=HistoryKind.ADDRESS_CLASH).select_related("actor").first()
    if event is None or not event.is_undoable_edit_at(now):
        return None
    written = Delivery.objects.filter(delegate=delegate, email__iexact=delegate.email, created_at__gte=event.at)
    return None if "email" in event.changes and written.exists() else event


def ids_with_undoable_edit(history: Iterable[HistoryEvent], *, now: datetime) -> frozenset[int]:
    """Return the ids of the delegates whose latest event in `history` is an edit that can be undone.

    `history` must have the latest event first.
    """
    latest: dict[int, HistoryEvent] = {}
    for event in history:
        if event.delegate_id is not None:
            latest.setdefault(event.delegate_id, event)
    return frozenset(pk for pk, event in latest.items() if event.is_undoable_edit_at(now))


def delegations_of(user: User) -> "QuerySet[Delegation]":
    """Return the delegations that `user` may see and change: all for staff, else those of their bodies (rule 18)."""
    delegations = Delegation.objects.all() if user.is_staff else Delegation.objects.of_focal_point(user)
    return delegations.select_related("webinar__policy", "body")


def delegation_of(user: User, slug: str) -> Delegation | None:
    """Return the delegation with `slug` if `user` may see it, else None. Costs one query."""
    return delegations_of(user).filter(slug=slug).first()


def policy_of(webinar: Webinar) -> RegistrationPolicy | None:
    """Return the registration policy of `webinar`, or None; without one, registration is not open to focal points.

    Costs one query, or none if the policy was loaded with the webinar.
    """
    return getattr(webinar, "policy", None)
