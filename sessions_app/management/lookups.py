"""Finds the rows that a command's arguments name."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError

from sessions_app.models import Webinar


def webinar_by_slug(slug: str) -> Webinar:
    """Return the webinar. Raises CommandError with the slugs that exist."""
    webinar = Webinar.objects.filter(slug=slug).first()
    if webinar is None:
        known = ", ".join(Webinar.objects.order_by("slug").values_list("slug", flat=True)) or "none"
        raise CommandError(f"There is no webinar “{slug}”. Known: {known}.")
    return webinar


def staff_by_address(address: str | None) -> Any:
    """Return the active staff account with the address of `--by`; None without one. Raises CommandError."""
    if not address:
        return None
    user = get_user_model().objects.filter(email__iexact=address, is_active=True, is_staff=True).first()
    if user is None:
        raise CommandError(f"--by {address}: nobody of the secretariat signs in with this address.")
    return user
