"""The contact address for pages that belong to no webinar."""

from registrations.models import User
from registrations.queries.delegation_page import delegations_of
from sessions_app.models import Webinar


def contact_address_for(user: User | None) -> str:
    """The contact of the newest webinar that `user` registers people for; else, and for staff and whoever is not signed
    in, of the newest public one; empty where there is none. Two queries at most."""
    newest = None
    if user is not None and not user.is_staff:
        newest = Webinar.objects.filter(delegations__in=delegations_of(user)).first()
    newest = newest or Webinar.objects.filter(releases__isnull=False).first()
    return newest.contact_email if newest is not None else ""
