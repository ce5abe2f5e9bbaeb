from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from sessions_app.addresses import validate_web_address
from sessions_app.bilingual import Bilingual
from sessions_app.invisible import validate_visible
from sessions_app.models.webinar import Webinar
from sessions_app.zones import EARLIEST_YEAR, LATEST_YEAR


class WebinarOrganiser(models.Model):
    """One row is an organisation that holds one webinar together with the conference."""

    webinar = models.ForeignKey(Webinar, on_delete=models.CASCADE, related_name="organisers", verbose_name=_("webinar"))
    position = models.PositiveSmallIntegerField(_("order"), default=1)
    name_en = models.CharField(_("name (English)"), max_length=200, validators=[validate_visible])
    name_es = models.CharField(_("name (Spanish)"), max_length=200, blank=True, validators=[validate_visible])
    # The acronym of an organisation is translated too: IOM is OIM in Spanish.
    acronym_en = models.CharField(_("acronym (English)"), max_length=20, blank=True, validators=[validate_visible])
    acronym_es = models.CharField(_("acronym (Spanish)"), max_length=20, blank=True, validators=[validate_visible])
    url = models.URLField(_("web address"), max_length=500, blank=True, validators=[validate_web_address])

    class Meta:
        verbose_name = _("organiser")
        verbose_name_plural = _("organisers")
        ordering = ["webinar", "position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["webinar", "name_en"], name="organiser_once_per_webinar"),
        ]

    def __str__(self) -> str:
        return str(self.name)

    @property
    def name(self) -> Bilingual:
        return Bilingual.from_columns(self, "name")

    @property
    def acronym(self) -> Bilingual:
        return Bilingual.from_columns(self, "acronym")


class Presidency(models.Model):
    """One row is the country that presides over the conference (Presidency Pro Tempore) in one year."""

    year = models.PositiveSmallIntegerField(
        _("year"), unique=True, validators=[MinValueValidator(EARLIEST_YEAR), MaxValueValidator(LATEST_YEAR)]
    )
    country_en = models.CharField(_("country (English)"), max_length=200, validators=[validate_visible])
    country_es = models.CharField(_("country (Spanish)"), max_length=200, blank=True, validators=[validate_visible])

    class Meta:
        verbose_name = _("presidency of the conference")
        verbose_name_plural = _("presidencies of the conference")
        ordering = ["-year"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(year__gte=EARLIEST_YEAR, year__lte=LATEST_YEAR), name="presidency_year_is_possible"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year}: {self.country}"

    @property
    def country(self) -> Bilingual:
        return Bilingual.from_columns(self, "country")
