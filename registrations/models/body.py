from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from sessions_app.bilingual import Bilingual
from sessions_app.zones import validate_zone


def validate_zones(names: object) -> None:
    """Raise ValidationError unless `names` is a list of IANA time zone names."""
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValidationError(_("A list of time zones is needed."), code="not_a_list")
    for name in names:
        validate_zone(name)


class BodyKind(models.TextChoices):
    """The kinds of participating bodies. Only member countries have quotas."""

    COUNTRY = "country", _("Member country")
    ORGANISATION = "organisation", _("Organisation")


class ParticipatingBody(models.Model):
    """A member country, or an organisation whose people take part without quotas."""

    kind = models.CharField(_("kind"), max_length=20, choices=BodyKind, default=BodyKind.COUNTRY)
    iso_code = models.CharField(_("ISO 3166 code"), max_length=2, null=True, blank=True, unique=True)
    slug = models.SlugField(_("slug"), max_length=40, unique=True)
    name_en = models.CharField(_("name (English)"), max_length=200)
    name_es = models.CharField(_("name (Spanish)"), max_length=200, blank=True)
    default_language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES, default="es")
    # The zones of the country. Forms prefill the zone only if there is exactly one (rule 13).
    timezones: "models.JSONField[list[str], list[str]]" = models.JSONField(
        _("time zones"), default=list, blank=True, validators=[validate_zones]
    )

    class Meta:
        verbose_name = _("participating body")
        verbose_name_plural = _("participating bodies")
        ordering = ["name_en"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind=BodyKind.ORGANISATION) | models.Q(iso_code__isnull=False),
                name="country_has_an_iso_code",
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)

    @property
    def name(self) -> Bilingual:
        return Bilingual.from_columns(self, "name")

    @property
    def single_timezone(self) -> str:
        """The country's time zone if it has exactly one, else the empty string."""
        return self.timezones[0] if len(self.timezones) == 1 else ""
