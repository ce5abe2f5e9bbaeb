"""The details of a person, and their history."""

from dataclasses import replace
from datetime import timedelta

from registrations.models import Delegate, HistoryEvent
from registrations.services.nominations import DelegateDetails

SOON = timedelta(seconds=5)
HELD = timedelta(seconds=20)


def details_of(delegate: Delegate, **fields) -> DelegateDetails:
    """What is stored of `delegate`, as a form would send it back."""
    names = DelegateDetails.__dataclass_fields__
    return replace(DelegateDetails(**{name: getattr(delegate, name) for name in names}), **fields)


def history(delegate: Delegate) -> list[tuple[str, str, dict]]:
    """(kind, reason, changes) of what happened to a person, the earliest first."""
    return list(HistoryEvent.objects.filter(delegate=delegate).order_by("pk").values_list("kind", "reason", "changes"))
