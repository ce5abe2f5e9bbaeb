"""What someone of the secretariat may do, and what they need for it."""

from allauth.account.auth_backends import AuthenticationBackend
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from registrations.models import User

SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)

APPS = frozenset({"registrations", "sessions_app"})
# Who may sign in as what is decided by administrators (superusers) alone.
KEPT_FOR_ADMINISTRATORS = frozenset({f"registrations.{verb}_user" for verb in ("add", "change", "delete")})


class SecretariatBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth ships no types
    """Allauth's sign-in; staff may do everything with the product's own rows except manage accounts (rule 7).

    Being staff is all that counts, so that no page pays queries for single rights: these are not given here.
    """

    def has_perm(self, user_obj: User, perm: str, obj: object = None) -> bool:
        app = perm.partition(".")[0]
        return self.has_module_perms(user_obj, app) and perm not in KEPT_FOR_ADMINISTRATORS

    def has_module_perms(self, user_obj: User, app_label: str) -> bool:
        return user_obj.is_active and user_obj.is_staff and app_label in APPS


def lacks_second_factor(user: User | AnonymousUser) -> bool:
    """Whether `user` is of the secretariat, of whom a second factor is demanded, and has none. One query at most."""
    if not settings.STAFF_NEED_SECOND_FACTOR or not user.is_staff:
        return False
    return not Authenticator.objects.filter(user=user, type__in=SECOND_FACTORS).exists()


def to_second_factor(request: HttpRequest) -> HttpResponse:
    """To the page on which a second factor is set up, with the word why."""
    messages.warning(
        request, _("The secretariat's pages need a second factor. Please set one up, then open them again.")
    )
    return redirect("mfa_index")
