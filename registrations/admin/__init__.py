"""Django admin for the secretariat: each admin action calls the same service as the focal points' pages."""

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
