"""The last look at what a rule owes."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower

from registrations.models import Delivery, ReminderAudience, ReminderRule
from registrations.queries.reminders import focal_points_to_remind, mailboxes_to_remind
from sessions_app.models import ReleasedSession

NEVER = Q(pk__in=[])


def reminder_is_right(delivery: Delivery, now: datetime) -> Q:
    """The rule stands as it was, has come for the session as it is released now, and is still for the reader."""
    rule = ReminderRule.objects.filter(deliveries=delivery, created_at__lte=delivery.created_at).first()
    released = ReleasedSession.objects.filter(session__deliveries=delivery, is_cancelled=False).first()
    if rule is None or released is None or released.starts_at != delivery.starts_at:
        return NEVER
    if rule.hour_of(released) > now or (not rule.is_after and released.starts_at <= now):
        return NEVER
    if rule.audience == ReminderAudience.FOCAL_POINTS:
        return Q(Exists(focal_points_to_remind(released).filter(pk=OuterRef("user"), email__iexact=delivery.email)))
    mailboxes = mailboxes_to_remind(rule, released)
    return Q(Exists(mailboxes.filter(delegate=OuterRef("delegate"), address=Lower(OuterRef("email")))))
