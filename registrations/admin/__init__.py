"""Django admin for the secretariat: each admin action calls the same service as the focal points' pages."""

from registrations.admin import (
    accounts,
    announcements,
    attendance,
    bodies,
    calendar_answers,
    delegates,
    delegations,
    deliveries,
    focal_points,
    gap_reminders,
    mail_for_a_person,
    policies,
    quotas,
)

__all__ = [
    "accounts",
    "announcements",
    "attendance",
    "bodies",
    "calendar_answers",
    "delegates",
    "delegations",
    "deliveries",
    "focal_points",
    "gap_reminders",
    "mail_for_a_person",
    "policies",
    "quotas",
]
