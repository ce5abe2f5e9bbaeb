from django.db import models
from django.utils.translation import gettext_lazy as _

from registrations.models.delegate import Delegate
from sessions_app.models import Session


class Arrival(models.Model):
    """The first time that a participant pressed the button of a session's join page."""

    delegate = models.ForeignKey(
        Delegate, on_delete=models.PROTECT, related_name="arrivals", verbose_name=_("delegate")
    )
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="arrivals", verbose_name=_("session"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("arrival")
        verbose_name_plural = _("arrivals")
        ordering = ["session", "at"]
        constraints = [
            models.UniqueConstraint(fields=["delegate", "session"], name="arrival_once_per_session"),
        ]

    def __str__(self) -> str:
        return f"{self.delegate_id}: {self.session_id}"
