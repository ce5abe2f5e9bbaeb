from typing import Any

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from registrations.models.delegate import validate_one_line
from sessions_app.bilingual import LANGUAGES, Bilingual
from sessions_app.models import Webinar

MAX_SUBJECT_LENGTH, MAX_TEXT_LENGTH = 150, 10_000


class AnnouncementRecipients(models.TextChoices):
    """The groups of people who can receive an announcement."""

    DELEGATES = "delegates", _("Delegates")
    FOCAL_POINTS = "focal_points", _("Focal points")
    BOTH = "both", _("Delegates and focal points")


class Announcement(models.Model):
    """A message that the secretariat writes in both languages to selected people of a webinar.

    It is a draft until it is confirmed and does not change afterwards. Its deliveries record who received it.
    """

    webinar = models.ForeignKey(
        Webinar, on_delete=models.PROTECT, related_name="announcements", verbose_name=_("webinar")
    )
    subject_en = models.CharField(
        _("subject (English)"), max_length=MAX_SUBJECT_LENGTH, blank=True, validators=[validate_one_line]
    )
    subject_es = models.CharField(
        _("subject (Spanish)"), max_length=MAX_SUBJECT_LENGTH, blank=True, validators=[validate_one_line]
    )
    # Markdown.
    text_en = models.TextField(
        _("text (English)"), max_length=MAX_TEXT_LENGTH, blank=True, validators=[MaxLengthValidator(MAX_TEXT_LENGTH)]
    )
    text_es = models.TextField(
        _("text (Spanish)"), max_length=MAX_TEXT_LENGTH, blank=True, validators=[MaxLengthValidator(MAX_TEXT_LENGTH)]
    )
    # The filters that select the recipients, as slugs and codes; `queries.audiences` reads them.
    audience: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(_("readers"), default=dict)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("written by")
    )
    created_at = models.DateTimeField(_("written at"))
    version = models.PositiveIntegerField(default=1, editable=False)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("confirmed by"),
    )
    # The number of recipients at the time of the confirmation.
    confirmed_count = models.PositiveIntegerField(_("readers when confirmed"), null=True, blank=True)

    class Meta:
        verbose_name = _("announcement")
        verbose_name_plural = _("announcements")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(confirmed_at__isnull=True, confirmed_by__isnull=True, confirmed_count__isnull=True)
                | models.Q(confirmed_at__isnull=False, confirmed_by__isnull=False, confirmed_count__gte=1),
                name="announcement_confirmed_by_someone_for_a_number",
            ),
            models.CheckConstraint(
                condition=models.Q(confirmed_at__isnull=True)
                | ~(models.Q(subject_en="") | models.Q(subject_es="") | models.Q(text_en="") | models.Q(text_es="")),
                name="announcement_confirmed_in_both_languages",
            ),
        ]

    def __str__(self) -> str:
        return str(self.subject) or str(_("(without a subject)"))

    @property
    def subject(self) -> Bilingual:
        return Bilingual.from_columns(self, "subject")

    @property
    def text(self) -> Bilingual:
        return Bilingual.from_columns(self, "text")

    @property
    def is_draft(self) -> bool:
        """Whether the announcement has not been confirmed yet."""
        return self.confirmed_at is None

    @property
    def missing_fields(self) -> list[str]:
        """The names of the empty subject and text fields; an announcement needs all of them before it can be sent."""
        names = (f"{part}_{language}" for language in LANGUAGES for part in ("subject", "text"))
        return [name for name in names if not getattr(self, name).strip()]
