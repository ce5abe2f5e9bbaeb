"""The messages that keep a mailbox's calendar right: invitation, update and cancellation of one session."""

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_lazy

from registrations.messages.calendar.checking import is_right
from registrations.messages.calendar.mail import FIRST_MESSAGE_ID, build
from registrations.messages.calendar.planning import owed
from registrations.messages.recipients import recipient_of, session_of
from registrations.models import Delivery, DeliveryKind

__all__ = ["KINDS", "build", "describe", "is_right", "owed", "with_related"]

KINDS = (DeliveryKind.INVITATION, DeliveryKind.UPDATE, DeliveryKind.CANCELLATION)
DESCRIPTIONS = {
    DeliveryKind.INVITATION: gettext_lazy("Invites %(who)s to %(session)s."),
    DeliveryKind.UPDATE: gettext_lazy("Tells %(who)s what has changed about %(session)s."),
    DeliveryKind.CANCELLATION: gettext_lazy("Takes back the invitation of %(who)s to %(session)s."),
}


def describe(delivery: Delivery) -> str:
    return str(DESCRIPTIONS[DeliveryKind(delivery.kind)]) % {
        "who": recipient_of(delivery),
        "session": session_of(delivery),
    }


def with_related(deliveries: "QuerySet[Delivery]") -> "QuerySet[Delivery]":
    """The messages of a batch are about the same few sessions: each session is loaded once."""
    earlier = Delivery.objects.filter(entry=OuterRef("entry"), ical_sequence__lt=OuterRef("ical_sequence"))
    sent = earlier.filter(may_have_arrived=True).exclude(message_id="").order_by("ical_sequence")
    deliveries = deliveries.annotate(**{FIRST_MESSAGE_ID: Subquery(sent.values("message_id")[:1])})
    return deliveries.select_related("delegate", "entry").prefetch_related(
        "previous_release", "session__released", "session__webinar"
    )
