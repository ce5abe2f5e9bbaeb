"""Filling a delegation, and reading its history."""

from datetime import timedelta

from registrations.models import Delegation, HistoryEvent
from tests.factories import PROFILES, make_delegate

LATER = timedelta(hours=1)
HELD = timedelta(seconds=20)
AFTER_THE_WEBINAR = timedelta(days=60)


def fill(delegation: Delegation) -> None:
    """Two people of each profile."""
    for code in PROFILES:
        make_delegate(delegation, code)
        make_delegate(delegation, code)


def history() -> list[tuple[str, object, str]]:
    """(kind, actor, reason), the earliest first."""
    return [(event.kind, event.actor, event.reason) for event in HistoryEvent.objects.order_by("pk")]
