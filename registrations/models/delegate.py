import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.conf import settings
from django.core.validators import MaxLengthValidator, RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from registrations.models.delegation import Delegation, DelegationStatus
from registrations.models.quota import ParticipantProfile
from sessions_app.addresses import validate_mail_address
from sessions_app.invisible import validate_visible
from sessions_app.models import Speaker, Webinar
from sessions_app.zones import validate_zone

# Names are stored exactly as typed (rule 19). Only characters that would break a mail or a calendar are refused.
validate_one_line = RegexValidator(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]",
    message=_("Line breaks and control characters cannot be used here."),
    code="control_characters",
    inverse_match=True,
)


# Text that a mail program would turn into a link (such as "example.org/here") or decode (RFC 2047).
validate_no_link = RegexValidator(
    r"://|\bwww\.|=\?|\w\.[^\W\d_][\w-]+(:\d+)?/",
    message=_("Addresses of pages cannot be used here."),
    code="link",
    flags=re.I,
    inverse_match=True,
)
validate_readable = RegexValidator(r"\w", message=_("Please write it with letters."), code="unreadable")


def mail_delay() -> timedelta:
    """Return how long mail about a focal point's change is delayed, so that the change can be undone."""
    return timedelta(seconds=settings.CHANGE_HOLD_SECONDS)


class DelegateStatus(models.TextChoices):
    """Whether a delegate takes part, or how they left the delegation."""

    ACTIVE = "active", _("Active")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    REPLACED = "replaced", _("Replaced")


class DelegateRole(models.TextChoices):
    """What a person does at a webinar."""

    DELEGATE = "delegate", _("Delegate")
    PANELIST = "panelist", _("Panelist")
    MODERATOR = "moderator", _("Moderator")
    OBSERVER = "observer", _("Observer")


def is_admitted(*, path: str = "") -> models.Q:
    """Return the condition that a delegate is active and was admitted by an acceptance (rule 5).

    `path` leads to the delegate from the model that is filtered, such as "delegate__".
    """
    return models.Q(**{f"{path}status": DelegateStatus.ACTIVE, f"{path}admitted_at__isnull": False})


def takes_part(*, path: str = "") -> models.Q:
    """Return the condition that a delegate is admitted and their delegation attends; `path` as for `is_admitted`."""
    return is_admitted(path=path) & ~models.Q(**{f"{path}delegation__status": DelegationStatus.NOT_ATTENDING})


class DelegateQuerySet(models.QuerySet["Delegate"]):
    """Query set with the filters for who takes part in a webinar."""

    def active(self) -> "DelegateQuerySet":
        """Filter for delegates who were neither withdrawn nor replaced."""
        return self.filter(status=DelegateStatus.ACTIVE)

    def admitted(self) -> "DelegateQuerySet":
        """Filter for active delegates whom an acceptance admitted (rule 5)."""
        return self.filter(is_admitted())

    def taking_part(self) -> "DelegateQuerySet":
        """Filter for the admitted delegates of attending delegations: the people who are invited (rule 5)."""
        return self.filter(takes_part())

    def to_be_mailed(self) -> "DelegateQuerySet":
        """Filter for delegates who take part and whose mail is not held for the secretariat."""
        return self.taking_part().filter(mail_held_at__isnull=True)

    def with_held_mail(self) -> "DelegateQuerySet":
        """Filter for active delegates whose mail is held until the secretariat releases it."""
        return self.active().filter(mail_held_at__isnull=False)

    def before_purge(self, today: date) -> "DelegateQuerySet":
        """Filter for delegates of webinars whose purge date is after `today`. Their links work only until that date."""
        return self.filter(webinar__policy__purge_on__gt=today)

    def with_address(self, email: str) -> "DelegateQuerySet":
        """Filter for delegates with the address, ignoring case (rule 8)."""
        return self.with_addresses([email])

    def with_addresses(self, emails: Iterable[str]) -> "DelegateQuerySet":
        """Filter for delegates with any of the addresses, ignoring case (rule 8)."""
        wanted = {email.strip().lower() for email in emails}
        return self.alias(email_lower=Lower("email")).filter(email_lower__in=wanted)


