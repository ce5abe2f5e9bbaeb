"""Accounts of staff, who get what only the secretariat is told."""

from django.db.models import Exists, OuterRef, Q

from registrations.models import User


def staff_accounts() -> list[User]:
    """Return the active staff accounts. One query."""
    return list(User.objects.filter(is_staff=True, is_active=True).order_by("pk"))


def account_is_staff() -> Q:
    """Return the condition, on a delivery, that its account is active and staff."""
    return Q(Exists(User.objects.filter(pk=OuterRef("user"), is_active=True, is_staff=True)))
