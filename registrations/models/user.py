from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from sessions_app.addresses import validate_mail_address
from sessions_app.invisible import validate_visible
from sessions_app.models import Webinar
from sessions_app.zones import validate_zone

# Raise it with every change of what the privacy notice says: then everybody reads it once more.
PRIVACY_NOTICE = 1


class UserRole(models.TextChoices):
    """Which rooms of the secretariat an account opens. Focal points need none; one may have a role all the same."""

    NONE = "none", _("No room of the secretariat")
    OBSERVER = "observer", _("Observer")
    SECRETARIAT = "secretariat", _("Secretariat")
    ADMINISTRATOR = "administrator", _("Administrator")


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)

    def active_with_address(self, email: str) -> "User | None":
        """The person who may sign in with `email`, or None. One query in either case.

        The database may take a letter for another one, as the dotless i for an I; the code would go to a stranger.
        """
        user = self.filter(email__iexact=email, is_active=True).first()
        return user if user is not None and user.email.lower() == email.lower() else None

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A person who may sign in; without a password, by e-mailed code only."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **{"is_staff": True, "is_superuser": True, **fields})


class User(AbstractUser):
    """A person who signs in: a focal point or someone of the secretariat. Known by the e-mail address."""

    username = None  # type: ignore[assignment]  # Django's way to drop the column
    first_name = None  # type: ignore[assignment]  # one name as typed, see `name`
    last_name = None  # type: ignore[assignment]  # one name as typed, see `name`
    email = models.EmailField(_("e-mail address"), unique=True, validators=[validate_mail_address])
    name = models.CharField(_("name"), max_length=200, blank=True, validators=[validate_visible])
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES, default="es")
    timezone = models.CharField(_("time zone"), max_length=50, blank=True, validators=[validate_zone])
    # Of someone of the secretariat: the webinar that they work on; none leads to all.
    current_webinar = models.ForeignKey(
        Webinar,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("current webinar"),
    )
    # Apart from `is_staff`: whatever asks for staff, today or later, is closed to those who only look on.
    is_observer = models.BooleanField(
        _("observer"),
        default=False,
        help_text=_("Reads the boards, lists and agendas without addresses and telephones; changes nothing."),
    )
    # Which wording of the privacy notice they last said to have read, and when.
    privacy_notice = models.PositiveSmallIntegerField(_("privacy notice read"), default=0, editable=False)
    privacy_read_at = models.DateTimeField(_("privacy notice read at"), null=True, blank=True, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()  # type: ignore[assignment,misc]  # known by e-mail, not by user name

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_once_per_address"),
            models.CheckConstraint(
                condition=models.Q(is_observer=False) | models.Q(is_staff=False, is_superuser=False),
                name="observer_is_not_of_the_secretariat",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def role(self) -> UserRole:
        if self.is_staff:
            return UserRole.ADMINISTRATOR if self.is_superuser else UserRole.SECRETARIAT
        return UserRole.OBSERVER if self.is_observer else UserRole.NONE

    @role.setter
    def role(self, role: UserRole) -> None:
        self.is_superuser = role == UserRole.ADMINISTRATOR
        self.is_staff = role in (UserRole.ADMINISTRATOR, UserRole.SECRETARIAT)
        self.is_observer = role == UserRole.OBSERVER

    @property
    def must_read_privacy_notice(self) -> bool:
        """Whoever registers others reads it; the secretariat keeps what it says."""
        return not self.is_staff and self.privacy_notice < PRIVACY_NOTICE

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)
