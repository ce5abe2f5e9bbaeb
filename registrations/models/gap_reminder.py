from django.conf import settings
from django.db import models
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from sessions_app.models import Webinar


class GapReminder(models.Model):
    """A reminder of missing people that the secretariat sent to focal points besides the gap notices.

    Its deliveries record who received it.
    """

    webinar = models.ForeignKey(
        Webinar, on_delete=models.PROTECT, related_name="gap_reminders", verbose_name=_("webinar")
    )
    confirmed_at = models.DateTimeField(_("confirmed at"))
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("confirmed by")
    )
    body_count = models.PositiveSmallIntegerField(_("countries"))
    confirmed_count = models.PositiveSmallIntegerField(_("mails to focal points"))

    class Meta:
        verbose_name = _("reminder of countries with gaps")
        verbose_name_plural = _("reminders of countries with gaps")
        ordering = ["-confirmed_at", "-id"]

    def __str__(self) -> str:
        return date_format(localtime(self.confirmed_at), "DATETIME_FORMAT")
