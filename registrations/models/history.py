from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from registrations.models.calendar_entry import Partstat
from registrations.models.delegate import Delegate, mail_delay
from registrations.models.delegation import Delegation
from sessions_app.models import Webinar


class HistoryKind(models.TextChoices):
    """The kinds of recorded events."""

    REGISTERED = "registered", _("Registered")
    EDITED = "edited", _("Changed")
    EDIT_UNDONE = "edit_undone", _("Change undone")
    REPLACED = "replaced", _("Replaced")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    RESTORED = "restored", _("Restored")
    SUBMITTED = "submitted", _("Submitted")
    ACCEPTED = "accepted", _("Accepted")
    ACCEPTED_WITH_GAP = "accepted_with_gap", _("Accepted with a gap")
    WAIVED = "waived", _("Seats waived")
    WAIVER_REVOKED = "waiver_revoked", _("Waiver revoked")
    RETURNED = "returned", _("Returned")
    REOPENED = "reopened", _("Reopened")
    NOT_ATTENDING = "not_attending", _("Not attending")
    ATTENDING_AGAIN = "attending_again", _("Attending again")
    LETTER_UPLOADED = "letter_uploaded", _("Letter uploaded")
    LETTER_REPLACED = "letter_replaced", _("Letter replaced")
    LETTER_REMOVED = "letter_removed", _("Letter removed")
    NAMED_TOO_OFTEN = "named_too_often", _("Registered and withdrawn repeatedly")
    ATTENDANCE_CHANGED_TOO_OFTEN = "attendance_changed_too_often", _("Stopped attending repeatedly")
    MAIL_HELD = "mail_held", _("Mail held until the secretariat releases it")
    MAIL_RELEASED = "mail_released", _("Held mail released")
    ADDRESS_CLASH = "address_clash", _("Address registered elsewhere")
    QUOTA_CHANGED = "quota_changed", _("Quota changed")
    CANNOT_COME = "cannot_come", _("Cannot come")
    OWN_CHOICE = "own_choice", _("Language or time zone chosen")
    EXCEPTION_MADE = "exception_made", _("Exception from a quota")
    EXCEPTION_ENDED = "exception_ended", _("Exception from a quota ended")
    MAIL_SENT_AGAIN = "mail_sent_again", _("Mail sent again")
    MAIL_STOPPED = "mail_stopped", _("Mail stopped")
    EXPORTED = "exported", _("Exported")
    ANNOUNCED = "announced", _("Announcement sent")
    ANNOUNCEMENT_DELETED = "announcement_deleted", _("Draft of an announcement deleted")
    CHASED = "chased", _("Reminded of what is missing")
    PERSON_EXPORTED = "person_exported", _("Data given out at the person's request")
    PERSON_ERASED = "person_erased", _("Data erased at the person's request")
    PURGED = "purged", _("Personal data ended")
    ATTENDANCE_IMPORTED = "attendance_imported", _("Attendance imported")
    ATTENDANCE_MATCHED = "attendance_matched", _("Attendance matched by hand")
    ATTENDANCE_EXPORTED = "attendance_exported", _("Attendance exported")
    ATTENDANCE_REMOVED = "attendance_removed", _("Attendance removed")
    ROOM_SWITCHED = "room_switched", _("Room switched")
    HANDED_OVER = "handed_over", _("Who is on it was changed")
    BODY_ADDED = "body_added", _("Added to the webinar")
    BODY_REMOVED = "body_removed", _("Removed from the webinar")
    ANSWERED = "answered", _("Answered in their calendar")
    BOUNCED = "bounced", _("Mail came back")


# The secretariat gets an alert by mail about events of these kinds.
ALERT_KINDS = (
    HistoryKind.ADDRESS_CLASH,
    HistoryKind.NAMED_TOO_OFTEN,
    HistoryKind.ATTENDANCE_CHANGED_TOO_OFTEN,
    HistoryKind.MAIL_HELD,
)
# Key in `changes` of an automatic acceptance. Its value is the action that completed the delegation: a HistoryKind or a
# key of STEPS_WITHOUT_EVENT.
COMPLETING_STEP = "step"
POLICY_CHANGED = "policy_changed"
STEPS_WITHOUT_EVENT = {POLICY_CHANGED: _("Registration policy changed")}

# The kinds of events that participants cause on their own page, without signing in.
PARTICIPANT_KINDS = (HistoryKind.CANNOT_COME, HistoryKind.OWN_CHOICE)


class HistoryEvent(models.Model):
    """One recorded decision or change: who, when and why (rule 20). It can cause mail (design §5)."""

    webinar = models.ForeignKey(Webinar, on_delete=models.PROTECT, related_name="history", verbose_name=_("webinar"))
    delegation = models.ForeignKey(
        Delegation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="history",
        verbose_name=_("delegation"),
    )
    delegate = models.ForeignKey(
        Delegate, on_delete=models.PROTECT, null=True, blank=True, related_name="history", verbose_name=_("delegate")
    )
    kind = models.CharField(_("what"), max_length=30, choices=HistoryKind)
    # Null if the system decided, such as on accepting a complete delegation, or if a participant acted.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("who"),
    )
    at = models.DateTimeField(_("when"))
    reason = models.TextField(_("why"), max_length=2000, blank=True)
    # True if a focal point entered an address that the webinar had not mailed yet. Such events count against the daily
    # limit of that focal point.
    brings_new_address = models.BooleanField(default=False, db_default=False, editable=False)
    # {field: [old, new]}. Names and addresses in it are personal data, which the purge removes.
    changes: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(
        _("what changed"), default=dict, blank=True
    )

    class Meta:
        verbose_name = _("history event")
        verbose_name_plural = _("history")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["delegation", "-at"], name="history_of_delegation"),
            models.Index(fields=["kind", "actor", "at"], name="history_by_kind_and_actor"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    def is_undoable_edit_at(self, now: datetime) -> bool:
        """Whether this is a focal point's edit within the mail delay; the caller checks that it is the latest event."""
        is_theirs = self.kind == HistoryKind.EDITED and self.actor is not None and not self.actor.is_staff
        return is_theirs and now < self.at + mail_delay()

    @property
    def completing_step(self) -> str:
        """The label of the action that completed the delegation before an automatic acceptance, or the empty string."""
        step = str(self.changes.get(COMPLETING_STEP, ["", ""])[1] or "")
        return str(STEPS_WITHOUT_EVENT.get(step) or (HistoryKind(step).label if step in HistoryKind.values else ""))

    @property
    def is_by_participant(self) -> bool:
        """Whether a participant caused the event on their own page."""
        return self.kind in PARTICIPANT_KINDS

    @property
    def is_from_calendar(self) -> bool:
        """Whether a participant caused the event by answering in their calendar program."""
        return self.kind == HistoryKind.ANSWERED

    @property
    def answer(self) -> str:
        """The answer from a calendar program, such as "session 1: accepted"; empty for other events and once purged."""
        partstat = self.changes.get("answer", ["", ""])[1]
        if not self.is_from_calendar or partstat not in Partstat.values:
            return ""
        return str(
            _("session %(number)s: %(answer)s")
            % {"number": self.changes["session"][1], "answer": Partstat(partstat).label}
        )
