from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from registrations.models.calendar_entry import CalendarEntry, Partstat
from registrations.models.delegate import Delegate
from registrations.models.user import User

# Mail that was dealt with is deleted after this time, and all other mail for a person after `LONGEST_UNREAD`.
KEPT_AFTER_DEALT_WITH = timedelta(days=90)
LONGEST_UNREAD = timedelta(days=365)


class InboxState(models.Model):
    """When a pass over the inbox last came to its end, and why a later one did not. There is one row, `KEY`."""

    KEY = 1

    # One reader at a time; a reader that was killed is waited for until then.
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)

    read_at = models.DateTimeField(null=True, blank=True, editable=False)
    failed_at = models.DateTimeField(null=True, blank=True, editable=False)
    # A code, such as "sign_in_refused".
    failure = models.CharField(max_length=40, blank=True, editable=False)

    class Meta:
        verbose_name = _("state of the inbox")
        verbose_name_plural = _("states of the inbox")

    def __str__(self) -> str:
        return self.failure or "ok"


class IncomingKind(models.TextChoices):
    """What a mail was recognised as."""

    ANSWER = "answer", _("Answer")
    BOUNCE = "bounce", _("Mail that came back")
    AUTOMATIC = "automatic", _("Automatic reply")
    FOR_A_PERSON = "for_a_person", _("For a person")


