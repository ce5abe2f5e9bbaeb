"""Reads over several models, which board, lists, exports and mails share: they show the same figures (rule 2)."""

from registrations.queries.board import BoardRow, ProfileTotal, QuotaBoard, quota_board
from registrations.queries.delegation_page import (
    delegations_of,
    history_of,
    ids_with_undoable_edit,
    policy_of,
    undoable_edit_of,
)
from registrations.queries.focal_points import focal_points_of
from registrations.queries.letters import lacks_letter, letters_of, requires_letter
from registrations.queries.mail_state import (
    DelegatesWithMail,
    DelegateWithMail,
    Invitation,
    delegates_with_mail_state,
    mail_state_of,
)
from registrations.queries.recent_changes import DelegationChanges, RecentChanges, RegistrationDay, recent_changes_of
from registrations.queries.seats import (
    SeatCount,
    exception_of,
    fingerprint_of,
    gaps_in,
    profiles_of,
    quotas_with_exceptions,
    seats_of,
    seats_of_webinar,
)
from registrations.queries.time_zones import zone_for_focal_point
from registrations.queries.webinar_end import last_session_end, released_sessions, released_sessions_and_end

__all__ = [
    "BoardRow",
    "DelegateWithMail",
    "DelegatesWithMail",
    "DelegationChanges",
    "Invitation",
    "ProfileTotal",
    "QuotaBoard",
    "RecentChanges",
    "RegistrationDay",
    "SeatCount",
    "delegates_with_mail_state",
    "delegations_of",
    "exception_of",
    "fingerprint_of",
    "focal_points_of",
    "gaps_in",
    "history_of",
    "ids_with_undoable_edit",
    "lacks_letter",
    "last_session_end",
    "letters_of",
    "mail_state_of",
    "policy_of",
    "profiles_of",
    "quota_board",
    "quotas_with_exceptions",
    "recent_changes_of",
    "released_sessions",
    "released_sessions_and_end",
    "requires_letter",
    "seats_of",
    "seats_of_webinar",
    "undoable_edit_of",
    "zone_for_focal_point",
]
