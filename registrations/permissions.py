"""Permissions of staff and observers in the admin, and their second factor."""

from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from registrations.models import User

SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
# The session key of the id of the user who set up a second factor in that session.
SECOND_FACTOR_SESSION_KEY = "second_factor_set_up_by"

APPS = frozenset({"registrations", "sessions_app"})
# Only administrators (superusers) manage accounts.
ADMINISTRATOR_PERMISSIONS = frozenset({f"registrations.{verb}_user" for verb in ("add", "change", "delete")})
# The models whose admin pages observers may read: they show them no addresses, telephones or letters.
OBSERVER_MODELS = (
    ("registrations", "delegation"),
    ("registrations", "delegate"),
    ("sessions_app", "webinar"),
    ("sessions_app", "session"),
    ("sessions_app", "agendaitem"),
    ("sessions_app", "speaker"),
    ("sessions_app", "release"),
)
OBSERVER_PERMISSIONS = frozenset(f"{app}.view_{model}" for app, model in OBSERVER_MODELS)
# The URL names that observers may open; every other admin page is closed to them. The page of a delegate is closed
# too: most of what it shows is not for observers.
OBSERVER_URL_NAMES = frozenset(
    {"index", "app_list", "jsi18n", "webinars", "quota-boards", "quota-board", "webinar-history", "webinar-agenda"}
    | {"preview-public", "preview-delegate", "preview-release"}
    | {"attendance-of-webinars", "attendance", "session-attendance"}
    | {f"{app}_{model}_changelist" for app, model in OBSERVER_MODELS}
    | {f"{app}_{model}_change" for app, model in OBSERVER_MODELS if model != "delegate"}
)
SAFE_METHODS = ("GET", "HEAD")
# Observers may also post to sign out.
LOGOUT_URL_NAME = "logout"


class SecretariatBackend(ModelBackend):
    """Django's ModelBackend with permissions by role instead of stored ones, so that no page queries them.

    Staff may do everything with this project's models except manage accounts (rule 7); observers may read some models.
    """

    def has_perm(self, user_obj: User | AnonymousUser, perm: str, obj: object = None) -> bool:
        app = perm.partition(".")[0]
        if not self.has_module_perms(user_obj, app):
            return False
        return perm not in ADMINISTRATOR_PERMISSIONS if user_obj.is_staff else perm in OBSERVER_PERMISSIONS

    def has_module_perms(self, user_obj: User | AnonymousUser, app_label: str) -> bool:
        return may_use_admin(user_obj) and app_label in APPS


def is_observer(user: User | AnonymousUser) -> bool:
    """Return whether `user` is an observer, who may only read."""
    return bool(getattr(user, "is_observer", False))


def may_use_admin(user: User | AnonymousUser) -> bool:
    """Return whether `user` may use the admin; the second factor is checked separately."""
    return user.is_active and (user.is_staff or is_observer(user))


def may_observer_open(request: HttpRequest) -> bool:
    """Return whether an observer may open the page of `request`: a listed page with a safe method, or the sign-out."""
    match = request.resolver_match
    name = match.url_name if match is not None else None
    return name == LOGOUT_URL_NAME or (name in OBSERVER_URL_NAMES and request.method in SAFE_METHODS)


def lacks_second_factor(request: HttpRequest) -> bool:
    """Return whether the user needs a second factor that this session has neither passed nor set up.

    That the account has one is not enough: the session may be older, and somebody else's. One query at most.
    """
    user = request.user
    if not settings.STAFF_NEED_SECOND_FACTOR or not (user.is_staff or is_observer(user)):
        return False
    return not (_has_passed_second_factor(request) and has_second_factor(user))


def has_second_factor(user: User | AnonymousUser) -> bool:
    """Return whether the account has an authenticator app or a passkey; recovery codes do not count."""
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=SECOND_FACTORS).exists())


def record_second_factor_set_up(request: HttpRequest, user: User) -> None:
    """Record that `user` set up a second factor in this session, which counts as passing it."""
    request.session[SECOND_FACTOR_SESSION_KEY] = user.pk


def redirect_to_second_factor(request: HttpRequest, *, next_path: str) -> HttpResponse:
    """Redirect to the page that asks for the second factor, and from there to `next_path`, with a flash message.

    An account without a second factor is redirected to the page that sets one up.
    """
    if not has_second_factor(request.user):
        messages.warning(
            request, _("The secretariat's pages need a second factor. Please set one up, then open them again.")
        )
        return redirect("mfa_index")
    messages.warning(request, _("The secretariat's pages need your second factor."))
    page: str = get_adapter().get_reauthentication_methods(request.user)[0]["url"]
    return redirect(f"{page}?{urlencode({REDIRECT_FIELD_NAME: next_path})}")


def _has_passed_second_factor(request: HttpRequest) -> bool:
    """Return whether this session passed or set up a second factor, or used a recovery code."""
    records = get_authentication_records(request, request.user)
    is_passed = any(record["method"] == "mfa" for record in records)
    return is_passed or bool(request.session.get(SECOND_FACTOR_SESSION_KEY) == request.user.pk)
