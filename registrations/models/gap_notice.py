from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from sessions_app.models import Webinar

MIN_DAYS, MAX_DAYS = 1, 60
# In the webinar's zone. A notice is sent between this hour and the end of the day.
HOUR_OF_NOTICES = time(9)


class GapNoticeRule(models.Model):
    """Says how many days before registration closes the incomplete delegations get a gap notice.

    Changing a rule sets `created_at` anew, so that a changed rule sends nothing for an hour that has passed.
    """

    webinar = models.ForeignKey(
        Webinar, on_delete=models.CASCADE, related_name="gap_notice_rules", verbose_name=_("webinar")
    )
    days_before = models.PositiveSmallIntegerField(
        _("days before registration closes"),
        validators=[MinValueValidator(MIN_DAYS), MaxValueValidator(MAX_DAYS)],
    )
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("gap notice rule")
        verbose_name_plural = _("gap notice rules")
        ordering = ["webinar", "-days_before"]
        constraints = [
            models.UniqueConstraint(
                fields=["webinar", "days_before"],
                name="gap_notice_rule_once_per_webinar",
                violation_error_message=_("This rule stands already."),
            ),
            models.CheckConstraint(
                condition=models.Q(days_before__gte=MIN_DAYS, days_before__lte=MAX_DAYS),
                name="gap_notice_rule_lies_1_to_60_days_before",
            ),
        ]

    def __str__(self) -> str:
        return ngettext(
            "%(count)s day before registration closes", "%(count)s days before registration closes", self.days_before
        ) % {"count": self.days_before}

    @property
    def due_at(self) -> datetime:
        """The time from which the notices of this rule are due, in the webinar's zone.

        Costs no query if the webinar and its policy are loaded.
        """
        zone = ZoneInfo(self.webinar.timezone)
        closing_day = self.webinar.policy.closes_at.astimezone(zone).date()
        return datetime.combine(closing_day - timedelta(days=self.days_before), HOUR_OF_NOTICES, tzinfo=zone)

    def is_due_at(self, now: datetime) -> bool:
        """Whether the notices are due at `now`: on their day after their hour, if the rule existed then."""
        due_at = self.due_at
        return self.created_at < due_at <= now and now.astimezone(due_at.tzinfo).date() == due_at.date()

    def delivery_key(self, delegation_id: int, user_id: int) -> str:
        """Return the unique key of a notice; it changes with the rule and with the closing date of registration."""
        return f"gap:{self.pk}:{delegation_id}:{user_id}:{self.due_at:%Y-%m-%d}"
