from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from registrations.models.delegation import Delegation

MAX_NOTE_LENGTH = 1000


class CallNoteQuerySet(models.QuerySet["CallNote"]):
    """Query set with the filter for notes whose date to look again was not dealt with."""

    def open(self) -> "CallNoteQuerySet":
        """Filter for notes with a date to look again that nobody has ended yet."""
        return self.filter(look_again_on__isnull=False, done_at__isnull=True)


class CallNote(models.Model):
    """What the secretariat wrote down about one call with a country, and when to look again.

    It is never edited: it says itself who wrote it and when (rule 20). It is deleted with the personal data of its
    webinar.
    """

    delegation = models.ForeignKey(
        Delegation, on_delete=models.CASCADE, related_name="call_notes", verbose_name=_("delegation")
    )
    text = models.TextField(_("what was said"), max_length=MAX_NOTE_LENGTH)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("written by")
    )
    written_at = models.DateTimeField(_("written at"))
    look_again_on = models.DateField(_("look again on"), null=True, blank=True)
    # Since then nobody is asked to look again.
    done_at = models.DateTimeField(_("dealt with at"), null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("dealt with by"),
    )

    objects = CallNoteQuerySet.as_manager()

    class Meta:
        verbose_name = _("call note")
        verbose_name_plural = _("call notes")
        ordering = ["-written_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(text=""), name="call_note_has_a_text"),
            models.CheckConstraint(
                condition=models.Q(done_at__isnull=True, done_by__isnull=True)
                | models.Q(done_at__isnull=False, done_by__isnull=False, look_again_on__isnull=False),
                name="call_note_dealt_with_by_somebody",
            ),
        ]
        indexes = [
            models.Index(
                fields=["look_again_on"],
                condition=models.Q(look_again_on__isnull=False, done_at__isnull=True),
                name="call_note_to_look_at_again",
            ),
        ]

    def __str__(self) -> str:
        return self.text
