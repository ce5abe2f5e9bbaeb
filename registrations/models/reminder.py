from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from sessions_app.models import Webinar


class ReminderScope(models.TextChoices):
    FIRST_SESSION = "first", _("the first session")
    EACH_SESSION = "each", _("each session")


class ReminderRule(models.Model):
    """When the admitted are reminded of a session: so many minutes before it starts."""

    webinar = models.ForeignKey(
        Webinar, on_delete=models.CASCADE, related_name="reminder_rules", verbose_name=_("webinar")
    )
    minutes_before = models.PositiveIntegerField(
        _("minutes before"), validators=[MinValueValidator(5), MaxValueValidator(60 * 24 * 60)]
    )
    scope = models.CharField(_("of"), max_length=10, choices=ReminderScope, default=ReminderScope.EACH_SESSION)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("reminder rule")
        verbose_name_plural = _("reminder rules")
        ordering = ["webinar", "-minutes_before"]
        constraints = [
            models.UniqueConstraint(
                fields=["webinar", "minutes_before", "scope"], name="reminder_rule_once_per_webinar"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.minutes_before} min, {self.get_scope_display()}"
