"""What became of the mails that one thing owes, for its page."""

from django.db.models import Count, QuerySet

from registrations.models import Delivery, DeliveryState


def mail_states(deliveries: "QuerySet[Delivery]", *, listed: str) -> list[tuple[str, int, str, str]]:
    """(state, how many, its name, where they are listed), of the states that there are. One query.

    `listed` is the address of the list of all of them.
    """
    counts = dict(deliveries.order_by().values_list("state").annotate(count=Count("pk")))
    return [
        (str(value), counts[value], str(label), f"{listed}&state__exact={value}")
        for value, label in DeliveryState.choices
        if value in counts
    ]
