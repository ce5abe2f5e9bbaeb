"""Checks, just before a reminder leaves, that it is still right."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower

from registrations.messages.composing import NO_ROW
from registrations.models import Delivery, DeliveryKind, DeliveryState, ReminderRecipients, ReminderRule
from registrations.queries.reminders import focal_points_to_remind, mailboxes_to_remind
from sessions_app.models import ReleasedSession


def is_right(delivery: Delivery, *, now: datetime) -> Q:
    """Return the condition under which it may still be sent.

    The rule is unchanged, was due for the session as it is released now, and still includes the recipient.
    """
    rule = ReminderRule.objects.filter(deliveries=delivery, created_at__lte=delivery.created_at).first()
    released = ReleasedSession.objects.filter(session__deliveries=delivery, is_cancelled=False).first()
    if rule is None or released is None or released.starts_at != delivery.starts_at:
        return NO_ROW
    # Both may have waited for the mail server. The newer one says all that this one would.
    newer = Delivery.objects.filter(
        kind=DeliveryKind.REMINDER,
        session=delivery.session_id,
        email__iexact=delivery.email,
        created_at__gt=delivery.created_at,
        state__in=[DeliveryState.DUE, DeliveryState.CLAIMED, DeliveryState.SENT],
    )
    if newer.exists():
        return NO_ROW
    # Compared with the time of planning, not with now: if the clock is set back, the reminder is still sent.
    if rule.due_at_for(released) > delivery.created_at or (not rule.is_after and released.starts_at <= now):
        return NO_ROW
    if rule.recipients == ReminderRecipients.FOCAL_POINTS:
        return Q(Exists(focal_points_to_remind(released).filter(pk=OuterRef("user"), email__iexact=delivery.email)))
    mailboxes = mailboxes_to_remind(rule, released)
    return Q(Exists(mailboxes.filter(delegate=OuterRef("delegate"), address=Lower(OuterRef("email")))))
