from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from registrations.models.body import ParticipatingBody
from registrations.models.quota import ParticipantProfile
from registrations.models.user import User
from sessions_app.models import Webinar


class DelegationStatus(models.TextChoices):
    """The states of a delegation. Rule 4 lists the allowed transitions."""

    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Submitted")
    ACCEPTED = "accepted", _("Accepted")
    RETURNED = "returned", _("Returned")
    REOPENED = "reopened", _("Reopened")
    NOT_ATTENDING = "not_attending", _("Not attending")


class DelegationQuerySet(models.QuerySet["Delegation"]):
    """Query set with the filters for access and attendance."""

    def of_focal_point(self, user: User) -> "DelegationQuerySet":
        """Filter for the delegations of the bodies that `user` is a focal point of, at every webinar (rule 18)."""
        return self.filter(body__focal_points__user=user, body__focal_points__removed_at__isnull=True)

    def attending(self) -> "DelegationQuerySet":
        """Filter for delegations that are not marked as not attending."""
        return self.exclude(status=DelegationStatus.NOT_ATTENDING)


class Delegation(models.Model):
    """The people of one participating body at one webinar, and the state of their registration."""

    webinar = models.ForeignKey(
        Webinar, on_delete=models.PROTECT, related_name="delegations", verbose_name=_("webinar")
    )
    body = models.ForeignKey(
        ParticipatingBody,
        on_delete=models.PROTECT,
        related_name="delegations",
        verbose_name=_("country or organisation"),
    )
    slug = models.SlugField(max_length=110, unique=True, editable=False)
    status = models.CharField(_("state"), max_length=20, choices=DelegationStatus, default=DelegationStatus.DRAFT)
    # The status that the delegation returns to if it attends again.
    status_before = models.CharField(max_length=20, choices=DelegationStatus, blank=True, editable=False)
    submitted_at = models.DateTimeField(_("submitted at"), null=True, blank=True)
    gap_reason = models.TextField(_("reason for the gaps"), max_length=1000, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decision_comment = models.TextField(_("comment of the secretariat"), max_length=2000, blank=True)
    # Who of the secretariat is in touch with the country about this webinar.
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("handled by"),
    )
    not_attending_reason = models.TextField(_("reason for not attending"), max_length=1000, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = DelegationQuerySet.as_manager()

    class Meta:
        verbose_name = _("delegation")
        verbose_name_plural = _("delegations")
        ordering = ["webinar", "body__name_en"]
        constraints = [
            models.UniqueConstraint(fields=["webinar", "body"], name="delegation_once_per_webinar_and_body"),
            models.CheckConstraint(
                condition=models.Q(status__in=DelegationStatus.values), name="delegation_status_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.body}, {self.webinar}"

    def save(self, *args: object, **kwargs: object) -> None:
        if not self.slug:
            # Two pairs of slugs can give the same text with one hyphen: "a" and "b-c", "a-b" and "c".
            slug = f"{self.webinar.slug}-{self.body.slug}"
            is_taken = Delegation.objects.filter(slug=slug).exists()
            self.slug = f"{self.webinar.slug}--{self.body.slug}" if is_taken else slug
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # passed on untouched

    def get_absolute_url(self) -> str:
        return reverse("registrations:delegation", args=[self.slug])


class FocalPointQuerySet(models.QuerySet["FocalPoint"]):
    """Query set with the filter for access."""

    def with_access(self) -> "FocalPointQuerySet":
        """Filter for focal points who can sign in and register people now."""
        return self.filter(removed_at__isnull=True, user__is_active=True)


class FocalPoint(models.Model):
    """A user who registers people for a participating body at every webinar. Setting `removed_at` ends their access."""

    body = models.ForeignKey(
        ParticipatingBody,
        on_delete=models.PROTECT,
        related_name="focal_points",
        verbose_name=_("country or organisation"),
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="focal_points", verbose_name=_("account")
    )
    is_primary = models.BooleanField(_("primary"), default=False)
    removed_at = models.DateTimeField(_("removed at"), null=True, blank=True)

    objects = FocalPointQuerySet.as_manager()

    class Meta:
        verbose_name = _("focal point")
        verbose_name_plural = _("focal points")
        ordering = ["body", "-is_primary", "user__email"]
        constraints = [
            models.UniqueConstraint(
                fields=["body", "user"],
                condition=models.Q(removed_at__isnull=True),
                name="focal_point_once_per_body",
            ),
            models.UniqueConstraint(
                fields=["body"],
                condition=models.Q(removed_at__isnull=True, is_primary=True),
                name="one_primary_focal_point_per_body",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.body})"


class Waiver(models.Model):
    """Excuses a number of seats of one delegation and profile until it is revoked (rule 3)."""

    delegation = models.ForeignKey(
        Delegation, on_delete=models.CASCADE, related_name="waivers", verbose_name=_("delegation")
    )
    profile = models.ForeignKey(
        ParticipantProfile, on_delete=models.PROTECT, related_name="+", verbose_name=_("profile")
    )
    seats = models.PositiveSmallIntegerField(_("seats"))
    reason = models.TextField(_("reason"), max_length=1000)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("granted by")
    )
    granted_at = models.DateTimeField(_("granted at"))
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("revoked by"),
    )
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("waiver")
        verbose_name_plural = _("waivers")
        ordering = ["delegation", "granted_at"]
        constraints = [
            models.CheckConstraint(condition=models.Q(seats__gte=1), name="waiver_excuses_a_seat"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="waiver_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.profile}: {self.seats}"
