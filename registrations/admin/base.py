"""What the rooms about people share."""

from typing import cast

from django.http import HttpRequest

from registrations.models import User


def staff_of(request: HttpRequest) -> User:
    """The person who acts; every page of the admin has one."""
    return cast("User", request.user)
