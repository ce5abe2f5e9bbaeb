"""Functions that the admin pages of this app share."""

from typing import cast

from django.http import HttpRequest

from registrations.models import User
from registrations.permissions import is_observer


def staff_user(request: HttpRequest) -> User:
    """Return the signed-in user; the admin site lets nobody else in."""
    return cast("User", request.user)


def is_observer_request(request: HttpRequest) -> bool:
    """Return whether the signed-in user is an observer, who sees no addresses, telephones or letters."""
    return is_observer(request.user)
