"""The reminder of a session, before or after it, for delegates or for the focal points of their delegations."""

from django.db.models import QuerySet
from django.utils.translation import gettext

from registrations.messages.recipients import recipient_of, session_of
from registrations.messages.reminder.checking import is_right
from registrations.messages.reminder.mail import build
from registrations.messages.reminder.planning import owed
from registrations.models import Delivery, DeliveryKind

__all__ = ["KINDS", "build", "describe", "is_right", "owed", "with_related"]

KINDS = (DeliveryKind.REMINDER,)


def describe(delivery: Delivery) -> str:
    return gettext("Reminds %(who)s of %(session)s.") % {
        "who": recipient_of(delivery),
        "session": session_of(delivery),
    }


def with_related(deliveries: "QuerySet[Delivery]") -> "QuerySet[Delivery]":
    return deliveries.select_related(
        "delegate__delegation__body", "rule", "session__released", "session__webinar", "user"
    )