class Delegate(models.Model):
    """A person whom a participating body sends to a webinar. The row stays after the person leaves."""

    webinar = models.ForeignKey(Webinar, on_delete=models.PROTECT, related_name="delegates", editable=False)
    delegation = models.ForeignKey(
        Delegation, on_delete=models.PROTECT, related_name="delegates", verbose_name=_("delegation")
    )
    # Null for people of organisations, who have no quotas.
    profile = models.ForeignKey(
        ParticipantProfile,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="delegates",
        verbose_name=_("profile"),
    )
    # The person's entry as a speaker, if they are on the agenda.
    speaker = models.ForeignKey(
        Speaker,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("entry as speaker"),
        # A partial index below replaces it, since few delegates are speakers.
        db_index=False,
    )
    role = models.CharField(_("role"), max_length=20, choices=DelegateRole, default=DelegateRole.DELEGATE)
    name = models.CharField(
        _("full name"),
        max_length=200,
        validators=[validate_one_line, validate_no_link, validate_readable, validate_visible],
    )
    email = models.EmailField(
        _("e-mail address"), max_length=254, validators=[validate_one_line, validate_mail_address]
    )
    institution = models.CharField(
        _("institution"),
        max_length=200,
        validators=[validate_one_line, validate_no_link, validate_readable, validate_visible],
    )
    position = models.CharField(
        _("position"),
        max_length=200,
        blank=True,
        validators=[validate_one_line, validate_no_link, validate_visible],
    )
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES, default="es")
    timezone = models.CharField(_("time zone"), max_length=50, validators=[validate_zone])
    phone = models.CharField(
        _("telephone"), max_length=40, blank=True, validators=[validate_one_line, validate_visible]
    )
    needs = models.TextField(
        _("needs for interpretation or accessibility"),
        max_length=1000,
        blank=True,
        validators=[MaxLengthValidator(1000)],
    )
    is_working_group_member = models.BooleanField(
        _("technical member of the Working Group on Irregular and Mass Migration"), default=False
    )
    # At most one active person of a delegation; whoever leaves gives it up.
    is_head_of_delegation = models.BooleanField(_("head of delegation"), default=False, db_default=False)
    status = models.CharField(_("state"), max_length=20, choices=DelegateStatus, default=DelegateStatus.ACTIVE)
    replaced_by = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaces", editable=False
    )
    registered_at = models.DateTimeField(_("registered at"))
    admitted_at = models.DateTimeField(_("admitted at"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    withdrawn_reason = models.CharField(_("reason"), max_length=1000, blank=True)
    # Mail about this person is not sent earlier, so that an undo or a correction can replace it (design §5).
    mail_not_before = models.DateTimeField(editable=False)
    # Mail to the address is held since then, until the secretariat releases it: a focal point had named more new
    # addresses in a day than are mailed without a review.
    mail_held_at = models.DateTimeField(_("mail held since"), null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    # A change of address and a withdrawal increment it, which invalidates earlier links of this person.
    token_version = models.PositiveIntegerField(default=1, editable=False)
    # Since then the row no longer identifies the person. The row stays because figures count it.
    anonymised_at = models.DateTimeField(_("anonymised at"), null=True, blank=True, editable=False)

    objects = DelegateQuerySet.as_manager()

    class Meta:
        verbose_name = _("delegate")
        verbose_name_plural = _("delegates")
        ordering = ["delegation", "profile__position", "registered_at", "id"]
        constraints = [
            models.UniqueConstraint(
                "webinar",
                Lower("email"),
                condition=models.Q(status="active"),
                name="delegate_active_once_per_webinar",
            ),
            models.UniqueConstraint(
                fields=["delegation"],
                condition=models.Q(status="active", is_head_of_delegation=True),
                name="delegate_one_head_per_delegation",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=DelegateStatus.values), name="delegate_status_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(status="active", withdrawn_at__isnull=True)
                | (~models.Q(status="active") & models.Q(withdrawn_at__isnull=False)),
                name="delegate_left_at_a_time",
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="delegate_has_a_name"),
        ]
        indexes = [
            models.Index(fields=["delegation", "status", "profile"], name="delegate_by_seat"),
            models.Index(Lower("email"), name="delegate_by_address"),
            models.Index(fields=["speaker"], condition=models.Q(speaker__isnull=False), name="delegate_by_speaker"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        """Whether the person was neither withdrawn nor replaced."""
        return self.status == DelegateStatus.ACTIVE

    @property
    def address(self) -> str:
        """The lower-cased address, by which calendar entries identify a mailbox."""
        return self.email.lower()

    def is_new_at(self, now: datetime) -> bool:
        """Whether the person was registered within the mail delay and not changed since, so nobody was mailed yet."""
        return self.version == 1 and self.is_mail_delayed_at(now) and now < self.registered_at + mail_delay()

    def is_mail_delayed_at(self, now: datetime) -> bool:
        """Whether mail about the person is still delayed after a change to the person or to their delegation."""
        return now < self.mail_not_before
