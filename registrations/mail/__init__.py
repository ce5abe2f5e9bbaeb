"""One function per mail. Each returns a message and sends nothing; the caller has loaded what the delivery names."""

from registrations.mail.announcement import build_announcement
from registrations.mail.calendar import build_cancellation, build_invitation, build_update
from registrations.mail.gap_notice import build_gap_notice
from registrations.mail.links import build_links
from registrations.mail.notices import build_absence, build_clash_alert, build_decision
from registrations.mail.registration import build_registration_invitation
from registrations.mail.reminder import build_reminder
from registrations.mail.trial import build_test_send

__all__ = [
    "build_absence",
    "build_announcement",
    "build_cancellation",
    "build_clash_alert",
    "build_decision",
    "build_gap_notice",
    "build_invitation",
    "build_links",
    "build_registration_invitation",
    "build_reminder",
    "build_test_send",
    "build_update",
]
