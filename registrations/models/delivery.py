from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce, Lower
from django.db.models.lookups import LessThan
from django.utils.translation import gettext_lazy as _

from registrations.models.announcement import Announcement
from registrations.models.calendar_entry import CalendarEntry, IcalMethod
from registrations.models.delegate import Delegate
from registrations.models.delegation import Delegation
from registrations.models.gap_reminder import GapReminder
from registrations.models.history import HistoryEvent
from registrations.models.reminder import ReminderRule
from registrations.models.user import User
from sessions_app.models import Release, Session, Webinar

# A message that waits longer is overdue: the workers or the mail server are away, or it is postponed again and again.
OVERDUE_AFTER = timedelta(minutes=10)
# So many rows are inserted by one statement.
BATCH = 500
OWED_AT = Coalesce("resent_at", "created_at")


class DeliveryKind(models.TextChoices):
    INVITATION = "invitation", _("Invitation")
    UPDATE = "update", _("Update")
    CANCELLATION = "cancellation", _("Cancellation")
    REMINDER = "reminder", _("Reminder")
    REGISTRATION = "registration", _("Invitation to register")
    GAP_NOTICE = "gap_notice", _("Gap notice")
    RECEIPT = "receipt", _("Acknowledgement of receipt")
    DECISION = "decision", _("Decision")
    CANNOT_COME = "cannot_come", _("Someone cannot come")
    LINKS = "links", _("Links asked for")
    CLASH_ALERT = "clash_alert", _("Alert to the secretariat")
    ANNOUNCEMENT = "announcement", _("Announcement")
    BOUNCE_NOTICE = "bounce_notice", _("Mail that came back")
    TEST = "test", _("Test to oneself")


# What a message is about decides its family; `Delivery` has one subject for each.
CALENDAR_KINDS = (DeliveryKind.INVITATION, DeliveryKind.UPDATE, DeliveryKind.CANCELLATION)
DELEGATION_KINDS = (DeliveryKind.REGISTRATION, DeliveryKind.GAP_NOTICE)
EVENT_KINDS = (DeliveryKind.RECEIPT, DeliveryKind.DECISION, DeliveryKind.CANNOT_COME)
# Not sent while the recipient's address is known to be wrong; a calendar must learn of every change all the same.
HELD_KINDS = (DeliveryKind.REMINDER, DeliveryKind.ANNOUNCEMENT)
SUBJECTS = ("session", "entry", "delegation", "event", "announcement")


def _about(kinds: Iterable[DeliveryKind], *subjects: str) -> models.Q:
    """Return the condition that a delivery of one of `kinds` has these `subjects` and no other."""
    present = {f"{name}__isnull": name not in subjects for name in SUBJECTS}
    return models.Q(kind__in=list(kinds), **present)


def _has_the_subject_of_its_family() -> models.Q:
    """Return the condition for the check constraint: which subjects the kinds of each family have."""
    return (
        # Calendar.
        _about(CALENDAR_KINDS, "session", "entry")
        | _about([DeliveryKind.REMINDER], "session")
        # Delegation: the event says what happened to it.
        | _about(DELEGATION_KINDS, "delegation")
        | _about(EVENT_KINDS, "delegation", "event")
        # Announcement.
        | _about([DeliveryKind.ANNOUNCEMENT], "announcement")
        # Account: mail that concerns only its recipient. An alert is for staff alone, so it has no delegation, in whose
        # history its country would read of it (rule 8).
        | _about([DeliveryKind.LINKS])
        | _about([DeliveryKind.CLASH_ALERT], "event")
        # To the focal points of a body, or to staff alone.
        | _about([DeliveryKind.BOUNCE_NOTICE], "delegation", "event")
        | _about([DeliveryKind.BOUNCE_NOTICE], "event")
        | _about([DeliveryKind.TEST], "announcement")
        | _about([DeliveryKind.TEST], "delegation")
    )


