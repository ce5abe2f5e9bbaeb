from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from registrations.models.delegation import Delegation


def random_path(letter: "NominationLetter", filename: str) -> str:
    """Return a random storage path for a letter, without anything of its file name, which is not trusted."""
    return f"letters/{uuid4().hex}.pdf"


class NominationLetterQuerySet(models.QuerySet["NominationLetter"]):
    """Query set with the filter for the letters in force."""

    def current(self) -> "NominationLetterQuerySet":
        """Filter for letters that were not replaced; a delegation has at most one."""
        return self.filter(replaced_at__isnull=True)


class NominationLetter(models.Model):
    """The PDF file by which a government nominates its delegation. Replaced letters stay for the record.

    The file is stored in the private MEDIA_ROOT and served only through a view that checks access.
    """

    delegation = models.ForeignKey(
        Delegation, on_delete=models.PROTECT, related_name="letters", verbose_name=_("delegation")
    )
    file = models.FileField(_("file"), upload_to=random_path, max_length=100, unique=True)
    # The cleaned file name of the upload, which is shown and used for downloads.
    name = models.CharField(_("file name"), max_length=120)
    size = models.PositiveIntegerField(_("size in bytes"))
    # SHA-256 in hexadecimal, by which a second upload of the same file is recognised.
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
