"""The people of a delegation: register, edit, replace, withdraw. Each is one transaction under the locks of rule 9."""

from registrations.services.delegate_details import DelegateDetails
from registrations.services.nominations.editing import edit_delegate
from registrations.services.nominations.registering import (
    Registration,
    RegistrationOutcome,
    register_delegate,
    register_delegates,
    register_with_seats,
)
from registrations.services.nominations.replacing import replace_delegate
from registrations.services.nominations.withdrawing import withdraw_delegate, withdrawing_leaves_gap

__all__ = [
    "DelegateDetails",
    "Registration",
    "RegistrationOutcome",
    "edit_delegate",
    "register_delegate",
    "register_delegates",
    "register_with_seats",
    "replace_delegate",
    "withdraw_delegate",
    "withdrawing_leaves_gap",
]
