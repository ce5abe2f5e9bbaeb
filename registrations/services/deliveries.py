"""What the secretariat does about single deliveries: stop one that waits, send a failed one again."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from registrations.models import Delivery, DeliveryState
from registrations.services.nudge import nudge_planner


@transaction.atomic
def stop_deliveries(delivery_ids: Iterable[int]) -> int:
    """Stop what waits or has failed among the deliveries; returns how many.

    What a worker is sending at this moment, or has sent, is left alone. Stopping twice stops once.
    """
    return Delivery.objects.filter(
        pk__in=list(delivery_ids), state__in=[DeliveryState.DUE, DeliveryState.FAILED]
    ).update(state=DeliveryState.STOPPED)


@transaction.atomic
def resend_deliveries(delivery_ids: Iterable[int], *, now: datetime) -> int:
    """Make failed or stopped deliveries due again, with all their attempts before them; returns how many.

    A calendar message is left alone once a newer one is planned for the same mailbox: it would bring back an old
    state. Nothing that was sent is sent twice.
    """
    newest_of_mailbox = Q(entry__isnull=True) | Q(ical_sequence=F("entry__sequence"))
    stuck = Delivery.objects.filter(
        newest_of_mailbox, pk__in=list(delivery_ids), state__in=[DeliveryState.FAILED, DeliveryState.STOPPED]
    )
    found = list(stuck.values_list("pk", flat=True))
    # The state is asked again: a second click a moment later finds nothing to do.
    count = Delivery.objects.filter(pk__in=found, state__in=[DeliveryState.FAILED, DeliveryState.STOPPED]).update(
        state=DeliveryState.DUE, due_at=now, attempts=0
    )
    nudge_planner()
    return count
