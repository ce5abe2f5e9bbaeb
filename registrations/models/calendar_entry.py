from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from registrations.models.delegate import Delegate, takes_part
from sessions_app.models import Release, Session
from sessions_app.models.release import is_ahead


class IcalMethod(models.TextChoices):
    """RFC 5546 §1.4."""

    NONE = "", _("nothing")
    REQUEST = "REQUEST", "REQUEST"
    CANCEL = "CANCEL", "CANCEL"


class Partstat(models.TextChoices):
    """RFC 5545 §3.2.12, as a participant answers."""

    NEEDS_ACTION = "NEEDS-ACTION", _("no answer yet")
    ACCEPTED = "ACCEPTED", _("accepted")
    TENTATIVE = "TENTATIVE", _("maybe")
    DECLINED = "DECLINED", _("declined")


class CalendarEntryQuerySet(models.QuerySet["CalendarEntry"]):
    """Query set with the filters for the sessions ahead and for present invitations."""

    def ahead(self, now: datetime) -> "CalendarEntryQuerySet":
        """Return the entries of sessions that are released, not cancelled and not over."""
        return self.filter(is_ahead(now, path="session__released__"))

    def invited(self) -> "CalendarEntryQuerySet":
        """Return the entries whose latest message invites a person who takes part, under that person's present link."""
        return self.filter(
            takes_part(path="delegate__"),
            planned_method=IcalMethod.REQUEST,
            # A person whose link has ended is owed a new invitation first.
            token_version=models.F("delegate__token_version"),
        )


class CalendarEntry(models.Model):
    """What one mailbox holds of one session; it orders all messages about it. It outlives the delegate."""

    session = models.ForeignKey(
        Session, on_delete=models.PROTECT, related_name="calendar_entries", verbose_name=_("session")
    )
    # Lower-cased.
    address = models.CharField(_("e-mail address"), max_length=254)
    # The person whom the latest message invites or cancels.
    delegate = models.ForeignKey(
        Delegate, on_delete=models.PROTECT, related_name="calendar_entries", verbose_name=_("delegate")
    )
    # The version of the join link in the latest planned message; a newer version owes a new message.
    token_version = models.PositiveIntegerField(_("version of the link"), default=1)
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="+", verbose_name=_("release"))
    released_sequence = models.PositiveIntegerField(_("released revision"))
    sequence = models.PositiveIntegerField(_("revision"))
    stamp = models.DateTimeField(_("stamped at"))
    # The method of the latest planned message: empty while a new one is to be planned, and CANCEL also if no message
    # was needed to cancel. The deliveries have what was sent.
    planned_method = models.CharField(_("planned message"), max_length=10, choices=IcalMethod, blank=True)
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"))
    ical_partstat = models.CharField(_("answer"), max_length=20, choices=Partstat, default=Partstat.NEEDS_ACTION)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    # Under whose name the address was exported for the room; null if it was not, or was exported as having left.
    exported_for_room = models.ForeignKey(
        Delegate, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+", db_index=False
    )

    objects = CalendarEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("calendar entry")
        verbose_name_plural = _("calendar entries")
        ordering = ["session", "address"]
        constraints = [
            models.UniqueConstraint(fields=["session", "address"], name="calendar_entry_once_per_mailbox"),
        ]
        indexes = [models.Index(fields=["delegate", "session"], name="calendar_entry_by_delegate")]

    def __str__(self) -> str:
        return f"{self.session_id}: {self.planned_method}"
