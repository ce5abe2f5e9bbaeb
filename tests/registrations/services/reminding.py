"""Rules of the one webinar there is, and what planning and sending at a given time puts into the outbox."""

from datetime import datetime, timedelta

from registrations.models import Delegate, Delivery, DeliveryKind, ReminderRule
from sessions_app.models import Webinar
from tests.factories import FIRST_START, make_reminder_rule
from tests.registrations.services.deliveries import admitted, plan_and_send, released_delegation, sent_by

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
HOUR_BEFORE = FIRST_START - HOUR
FIRST_END = FIRST_START + 2 * HOUR


def remind(amount: int = 1, unit: str = "hours", **fields: object) -> ReminderRule:
    return make_reminder_rule(Webinar.objects.get(), amount, unit, **fields)


def invited(**fields: object) -> Delegate:
    """A delegate whose invitations have gone out."""
    delegate = admitted(released_delegation(), **{"language": "en", **fields})
    plan_and_send()
    return delegate


def subjects(now: datetime) -> list[str]:
    return [message.subject for message in sent_by(now)]


def recipients(now: datetime) -> list[str]:
    return sorted(message.to[0].rpartition("<")[2].rstrip(">") for message in sent_by(now))


def reminders() -> list[Delivery]:
    return list(Delivery.objects.filter(kind=DeliveryKind.REMINDER).order_by("pk"))
