"""The kinds of messages that the system sends: one module per kind, which holds all that is particular to it.

`services.delivering` plans, claims and sends deliveries. It knows no kind by name and asks here instead.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives
from django.db.models import Q, QuerySet

from registrations.messages import (
    announcement,
    bounce_notice,
    calendar,
    cannot_come,
    clash_alert,
    decision,
    gap_notice,
    links,
    receipt,
    registration,
    reminder,
    test_send,
)
from registrations.models import Delivery, DeliveryKind


class MessageModule(Protocol):
    """What each module of this package provides."""

    @property
    def KINDS(self) -> tuple[DeliveryKind, ...]:  # a constant of the module
        """The kinds of deliveries that the module is about."""

    def owed(self, *, now: datetime) -> int:
        """Insert the deliveries that are owed at `now` and not stored yet; return how many.

        The planner calls it in its transaction, under its lock. A second call inserts nothing.
        """

    def is_right(self, delivery: Delivery, *, now: datetime) -> Q:
        """Return the condition, on the row of `delivery`, under which it may still be sent.

        The sender checks it in the update that begins the attempt. Other tables stand in subqueries only, since an
        update that waits for a lock checks the row itself again, but no joined one. What is not right must not be
        `owed` either: a message that was superseded frees its key, and the next plan would owe it again.
        """

    def build(self, delivery: Delivery) -> EmailMultiAlternatives:
        """Return the message; send nothing."""

    def describe(self, delivery: Delivery) -> str:
        """Return one sentence, in the active language, that tells staff what the message says to whom."""

    def with_related(self, deliveries: "QuerySet[Delivery]") -> "QuerySet[Delivery]":
        """Return `deliveries` with the rows that `build` and `describe` read, loaded in as few queries as possible."""


# In the order in which they are planned.
MODULES: tuple[MessageModule, ...] = (
    calendar,
    receipt,
    decision,
    clash_alert,
    cannot_come,
    gap_notice,
    registration,
    links,
    announcement,
    bounce_notice,
    test_send,
    # After the calendar messages, so that a person who is invited in the same run can be reminded.
    reminder,
)
FUNCTIONS = ("owed", "is_right", "build", "describe", "with_related")


def registry_of(modules: Iterable[MessageModule]) -> Mapping[str, MessageModule]:
    """Return the module of each kind.

    Raises ImproperlyConfigured if a module lacks one of `FUNCTIONS`, or if a kind has no module or two.
    """
    registry: dict[str, MessageModule] = {}
    for module in modules:
        missing = [name for name in FUNCTIONS if not callable(getattr(module, name, None))]
        if missing:
            raise ImproperlyConfigured(f"{module_name(module)} lacks {', '.join(missing)}.")
        for kind in module.KINDS:
            if kind in registry:
                raise ImproperlyConfigured(f"Two modules of registrations.messages are about {kind}.")
            registry[kind] = module
    if missing := sorted(set(DeliveryKind.values) - registry.keys()):
        raise ImproperlyConfigured(f"No module of registrations.messages is about {', '.join(missing)}.")
    return registry


def module_name(module: MessageModule) -> str:
    """Return the last part of the module's name, such as "reminder"."""
    return getattr(module, "__name__", str(module)).rpartition(".")[2]


_REGISTRY = registry_of(MODULES)
KNOWN_KINDS = tuple(_REGISTRY)


def message_module(kind: str) -> MessageModule:
    """Return the module for deliveries of `kind`."""
    return _REGISTRY[kind]
