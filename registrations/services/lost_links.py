"""Takes the requests of participants who have lost the link to their page."""

from datetime import datetime

from django.db import transaction

from registrations.models import LinkRequest
from registrations.services.delegate_details import normalise_address
from registrations.services.nudge import nudge_planner


@transaction.atomic
def ask_for_links(address: str, *, now: datetime) -> None:
    """Store a request to mail the links of `address` to it.

    The planner finds out later whether the address takes part in anything, so that neither the answer nor its time
    tells. A second request for an address that is still stored replaces the first. One statement.
    """
    LinkRequest.objects.bulk_create(
        [LinkRequest(address=normalise_address(address).lower(), asked_at=now)],
        update_conflicts=True,
        unique_fields=["address"],
        update_fields=["asked_at"],
    )
    nudge_planner()
