from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from registrations.models.delegate import Delegate
from sessions_app.models import Session


class AttendanceReport(models.Model):
    """A video conference's participant report that a member of the secretariat imported for a session."""

    session = models.ForeignKey(
        Session, on_delete=models.PROTECT, related_name="attendance_reports", verbose_name=_("session")
    )
    imported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("imported by")
    )
    imported_at = models.DateTimeField(_("imported at"))
    people = models.PositiveIntegerField(_("people"))

    class Meta:
        verbose_name = _("participant report")
        verbose_name_plural = _("participant reports")
        ordering = ["session", "-imported_at"]

    def __str__(self) -> str:
        return f"{self.session}, {self.imported_at:%Y-%m-%d}"


class MatchedBy(models.TextChoices):
    """How a person in a report was matched with a delegate. An import never changes what a user matched by hand."""

    NOTHING = "", _("nobody yet")
    LINK = "link", _("personal link")
    ADDRESS = "address", _("address")
    HAND = "hand", _("by hand")
    NOBODY = "nobody", _("nobody of ours")


class AttendanceQuerySet(models.QuerySet["Attendance"]):
    """Query set with the filter for who counts as having attended."""

    def long_enough(self) -> "AttendanceQuerySet":
        """Filter for the rows of delegates who stayed in the session for the minimum stay of its webinar.

        All rows of a delegate in a session count together: a person may have joined by computer, then by telephone.
        """
        same = self.model._default_manager.filter(
            session=models.OuterRef("session"), delegate=models.OuterRef("delegate")
        )
        stay = same.order_by().values("delegate").annotate(stay=models.Sum("minutes")).values("stay")
        minimum = Coalesce("session__webinar__policy__minimum_stay_minutes", 0)
        return self.filter(delegate__isnull=False).alias(stay=models.Subquery(stay)).filter(stay__gte=minimum)


class Attendance(models.Model):
    """The time that a person spent in a session according to its reports, and the delegate who this person is.

    A delegate can have several rows: the report has one for each address or, without an address, for each name.
    """

    session = models.ForeignKey(
        Session, on_delete=models.PROTECT, related_name="attendances", verbose_name=_("session")
    )
    # Identifies the person in the reports of a session: the lower-cased address, or "name:" and the name.
    key = models.CharField(max_length=300, editable=False)
    name = models.CharField(_("name as reported"), max_length=200, blank=True)
    address = models.CharField(_("e-mail address as reported"), max_length=254, blank=True)
    delegate = models.ForeignKey(
        Delegate,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="attendances",
        verbose_name=_("delegate"),
    )
    matched_by = models.CharField(_("matched by"), max_length=10, choices=MatchedBy, blank=True)
    minutes = models.PositiveIntegerField(_("minutes"))
    first_joined_at = models.DateTimeField(_("first joined at"), null=True, blank=True)
    last_left_at = models.DateTimeField(_("last left at"), null=True, blank=True)
    report = models.ForeignKey(
        AttendanceReport, on_delete=models.PROTECT, related_name="attendances", verbose_name=_("latest report")
    )

    objects = AttendanceQuerySet.as_manager()

    class Meta:
        verbose_name = _("attendance")
        verbose_name_plural = _("attendances")
        ordering = ["session", "name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["session", "key"], name="attendance_once_per_session_and_key"),
            models.CheckConstraint(
                condition=models.Q(
                    delegate__isnull=False, matched_by__in=[MatchedBy.LINK, MatchedBy.ADDRESS, MatchedBy.HAND]
                )
                | models.Q(delegate__isnull=True, matched_by__in=[MatchedBy.NOTHING, MatchedBy.NOBODY]),
                name="attendance_is_matched_by_something",
            ),
        ]
        indexes = [models.Index(fields=["session", "delegate"], name="attendance_by_delegate")]

    def __str__(self) -> str:
        return f"{self.session_id}: {self.minutes}"
