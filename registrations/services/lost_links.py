"""A participant has lost the link to their page, and asks for it anew."""

from datetime import datetime

from django.db import transaction

from registrations.models import LinkRequest
from registrations.services.delegate_details import normalise_address
from registrations.services.nudge import nudge_planner


@transaction.atomic
def ask_for_links(address: str, *, now: datetime) -> None:
    """Have the links of `address` mailed to it, if it takes part in anything.

    That is found out later, by the planner: nobody who asks can tell from the answer, nor from how long it takes. The
    same address again, before that, is the same request, made when it was made last. One statement.
    """
    LinkRequest.objects.bulk_create(
        [LinkRequest(address=normalise_address(address).lower(), asked_at=now)],
        update_conflicts=True,
        unique_fields=["address"],
        update_fields=["asked_at"],
    )
    nudge_planner()
