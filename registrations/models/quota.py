from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registrations.models.body import ParticipatingBody
from sessions_app.bilingual import Bilingual
from sessions_app.models import Webinar
from sessions_app.zones import validate_year

# In minutes.
USUAL_MINIMUM_STAY, LONGEST_MINIMUM_STAY = 15, 600


class ParticipantProfile(models.Model):
    """The work of an official, such as prosecution or border control. Quotas are set by profile."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    position = models.PositiveSmallIntegerField(_("order"), default=1)
    name_en = models.CharField(_("name (English)"), max_length=100)
    name_es = models.CharField(_("name (Spanish)"), max_length=100, blank=True)
    description_en = models.CharField(_("description (English)"), max_length=300, blank=True)
    description_es = models.CharField(_("description (Spanish)"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("participant profile")
        verbose_name_plural = _("participant profiles")
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return str(self.name)

    @property
    def name(self) -> Bilingual:
        return Bilingual.from_columns(self, "name")

    @property
    def description(self) -> Bilingual:
        return Bilingual.from_columns(self, "description")


@dataclass(frozen=True)
class QuotaLimits:
    """The minimum and the optional maximum number of people of a profile; `str()` gives them in words."""

    minimum: int
    maximum: int | None

    def __str__(self) -> str:
        if self.maximum is None:
            return gettext("at least %(minimum)s") % {"minimum": self.minimum}
        return gettext("at least %(minimum)s, at most %(maximum)s") % {
            "minimum": self.minimum,
            "maximum": self.maximum,
        }


class Quota(models.Model):
    """The minimum and the optional maximum number of delegates of one profile that each country sends to a webinar."""

    webinar = models.ForeignKey(Webinar, on_delete=models.CASCADE, related_name="quotas", verbose_name=_("webinar"))
    profile = models.ForeignKey(
        ParticipantProfile, on_delete=models.PROTECT, related_name="quotas", verbose_name=_("profile")
    )
    minimum = models.PositiveSmallIntegerField(_("at least"), default=2)
    maximum = models.PositiveSmallIntegerField(_("at most"), null=True, blank=True)

    class Meta:
        verbose_name = _("quota")
        verbose_name_plural = _("quotas")
        ordering = ["webinar", "profile__position", "profile__code"]
        constraints = [
            models.UniqueConstraint(fields=["webinar", "profile"], name="quota_once_per_webinar_and_profile"),
            models.CheckConstraint(
                condition=models.Q(maximum__isnull=True) | models.Q(maximum__gte=models.F("minimum")),
                name="quota_maximum_not_below_minimum",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.profile}: {self.minimum}"

    @property
    def limits(self) -> QuotaLimits:
        """The minimum and maximum of the quota."""
        return QuotaLimits(self.minimum, self.maximum)


class QuotaException(models.Model):
    """Replaces the limits of a quota for one country. It stays until a member of the secretariat ends it."""

    quota = models.ForeignKey(Quota, on_delete=models.CASCADE, related_name="exceptions", verbose_name=_("quota"))
    body = models.ForeignKey(
        ParticipatingBody, on_delete=models.PROTECT, related_name="quota_exceptions", verbose_name=_("country")
    )
    minimum = models.PositiveSmallIntegerField(_("at least"))
    maximum = models.PositiveSmallIntegerField(_("at most"), null=True, blank=True)
    reason = models.TextField(_("reason"), max_length=1000)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("made by")
    )
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("exception from a quota")
        verbose_name_plural = _("exceptions from quotas")
        ordering = ["quota", "body__name_en"]
        constraints = [
            models.UniqueConstraint(fields=["quota", "body"], name="quota_exception_once_per_body"),
            models.CheckConstraint(
                condition=models.Q(maximum__isnull=True) | models.Q(maximum__gte=models.F("minimum")),
                name="quota_exception_maximum_not_below_minimum",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="quota_exception_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.body}: {self.minimum}"

    @property
    def limits(self) -> QuotaLimits:
        """The minimum and maximum of the exception."""
        return QuotaLimits(self.minimum, self.maximum)


class RegistrationPolicy(models.Model):
    """When focal points can register people for a webinar, and how complete delegations are accepted."""

    webinar = models.OneToOneField(
        Webinar, on_delete=models.CASCADE, primary_key=True, related_name="policy", verbose_name=_("webinar")
    )
    opens_at = models.DateTimeField(
        _("registration opens"),
        null=True,
        blank=True,
        validators=[validate_year],
        help_text=_("Nobody can register, and nobody is written to, while this is empty."),
    )
    closes_at = models.DateTimeField(_("registration closes"), validators=[validate_year])
    accepts_complete_at_once = models.BooleanField(_("accept complete delegations at once"), default=True)
    requires_letter = models.BooleanField(
        _("require a nomination letter"),
        default=False,
        help_text=_(
            "A country is then complete only with the letter in which its government nominates the delegation."
        ),
    )
    # Webinars from before this field keep 0, so that no past figure changes.
    minimum_stay_minutes = models.PositiveSmallIntegerField(
        _("minimum stay in minutes"),
        default=USUAL_MINIMUM_STAY,
        db_default=0,
        validators=[MaxValueValidator(LONGEST_MINIMUM_STAY)],
        help_text=_("Whoever was in a session for less does not count as having attended it. 0 counts everybody."),
    )
    # The personal data of the webinar are purged on this day. Participants' links work until then.
    purge_on = models.DateField(_("personal data end on"), validators=[validate_year])
    purged_at = models.DateTimeField(_("personal data ended at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("registration policy")
        verbose_name_plural = _("registration policies")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(closes_at__gt=models.F("opens_at")),
                name="registration_closes_after_it_opens",
            ),
        ]

    def __str__(self) -> str:
        return str(self.webinar)

    def clean(self) -> None:
        if self.opens_at and self.closes_at and self.closes_at <= self.opens_at:
            raise ValidationError(
                {"closes_at": _("Registration must close after it opens. Choose a later date and time.")}
            )

    def is_open_at(self, now: datetime) -> bool:
        """Whether focal points can register people at `now`."""
        return self.has_opened_at(now) and now < self.closes_at

    def has_opened_at(self, now: datetime) -> bool:
        """Whether registration has opened by `now`; it may have closed since."""
        return self.opens_at is not None and self.opens_at <= now

    def is_past_retention_at(self, now: datetime) -> bool:
        """Whether the personal data were purged or their purge date, counted in UTC, has come."""
        return self.purged_at is not None or self.purge_on <= now.astimezone(UTC).date()

    def days_left_at(self, now: datetime) -> int:
        """Return the days until registration closes, by the webinar's calendar; 0 on the last day and afterwards."""
        zone = ZoneInfo(self.webinar.timezone)
        return max(0, (self.closes_at.astimezone(zone).date() - now.astimezone(zone).date()).days)
