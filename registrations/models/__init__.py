from registrations.models.announcement import Announcement, AnnouncementRecipients
from registrations.models.arrival import Arrival
from registrations.models.attendance import Attendance, AttendanceReport, MatchedBy
from registrations.models.body import BodyKind, ParticipatingBody
from registrations.models.bounce import (
    PERMANENT_REASONS,
    STAFF_ONLY_REASONS,
    TEMPORARY_REASONS,
    Bounce,
    BounceAction,
    BounceReason,
)
from registrations.models.calendar_entry import CalendarEntry, IcalMethod, Partstat
from registrations.models.call_note import CallNote
from registrations.models.delegate import Delegate, DelegateRole, DelegateStatus
from registrations.models.delegation import Delegation, DelegationStatus, FocalPoint, Waiver
from registrations.models.delivery import HELD_KINDS, OVERDUE_AFTER, Delivery, DeliveryKind, DeliveryState
from registrations.models.gap_notice import GapNoticeRule
from registrations.models.gap_reminder import GapReminder
from registrations.models.history import HistoryEvent, HistoryKind
from registrations.models.import_word import MAX_WORD_LENGTH, ImportWord
from registrations.models.inbox import (
    AnswerState,
    AttentionReason,
    CalendarAnswer,
    IgnoredBecause,
    InboxState,
    IncomingKind,
    IncomingMail,
    MailForAPerson,
)
from registrations.models.letter import NominationLetter
from registrations.models.link_request import LinkRequest
from registrations.models.quota import ParticipantProfile, Quota, QuotaException, QuotaLimits, RegistrationPolicy
from registrations.models.reminder import (
    ReminderMoment,
    ReminderRecipients,
    ReminderRule,
    ReminderScope,
    ReminderUnit,
)
from registrations.models.user import PRIVACY_NOTICE, User, UserRole
from registrations.models.verification_code import VerificationCode, read_code

__all__ = [
    "HELD_KINDS",
    "MAX_WORD_LENGTH",
    "OVERDUE_AFTER",
    "PERMANENT_REASONS",
    "PRIVACY_NOTICE",
    "STAFF_ONLY_REASONS",
    "TEMPORARY_REASONS",
    "Announcement",
    "AnnouncementRecipients",
    "AnswerState",
    "Arrival",
    "Attendance",
    "AttendanceReport",
    "AttentionReason",
    "BodyKind",
    "Bounce",
    "BounceAction",
    "BounceReason",
    "CalendarAnswer",
    "CalendarEntry",
    "CallNote",
    "Delegate",
    "DelegateRole",
    "DelegateStatus",
    "Delegation",
    "DelegationStatus",
    "Delivery",
    "DeliveryKind",
    "DeliveryState",
    "FocalPoint",
    "GapNoticeRule",
    "GapReminder",
    "HistoryEvent",
    "HistoryKind",
    "IcalMethod",
    "IgnoredBecause",
    "ImportWord",
    "InboxState",
    "IncomingKind",
    "IncomingMail",
    "LinkRequest",
    "MailForAPerson",
    "MatchedBy",
    "NominationLetter",
    "ParticipantProfile",
    "ParticipatingBody",
    "Partstat",
    "Quota",
    "QuotaException",
    "QuotaLimits",
    "RegistrationPolicy",
    "ReminderMoment",
    "ReminderRecipients",
    "ReminderRule",
    "ReminderScope",
    "ReminderUnit",
    "User",
    "UserRole",
    "VerificationCode",
    "Waiver",
    "read_code",
]
