"""The accounts of the demo: which exist, in which order they are listed, and their password."""

from django.db.models import QuerySet

from registrations.management.samples import ZONES
from registrations.models import BodyKind, ParticipatingBody, User

# The password of every sample account is public: it is printed when the demo starts, and on its first page.
PASSWORD = "demo-rcm-2020"


def create_staff() -> User:
    """Create accounts of the secretariat, an administrator and an observer; return that of the secretariat."""
    zone = "America/Costa_Rica"
    staff = User.objects.create_user(
        "secretariat@example.org", PASSWORD, name="Sample secretariat", language="en", timezone=zone, is_staff=True
    )
    User.objects.create_superuser(
        "administrator@example.org", PASSWORD, name="Sample administrator", language="en", timezone=zone
    )
    User.objects.create_user("observer@example.org", PASSWORD, name="Sample observer", language="en", is_observer=True)
    return staff


def create_focal_points() -> dict[str, User]:
    """Create one account per member country; return the accounts by the ISO code of the country."""
    countries = {str(body.iso_code): body for body in ParticipatingBody.objects.filter(kind=BodyKind.COUNTRY)}
    return {
        code: User.objects.create_user(
            f"focal.{code.lower()}@example.org",
            PASSWORD,
            name=f"Sample focal point, {body.name_en}",
            language=body.default_language,
            timezone=body.single_timezone or ZONES.get(code, ""),
        )
        for code, body in countries.items()
    }


def list_accounts() -> "QuerySet[User]":
    """Return every account: the secretariat, then administrators, observers, and focal points by address."""
    return User.objects.order_by("-is_staff", "is_superuser", "-is_observer", "email")


def sign_in_instructions() -> list[str]:
    """Return the lines that tell a visitor in the terminal how to sign in, one per account after the first."""
    lines = [f"  {user.email:<30} {user.name}" for user in list_accounts()]
    return [f"Sign in with the password {PASSWORD} as one of:", *lines]
