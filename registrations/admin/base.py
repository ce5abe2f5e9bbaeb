"""What the rooms about people share."""

from typing import cast

from django.http import HttpRequest

from registrations.models import User
from registrations.permissions import is_observer


def staff_user(request: HttpRequest) -> User:
    """The person who acts; every page of the admin has one."""
    return cast("User", request.user)


def is_observer_request(request: HttpRequest) -> bool:
    """Whether the page is for someone who only looks on: without addresses, telephones and letters."""
    return is_observer(request.user)
