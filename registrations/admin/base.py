"""Functions that the admin pages of this app share."""

from datetime import datetime
from typing import cast

from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format

from registrations.models import User
from registrations.permissions import is_observer


def staff_user(request: HttpRequest) -> User:
    """Return the signed-in user; the admin site lets nobody else in."""
    return cast("User", request.user)


def is_observer_request(request: HttpRequest) -> bool:
    """Return whether the signed-in user is an observer, who sees no addresses, telephones or letters."""
    return is_observer(request.user)


def local_time_text(instant: datetime) -> str:
    """Return day and hour of `instant` in the time zone of the page, as "Mon 16 Nov 2026, 09:00"."""
    return date_format(timezone.localtime(instant), "DATETIME_FORMAT")
