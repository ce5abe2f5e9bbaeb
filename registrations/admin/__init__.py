"""The secretariat's rooms in Django admin: each action calls the service that the focal points' pages call."""

from registrations.admin import (
    accounts,
    announcements,
    attendance,
    bodies,
    delegates,
    delegations,
    deliveries,
    focal_points,
    gap_reminders,
    policies,
    quotas,
)

__all__ = [
    "accounts",
    "announcements",
    "attendance",
    "bodies",
    "delegates",
    "delegations",
    "deliveries",
    "focal_points",
    "gap_reminders",
    "policies",
    "quotas",
]
