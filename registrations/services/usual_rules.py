"""What a new webinar asks for and sends unless somebody chooses otherwise."""

from typing import Any

from registrations.models import ReminderScope, ReminderUnit

# The codes of the profiles that each country is asked for, and how many of each.
USUAL_PROFILES = ("prosecutors", "immigration-control", "border-control", "investigation-units")
USUAL_MINIMUM = 2
# The fields of `ReminderRule`.
USUAL_REMINDERS: tuple[dict[str, Any], ...] = (
    {"amount": 7, "unit": ReminderUnit.DAYS, "scope": ReminderScope.FIRST_SESSION},
    {"amount": 1, "unit": ReminderUnit.DAYS, "scope": ReminderScope.FIRST_SESSION},
    {"amount": 1, "unit": ReminderUnit.HOURS, "scope": ReminderScope.EACH_SESSION},
)
# Days before registration closes.
USUAL_GAP_NOTICES = (7, 2)
