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

# Increment it whenever the privacy notice changes, so that every user is asked to read it again.
PRIVACY_NOTICE = 1


class UserRole(models.TextChoices):
    """What an account may do in the admin. Focal points need no role, but may have one."""

    NONE = "none", _("No room of the secretariat")
    OBSERVER = "observer", _("Observer")
    SECRETARIAT = "secretariat", _("Secretariat")
    ADMINISTRATOR = "administrator", _("Administrator")


class UserManager(BaseUserManager["User"]):
    """Manager for accounts that are identified by their e-mail address."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)

    def active_with_address(self, email: str) -> "User | None":
        """Return the active user with the address `email`, or None. Always costs one query.

        The comparison is repeated in Python, because a database may treat different letters as equal, such as the
        dotless i and i, and the sign-in code would then go to another person's address.
        """
        user = self.filter(email__iexact=email, is_active=True).first()
        return user if user is not None and user.email.lower() == email.lower() else None

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a user; without a password, the user signs in with a code sent by e-mail."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **{"is_staff": True, "is_superuser": True, **fields})


class User(AbstractUser):
    """A person who signs in: a focal point, an observer or a member of the secretariat."""

    username = None  # type: ignore[assignment]  # Django's way to drop the column
    first_name = None  # type: ignore[assignment]  # one name as typed, see `name`
    last_name = None  # type: ignore[assignment]  # one name as typed, see `name`
    email = models.EmailField(_("e-mail address"), unique=True, validators=[validate_mail_address])
    name = models.CharField(_("name"), max_length=200, blank=True, validators=[validate_visible])
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES, default="es")
    timezone = models.CharField(_("time zone"), max_length=50, blank=True, validators=[validate_zone])
    # The webinar that a member of the secretariat works on; null shows all webinars.
    current_webinar = models.ForeignKey(
        Webinar,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("current webinar"),
    )
    # Separate from `is_staff`, so that every check for staff excludes observers.
    is_observer = models.BooleanField(
        _("observer"),
        default=False,
        help_text=_("Reads the boards, lists and agendas without addresses and telephones; changes nothing."),
    )
    # The version of the privacy notice that the user last confirmed to have read, and when.
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
        """The role that the permission flags of the account amount to."""
        self.is_superuser = role == UserRole.ADMINISTRATOR
        self.is_staff = role in (UserRole.ADMINISTRATOR, UserRole.SECRETARIAT)
        self.is_observer = role == UserRole.OBSERVER

    @property
    def must_read_privacy_notice(self) -> bool:
        """Whether the user must confirm the current privacy notice. Staff need not."""
        return not self.is_staff and self.privacy_notice < PRIVACY_NOTICE

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)
