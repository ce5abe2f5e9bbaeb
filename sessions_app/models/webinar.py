from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from sessions_app.addresses import validate_mail_address
from sessions_app.bilingual import Bilingual
from sessions_app.zones import validate_zone

# `/admin/webinars/new/` is the page for new webinars.
RESERVED_SLUG = "new"


class AgendaVisibility(models.TextChoices):
    FULL = "full", _("Full")
    WITHOUT_NAMES = "without_names", _("Without the names of persons")
    HIDDEN = "hidden", _("Hidden")


class Webinar(models.Model):
    """One row is a webinar: sessions on several days under one title, released together."""

    slug = models.SlugField(_("slug"), max_length=60, unique=True)
    title_en = models.CharField(_("title (English)"), max_length=200)
    title_es = models.CharField(_("title (Spanish)"), max_length=200, blank=True)
    # For lists, where the whole title is too long.
    short_title_en = models.CharField(_("short title (English)"), max_length=40, blank=True, default="", db_default="")
    short_title_es = models.CharField(_("short title (Spanish)"), max_length=40, blank=True, default="", db_default="")
    lead_en = models.CharField(_("in one sentence (English)"), max_length=250, blank=True, default="", db_default="")
    lead_es = models.CharField(_("in one sentence (Spanish)"), max_length=250, blank=True, default="", db_default="")
    objective_en = models.TextField(_("objective (English)"), blank=True)
    objective_es = models.TextField(_("objective (Spanish)"), blank=True)
    methodology_en = models.TextField(_("methodology (English)"), blank=True)
    methodology_es = models.TextField(_("methodology (Spanish)"), blank=True)
    audience_en = models.TextField(_("audience (English)"), blank=True)
    audience_es = models.TextField(_("audience (Spanish)"), blank=True)
    background_en = models.TextField(_("background (English)"), blank=True)
    background_es = models.TextField(_("background (Spanish)"), blank=True)
    timezone = models.CharField(_("time zone"), max_length=50, validators=[validate_zone])
    contact_email = models.EmailField(_("address for questions"), validators=[validate_mail_address])
    agenda_visibility = models.CharField(
        _("public agenda"), max_length=20, choices=AgendaVisibility, default=AgendaVisibility.FULL
    )
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)
    # The offset by which `load_webinar --starts-on` moved the sessions from the dates in the file; later loads keep it.
    definition_shift_minutes = models.IntegerField(default=0, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("webinar")
        verbose_name_plural = _("webinars")
        ordering = ["-created_at", "slug"]

    def __str__(self) -> str:
        return str(self.title)

    def get_absolute_url(self) -> str:
        return reverse("sessions_app:webinar", args=[self.slug])

    def clean(self) -> None:
        if self.slug == RESERVED_SLUG:
            raise ValidationError({"slug": _("Choose another one: this is the address of the page for new webinars.")})

    @property
    def title(self) -> Bilingual:
        return Bilingual.from_columns(self, "title")

    @property
    def short_title(self) -> Bilingual:
        """The title for lists; the whole title where no short one was given."""
        return Bilingual.from_columns(self, "short_title") or self.title
