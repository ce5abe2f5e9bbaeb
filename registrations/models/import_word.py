from django.db import models
from django.utils.translation import gettext_lazy as _

from registrations.models.body import ParticipatingBody
from registrations.models.quota import ParticipantProfile

MAX_WORD_LENGTH = 60


class ImportWord(models.Model):
    """What a country's lists call a profile, as its focal point said: "fiscal" for the prosecutors.

    The word is normalised (`services/imports/normalising.py`), so that case, accents and blanks make no difference.
    """

    body = models.ForeignKey(
        ParticipatingBody, on_delete=models.CASCADE, related_name="import_words", verbose_name=_("participating body")
    )
    word = models.CharField(_("word"), max_length=MAX_WORD_LENGTH)
    profile = models.ForeignKey(
        ParticipantProfile, on_delete=models.CASCADE, related_name="+", verbose_name=_("profile")
    )

    class Meta:
        verbose_name = _("word of imported lists")
        verbose_name_plural = _("words of imported lists")
        ordering = ["body", "word"]
        constraints = [
            models.UniqueConstraint(fields=["body", "word"], name="import_word_means_one_profile"),
            models.CheckConstraint(condition=~models.Q(word=""), name="import_word_is_not_blank"),
        ]

    def __str__(self) -> str:
        return self.word
