from django.db import models
from django.utils.translation import gettext_lazy as _


class LinkRequest(models.Model):
    """A request to mail the personal links of an address; the planner deletes it when it plans the mail."""

    # Lower-cased.
    address = models.CharField(_("e-mail address"), max_length=254, unique=True)
    asked_at = models.DateTimeField(_("asked at"))

    class Meta:
        verbose_name = _("request for a link")
        verbose_name_plural = _("requests for links")
        ordering = ["asked_at", "id"]

    def __str__(self) -> str:
        return f"{self.pk}"
