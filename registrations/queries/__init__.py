"""Reads over several models. One figure, one query: board, list, export and mails all count here (rule 2)."""

from registrations.queries.board import BoardRow, ProfileTotal, QuotaBoard, quota_board
from registrations.queries.delegation_page import (
    DelegatesWithMail,
    DelegateWithMail,
    Invitation,
    delegates_with_mail_state,
    delegations_of,
    edited_just_now,
    history_of,
    last_session_end,
    mail_of,
    policy_of,
    released_and_end,
    released_sessions,
    undoable_edit_of,
)
from registrations.queries.focal_points import focal_points_of
from registrations.queries.letters import lacks_letter, letters_of, requires_letter
from registrations.queries.recent_changes import Changes, CurveDay, Movements, movements_of
from registrations.queries.seats import (
    SeatCount,
    exception_of,
    fingerprint_of,
    gaps_in,
    profiles_of,
    seats_of,
    seats_of_webinar,
    with_exceptions,
)
from registrations.queries.time_zones import zone_for_focal_point

__all__ = [
    "BoardRow",
    "Changes",
    "CurveDay",
    "DelegateWithMail",
    "DelegatesWithMail",
    "Invitation",
    "Movements",
    "ProfileTotal",
    "QuotaBoard",
    "SeatCount",
    "delegates_with_mail_state",
    "delegations_of",
    "edited_just_now",
    "exception_of",
    "fingerprint_of",
    "focal_points_of",
    "gaps_in",
    "history_of",
    "lacks_letter",
    "last_session_end",
    "letters_of",
    "mail_of",
    "movements_of",
    "policy_of",
    "profiles_of",
    "quota_board",
    "released_and_end",
    "released_sessions",
    "requires_letter",
    "seats_of",
    "seats_of_webinar",
    "undoable_edit_of",
    "with_exceptions",
    "zone_for_focal_point",
]
