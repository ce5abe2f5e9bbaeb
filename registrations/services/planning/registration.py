"""Invitations to register: to each focal point for each delegation, once registration has begun."""

from datetime import datetime

from registrations.models import Delivery, DeliveryKind
from registrations.models.delegate import mail_delay
from registrations.queries.focal_points import Appointment, appointments

BATCH = 500


def plan_registration(*, now: datetime) -> int:
    """Owe each focal point the mail that leads to their delegation; how many there are. Three queries at most.

    It is owed by the row that appoints them: whoever is appointed anew is invited anew. It is held back as long as a
    focal point's own changes are, so that an address that was mistyped can be removed before anybody is written to.
    """
    owed = [_invitation(appointment, now) for appointment in appointments(now=now)]
    if not owed:
        return 0
    known = set(Delivery.objects.filter(key__in=[each.key for each in owed]).values_list("key", flat=True))
    new = [each for each in owed if each.key not in known]
    # A key that another transaction inserted meanwhile is the same message.
    Delivery.objects.bulk_create(new, batch_size=BATCH, ignore_conflicts=True)
    return len(new)


def _invitation(appointment: Appointment, now: datetime) -> Delivery:
    return Delivery.to_account(
        appointment.focal_point.user,
        key=appointment.key,
        kind=DeliveryKind.REGISTRATION,
        at=now,
        delegation=appointment.delegation,
        due_at=now + mail_delay(),
    )
