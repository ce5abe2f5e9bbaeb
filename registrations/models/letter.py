from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from registrations.models.delegation import Delegation


def random_path(letter: "NominationLetter", filename: str) -> str:
    """Where a letter is stored: nothing of the name that it came with, so that no name leads anywhere."""
    return f"letters/{uuid4().hex}.pdf"


class NominationLetterQuerySet(models.QuerySet["NominationLetter"]):
    def current(self) -> "NominationLetterQuerySet":
        return self.filter(replaced_at__isnull=True)


class NominationLetter(models.Model):
    """The PDF by which a government nominates its delegation; one that was replaced stays for the record.

    The file lies in the private MEDIA_ROOT and is served through a view that checks access alone.
    """

    delegation = models.ForeignKey(
        Delegation, on_delete=models.PROTECT, related_name="letters", verbose_name=_("delegation")
    )
    file = models.FileField(_("file"), upload_to=random_path, max_length=100, unique=True)
    # As it was called on the computer it came from, cleaned: shown, and given back on download.
    name = models.CharField(_("file name"), max_length=120)
    size = models.PositiveIntegerField(_("size in bytes"))
    # SHA-256 in hexadecimal: the same letter sent twice is kept once.
    digest = models.CharField(max_length=64, editable=False)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("uploaded by")
    )
    uploaded_at = models.DateTimeField(_("uploaded at"))
    replaced_at = models.DateTimeField(_("replaced at"), null=True, blank=True)

    objects = NominationLetterQuerySet.as_manager()

    class Meta:
        verbose_name = _("nomination letter")
        verbose_name_plural = _("nomination letters")
        ordering = ["delegation", "-uploaded_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["delegation"],
                condition=models.Q(replaced_at__isnull=True),
                name="one_current_letter_per_delegation",
            ),
            models.CheckConstraint(condition=models.Q(size__gte=1), name="letter_is_not_empty"),
        ]

    def __str__(self) -> str:
        return self.name
