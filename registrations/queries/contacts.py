"""The contact address for pages that do not belong to a webinar."""

from registrations.models import User
from registrations.queries.delegation_page import delegations_of
from sessions_app.models import Webinar


def contact_address_for(user: User | None) -> str:
    """Return the contact address of the newest webinar of `user`, or the empty string.

    For staff and anonymous users, and if `user` registers people for no webinar, it is the newest released webinar.
    Costs at most two queries.
    """
    newest = None
    if user is not None and not user.is_staff:
        newest = Webinar.objects.filter(delegations__in=delegations_of(user)).first()
    newest = newest or Webinar.objects.filter(releases__isnull=False).first()
    return newest.contact_email if newest is not None else ""
