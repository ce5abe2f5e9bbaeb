"""Reminders: no calendar part, so that no program takes them for an update."""

from datetime import timedelta

from django.core.mail import EmailMultiAlternatives

from registrations.mail.calendar import session_context
from registrations.mail.message import compose
from registrations.models import Delivery

DAY = timedelta(days=1)


def build_reminder(delivery: Delivery) -> EmailMultiAlternatives:
    """The reminder of one session; what it says of the distance is the rule's, which the date and hour make exact."""
    delegate, session = delivery.delegate, delivery.session
    if delegate is None or session is None:
        raise ValueError("A reminder names its person and session.")
    lead = timedelta(minutes=delivery.rule.minutes_before) if delivery.rule else timedelta()
    return compose(
        delivery,
        "reminder",
        {
            **session_context(session.released, delegate),
            "days_before": lead.days,
            "hours_before": lead.seconds // 3600 if lead < DAY else 0,
        },
        name=delegate.name,
        language=delegate.language,
    )