class IncomingMail(models.Model):
    """A mail that was read, so that it is never processed twice. It holds nothing of the mail but its fingerprint."""

    mailbox = models.CharField(max_length=300, editable=False)
    uid_validity = models.CharField(max_length=20, blank=True, editable=False)
    uid = models.CharField(max_length=255, editable=False)
    # SHA-256 of its bytes, as far as they were read, in hexadecimal digits. Recognises it after a renumbering.
    digest = models.CharField(max_length=64, editable=False)
    kind = models.CharField(max_length=20, choices=IncomingKind, editable=False)
    read_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name = _("incoming mail")
        verbose_name_plural = _("incoming mail")
        constraints = [
            models.UniqueConstraint(fields=["mailbox", "uid_validity", "uid"], name="incoming_mail_read_once"),
            models.UniqueConstraint(fields=["digest"], name="incoming_mail_processed_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=IncomingKind.values), name="incoming_mail_kind_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class AnswerState(models.TextChoices):
    """What became of an answer from a calendar program."""

    COUNTED = "counted", _("Counts")
    TO_CONFIRM = "to_confirm", _("To confirm")
    DISMISSED = "dismissed", _("Dismissed")
    IGNORED = "ignored", _("Ignored")


class IgnoredBecause(models.TextChoices):
    """Why an answer from a calendar program does not count."""

    OF_EARLIER_TIME = "of_earlier_time", _("The session was moved since this invitation.")
    OLDER = "older", _("A newer answer of the same calendar counts.")
    ANSWERED_ON_PAGE = "answered_on_page", _("The person has answered on their page since.")
    SESSION_CANCELLED = "session_cancelled", _("The session is cancelled.")
    SESSION_OVER = "session_over", _("The session is over.")
    NOT_INVITED = "not_invited", _("The person is not invited any more.")


class CalendarAnswer(models.Model):
    """An answer (REPLY, RFC 5546 §3.2.3) that a calendar program sent by mail."""

    mail = models.OneToOneField(IncomingMail, on_delete=models.PROTECT, related_name="answer", editable=False)
    entry = models.ForeignKey(
        CalendarEntry, on_delete=models.PROTECT, related_name="answers", verbose_name=_("calendar entry")
    )
    # Whose entry it was when the answer came.
    delegate = models.ForeignKey(
        Delegate, on_delete=models.PROTECT, related_name="calendar_answers", verbose_name=_("delegate")
    )
    ical_partstat = models.CharField(_("answer"), max_length=20, choices=Partstat)
    ical_sequence = models.PositiveIntegerField(_("revision"))
    ical_stamp = models.DateTimeField(_("answered at"))
    comment = models.CharField(_("comment"), max_length=500, blank=True)
    # The sender, which is forgeable. Staff who confirm the answer see it.
    from_address = models.CharField(_("from"), max_length=320, blank=True)
    received_at = models.DateTimeField(_("received at"))
    state = models.CharField(_("state"), max_length=20, choices=AnswerState)
    ignored_because = models.CharField(_("reason"), max_length=30, choices=IgnoredBecause, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    # Null if nobody had to confirm it.
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )

    class Meta:
        verbose_name = _("answer from a calendar")
        verbose_name_plural = _("answers from calendars")
        ordering = ["-received_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=AnswerState.values), name="calendar_answer_state_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state=AnswerState.IGNORED, ignored_because__in=IgnoredBecause.values)
                | (~models.Q(state=AnswerState.IGNORED) & models.Q(ignored_because="")),
                name="calendar_answer_ignored_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["received_at"], condition=models.Q(state="to_confirm"), name="calendar_answer_to_confirm"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_ical_partstat_display()}, {self.get_state_display()}"


class AttentionReason(models.TextChoices):
    """Why a mail is shown to a person."""

    WRITTEN_BY_A_PERSON = "written_by_a_person", _("Somebody wrote to us.")
    UNREADABLE = "unreadable", _("The message could not be read.")
    COUNTER_PROPOSAL = "counter_proposal", _("Another time is proposed for a session.")
    DELEGATED = "delegated", _("The invitation was passed on to somebody else.")
    NO_ATTENDEE = "no_attendee", _("An answer does not say whose it is.")
    SEVERAL_ATTENDEES = "several_attendees", _("An answer names several people.")
    UNCLEAR_ANSWER = "unclear_answer", _("An answer from a calendar is not clear.")
    UNKNOWN_SESSION = "unknown_session", _("An answer is about no session or mailbox that we know.")
    UNKNOWN_BOUNCE = "unknown_bounce", _("A message came back; we cannot tell which.")


class MailForAPersonQuerySet(models.QuerySet["MailForAPerson"]):
    """Query set with the filters for mail to deal with and for mail to forget."""

    def open(self) -> "MailForAPersonQuerySet":
        """Filter for mail that nobody has dealt with."""
        return self.filter(dealt_with_at__isnull=True)

    def outdated(self, now: datetime) -> "MailForAPersonQuerySet":
        """Filter for mail that was dealt with long ago, or came so long ago that nobody will."""
        dealt_with = models.Q(dealt_with_at__lte=now - KEPT_AFTER_DEALT_WITH)
        return self.filter(dealt_with | models.Q(received_at__lte=now - LONGEST_UNREAD))


class MailForAPerson(models.Model):
    """A mail that nobody but a person can deal with. It is answered in the mailbox; this row says that it came."""

    mail = models.OneToOneField(IncomingMail, on_delete=models.PROTECT, related_name="for_a_person", editable=False)
    reason = models.CharField(_("why"), max_length=30, choices=AttentionReason)
    sender_name = models.CharField(_("name of the sender"), max_length=200, blank=True)
    sender_address = models.CharField(_("from"), max_length=320, blank=True)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    # The first lines as plain text.
    excerpt = models.TextField(_("first lines"), blank=True)
    # Who has the sender's address or, for a bounce, the address that failed: a guess, which proves nothing.
    delegate = models.ForeignKey(
        Delegate, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("delegate")
    )
    user = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("account")
    )
    received_at = models.DateTimeField(_("received at"))
    dealt_with_at = models.DateTimeField(_("dealt with at"), null=True, blank=True)
    dealt_with_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("dealt with by")
    )

    objects = MailForAPersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("message for a person")
        verbose_name_plural = _("messages for a person")
        ordering = ["-received_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(reason__in=AttentionReason.values), name="mail_for_a_person_for_a_known_reason"
            ),
            models.CheckConstraint(
                condition=models.Q(dealt_with_at__isnull=True, dealt_with_by__isnull=True)
                | models.Q(dealt_with_at__isnull=False, dealt_with_by__isnull=False),
                name="mail_for_a_person_dealt_with_by_somebody",
            ),
        ]
        indexes = [
            models.Index(
                fields=["received_at"], condition=models.Q(dealt_with_at__isnull=True), name="mail_for_a_person_open"
            ),
            models.Index(Lower("sender_address"), name="mail_for_a_person_by_sender"),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}"
