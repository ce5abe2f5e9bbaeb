"""The states of the deliveries of an announcement or a gap reminder, for its page."""

from django.db.models import Count, QuerySet

from registrations.models import Delivery, DeliveryState


def mail_states(deliveries: "QuerySet[Delivery]", *, listed: str) -> list[tuple[str, int, str, str]]:
    """Return (state, count, label, URL of the filtered list) for each state of `deliveries`. One query.

    `listed` is the URL of the list of all of them.
    """
    counts = dict(deliveries.order_by().values_list("state").annotate(count=Count("pk")))
    return [
        (str(value), counts[value], str(label), f"{listed}&state__exact={value}")
        for value, label in DeliveryState.choices
        if value in counts
    ]
