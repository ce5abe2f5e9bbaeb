from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from sessions_app.models import ReleasedSession, Webinar

MIN_LEAD, MAX_LEAD = timedelta(minutes=5), timedelta(days=60)


class ReminderUnit(models.TextChoices):
    """The units of a reminder's distance from the session, named like the arguments of `timedelta`."""

    MINUTES = "minutes", _("minutes")
    HOURS = "hours", _("hours")
    DAYS = "days", _("days")


class ReminderMoment(models.TextChoices):
    """Whether a reminder is sent before or after a session."""

    BEFORE_START = "before", _("before it starts")
    AFTER_END = "after", _("after it ends")


class ReminderRecipients(models.TextChoices):
    """The recipients of a reminder rule. A person who declined is never reminded."""

    ALL = "all", _("everyone who has not declined")
    ACCEPTED = "accepted", _("those who accepted")
    UNANSWERED = "unanswered", _("those who have not answered")
    FOCAL_POINTS = "focal_points", _("the focal points")


class ReminderScope(models.TextChoices):
    """Whether a rule is about the first session or each session of a webinar."""

    FIRST_SESSION = "first", _("the first session")
    EACH_SESSION = "each", _("each session")


def allowed_amounts(unit: str) -> range:
    """Return the amounts of `unit` that a reminder may lie from its session: 5 minutes to 60 days."""
    one_unit = timedelta(**{unit: 1})
    return range(max(1, MIN_LEAD // one_unit), MAX_LEAD // one_unit + 1)


def _allowed_leads() -> models.Q:
    leads = models.Q()
    for unit in ReminderUnit.values:
        amounts = allowed_amounts(unit)
        leads |= models.Q(unit=unit, amount__gte=amounts[0], amount__lte=amounts[-1])
    return leads


class ReminderRule(models.Model):
    """When, and to whom, a webinar sends reminders about its sessions.

    Changing a rule sets `created_at` anew, so that a changed rule sends nothing for an hour that has passed.
    """

    webinar = models.ForeignKey(
        Webinar, on_delete=models.CASCADE, related_name="reminder_rules", verbose_name=_("webinar")
    )
    amount = models.PositiveIntegerField(_("how many"))
    unit = models.CharField(_("unit"), max_length=10, choices=ReminderUnit, default=ReminderUnit.DAYS)
    moment = models.CharField(_("when"), max_length=10, choices=ReminderMoment, default=ReminderMoment.BEFORE_START)
    recipients = models.CharField(_("to"), max_length=20, choices=ReminderRecipients, default=ReminderRecipients.ALL)
    scope = models.CharField(_("of"), max_length=10, choices=ReminderScope, default=ReminderScope.EACH_SESSION)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("reminder rule")
        verbose_name_plural = _("reminder rules")
        # Days, hours, minutes: the alphabet does it.
        ordering = ["webinar", "-moment", "unit", "-amount", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["webinar", "amount", "unit", "moment", "recipients", "scope"],
                name="reminder_rule_once_per_webinar",
                violation_error_message=_("This rule stands already."),
            ),
            models.CheckConstraint(condition=_allowed_leads(), name="reminder_rule_lies_5_minutes_to_60_days_off"),
            models.CheckConstraint(
                condition=models.Q(
                    moment__in=ReminderMoment.values,
                    recipients__in=ReminderRecipients.values,
                    scope__in=ReminderScope.values,
                ),
                name="reminder_rule_is_known",
            ),
        ]

    def __str__(self) -> str:
        if self.moment == ReminderMoment.AFTER_END:
            sentence = gettext("%(lead)s after %(scope)s, to %(audience)s")
        else:
            sentence = gettext("%(lead)s before %(scope)s, to %(audience)s")
        return sentence % {
            "lead": self._lead_text(),
            "scope": self.get_scope_display(),
            "audience": self.get_recipients_display(),
        }

    def clean(self) -> None:
        is_readable = self.amount is not None and self.unit in ReminderUnit.values
        if is_readable and self.amount not in allowed_amounts(self.unit):
            raise ValidationError({"amount": _("Choose from 5 minutes to 60 days before or after the session.")})

    @property
    def is_after(self) -> bool:
        """Whether the reminder is sent after the session ends."""
        return self.moment == ReminderMoment.AFTER_END

    def due_at_for(self, released: ReleasedSession) -> datetime:
        """Return the UTC time at which the reminder about `released` is due.

        A distance in days keeps the wall clock time of the session's zone across a change of daylight saving time.
        """
        lead = timedelta(**{self.unit: self.amount if self.is_after else -self.amount})
        anchor = released.ends_at if self.is_after else released.starts_at
        if self.unit == ReminderUnit.DAYS:
            anchor = anchor.astimezone(ZoneInfo(released.timezone))
        return (anchor + lead).astimezone(UTC)

    def _lead_text(self) -> str:
        words = {
            ReminderUnit.MINUTES: ngettext("%(count)s minute", "%(count)s minutes", self.amount),
            ReminderUnit.HOURS: ngettext("%(count)s hour", "%(count)s hours", self.amount),
            ReminderUnit.DAYS: ngettext("%(count)s day", "%(count)s days", self.amount),
        }
        return words[ReminderUnit(self.unit)] % {"count": self.amount}