class DeliveryState(models.TextChoices):
    DUE = "due", _("Waiting")
    CLAIMED = "claimed", _("Being sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    SUPERSEDED = "superseded", _("No longer wanted")
    STOPPED = "stopped", _("Stopped")
    # The mail server had taken it, and later reported that it could not be delivered.
    BOUNCED = "bounced", _("Came back")
    # Not sent while the address is known to be wrong.
    HELD = "held", _("Held: the address is wrong")


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Filters deliveries by their state of sending, and inserts those that are owed."""

    def without_stored(self, deliveries: Sequence["Delivery"]) -> list["Delivery"]:
        """Return those of `deliveries`, which are unsaved, whose key is not stored. One query; none for no delivery."""
        if not deliveries:
            return []
        keys = [delivery.key for delivery in deliveries]
        stored = set(self.filter(key__in=keys).values_list("key", flat=True))
        return [delivery for delivery in deliveries if delivery.key not in stored]

    def insert_owed(self, deliveries: Iterable["Delivery"]) -> int:
        """Insert `deliveries` and return how many they are. One query for each `BATCH`.

        A key that another transaction has inserted meanwhile is the same message; it is not inserted again.
        """
        return len(self.bulk_create(list(deliveries), batch_size=BATCH, ignore_conflicts=True))

    def due(self, now: datetime) -> "DeliveryQuerySet":
        """Return those that are due at `now` and not claimed."""
        return self.filter(state=DeliveryState.DUE, due_at__lte=now)

    def expired(self, now: datetime) -> "DeliveryQuerySet":
        """Return those that are claimed by a worker that did not come back within its lease."""
        return self.filter(state=DeliveryState.CLAIMED, lease_expires_at__lte=now)

    def not_superseded(self) -> "DeliveryQuerySet":
        """Return all but those that were superseded before they can have been sent."""
        return self.exclude(state=DeliveryState.SUPERSEDED, may_have_arrived=False)

    def waiting(self, now: datetime) -> "DeliveryQuerySet":
        """Return those that are owed at `now` and that no worker is sending, with `owed_at`, the oldest first."""
        unsent = models.Q(state=DeliveryState.DUE) | models.Q(state=DeliveryState.CLAIMED, lease_expires_at__lte=now)
        return self.annotate(owed_at=OWED_AT).filter(unsent, owed_at__lte=now).order_by("owed_at", "pk")

    def overdue(self, now: datetime) -> "DeliveryQuerySet":
        """Return those that have been `waiting` for too long, however often they were tried."""
        return self.waiting(now).filter(LessThan(OWED_AT, now - OVERDUE_AFTER))

    def without_tests(self) -> "DeliveryQuerySet":
        """Return all but the tests, which staff send to themselves."""
        return self.exclude(kind=DeliveryKind.TEST)

    def latest_of_entry(self) -> "DeliveryQuerySet":
        """Return the calendar messages after which nothing newer is planned for their mailbox and session.

        Joins no table, so that an update under this condition checks the row again after it waited for a lock.
        """
        entries = CalendarEntry.objects.filter(pk=models.OuterRef("entry"), sequence=models.OuterRef("ical_sequence"))
        return self.filter(models.Exists(entries))

    def invitations_ahead(self, now: datetime) -> "DeliveryQuerySet":
        """Return the latest messages to their mailboxes that invite to a session that is neither over nor cancelled."""
        entries = CalendarEntry.objects.ahead(now).filter(planned_method=IcalMethod.REQUEST)
        return self.latest_of_entry().filter(ical_method=IcalMethod.REQUEST, entry__in=entries)


class Delivery(models.Model):
    """One message owed to one person, and its state.

    Each row that is sent is written three times, so a foreign key that no query looks up has no index.
    """

    # Names the message: a second delivery with this key would be the same message once more (design §5).
    key = models.CharField(_("key"), max_length=400, unique=True)
    kind = models.CharField(_("what"), max_length=20, choices=DeliveryKind)
    email = models.EmailField(_("to"), max_length=254)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES)
    webinar = models.ForeignKey(Webinar, on_delete=models.PROTECT, related_name="deliveries", verbose_name=_("webinar"))
    # Its recipient is a delegate or an account.
    delegate = models.ForeignKey(
        Delegate, on_delete=models.PROTECT, null=True, blank=True, related_name="deliveries", verbose_name=_("delegate")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="deliveries",
        verbose_name=_("account"),
    )
    session = models.ForeignKey(
        Session, on_delete=models.PROTECT, null=True, blank=True, related_name="deliveries", verbose_name=_("session")
    )
    # The mailbox and session of a calendar message; its messages are sent one after the other.
    entry = models.ForeignKey(
        CalendarEntry,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="deliveries",
        verbose_name=_("calendar entry"),
    )
    event = models.ForeignKey(
        HistoryEvent,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="deliveries",
        verbose_name=_("event"),
    )
    rule = models.ForeignKey(
        ReminderRule,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="deliveries",
        verbose_name=_("reminder rule"),
    )
    # What staff sent that owes this gap notice; none for a notice of a rule, whose key names it.
    gap_reminder = models.ForeignKey(
        GapReminder,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="deliveries",
        verbose_name=_("reminder of countries with gaps"),
    )
    # The announcement that this message carries or test-sends.
    announcement = models.ForeignKey(
        Announcement,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="deliveries",
        verbose_name=_("announcement"),
    )
    # The delegation that this message is about, or whose gap notice it test-sends.
    delegation = models.ForeignKey(
        Delegation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="deliveries",
        verbose_name=_("delegation"),
    )
    ical_method = models.CharField(_("calendar message"), max_length=10, choices=IcalMethod, blank=True)
    ical_sequence = models.PositiveIntegerField(_("revision"), null=True, blank=True)
    ical_stamp = models.DateTimeField(_("stamped at"), null=True, blank=True)
    # The start of the session as the message says it; a reminder is sent only while it is the released one.
    starts_at = models.DateTimeField(_("starts at"), null=True, blank=True)
    # The release of the session that a calendar message carries.
    release = models.ForeignKey(
        Release,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("release"),
    )
    # The last message about the session to the same person in this mailbox: an update says what has changed since.
    previous_release = models.ForeignKey(
        Release,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("release before"),
    )
    previous_method = models.CharField(_("calendar message before"), max_length=10, choices=IcalMethod, blank=True)
    created_at = models.DateTimeField(_("owed since"))
    due_at = models.DateTimeField(_("due at"))
    state = models.CharField(_("state"), max_length=20, choices=DeliveryState, default=DeliveryState.DUE)
    claim_token = models.UUIDField(_("claimed by"), null=True, blank=True)
    lease_expires_at = models.DateTimeField(_("claimed until"), null=True, blank=True)
    # When the last attempt began. MAIL_PER_MINUTE counts these.
    attempted_at = models.DateTimeField(_("last attempt"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    # How many workers began it and did not come back.
    worker_losses = models.PositiveSmallIntegerField(_("lost workers"), default=0)
    # Whether the mail server took it, or may have taken it.
    may_have_arrived = models.BooleanField(_("may have arrived"), default=False)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    # When somebody last made it due again; it counts as owed since then.
    resent_at = models.DateTimeField(_("sent again at"), null=True, blank=True)
    # How often staff or a focal point made it due again after it was sent, failed or was stopped.
    resend_count = models.PositiveSmallIntegerField(default=0, editable=False)
    # The Message-ID of the last attempt whose result was recorded (see `messages/composing/message_ids.py`).
    message_id = models.CharField(max_length=320, blank=True, editable=False)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=DeliveryState.values), name="delivery_state_is_known"),
            models.CheckConstraint(
                condition=models.Q(delegate__isnull=True, user__isnull=False)
                | models.Q(delegate__isnull=False, user__isnull=True),
                name="delivery_has_one_recipient",
            ),
            models.CheckConstraint(
                condition=_has_the_subject_of_its_family(), name="delivery_has_the_subject_of_its_family"
            ),
            # A mailbox gets the messages of a session one after the other.
            models.UniqueConstraint(
                fields=["entry"],
                condition=models.Q(state="claimed", entry__isnull=False),
                name="delivery_one_claimed_per_calendar_entry",
            ),
            models.CheckConstraint(
                condition=models.Q(state="claimed", claim_token__isnull=False, lease_expires_at__isnull=False)
                | (~models.Q(state="claimed") & models.Q(claim_token__isnull=True, lease_expires_at__isnull=True)),
                name="delivery_claimed_under_a_lease",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due_at"], name="delivery_by_due_time"),
            models.Index(fields=["entry", "state"], name="delivery_by_calendar_entry"),
            # The list of the secretariat is sorted by it, and searched by an address.
            models.Index(fields=["-created_at", "-id"], name="delivery_by_creation"),
            models.Index(Lower("email"), name="delivery_by_address"),
            models.Index(fields=["message_id"], name="delivery_by_message_id", condition=~models.Q(message_id="")),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.get_state_display()}"

    @classmethod
    def to_account(cls, user: User, *, key: str, kind: DeliveryKind, at: datetime, **about: Any) -> "Delivery":
        """Return an unsaved delivery to `user` with the fields of `about`; owed and, unless these differ, due `at`."""
        usual = {"email": user.email, "language": user.language, "created_at": at, "due_at": at}
        return cls(key=key, kind=kind, user=user, **(usual | about))

    @property
    def is_test(self) -> bool:
        """Whether staff sent it to themselves, to see how the mail reads."""
        return self.kind == DeliveryKind.TEST

    @property
    def is_invitation(self) -> bool:
        """Whether it invites to a session or to register: such a message may be sent again after it was sent."""
        return self.ical_method == IcalMethod.REQUEST or self.kind == DeliveryKind.REGISTRATION

    @property
    def owed_since(self) -> datetime:
        return self.resent_at or self.created_at

    def is_overdue_at(self, now: datetime) -> bool:
        """Return whether the QuerySet's `overdue` would include this delivery, without a query."""
        is_lost = self.lease_expires_at is not None and self.lease_expires_at <= now
        is_waiting = self.state == DeliveryState.DUE or (self.state == DeliveryState.CLAIMED and is_lost)
        return is_waiting and self.owed_since < now - OVERDUE_AFTER
