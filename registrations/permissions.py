"""What someone of the secretariat and an observer may do, and what they need for it."""

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
# In the session: the account for which a second factor was set up there.
SET_UP_BY = "second_factor_set_up_by"

APPS = frozenset({"registrations", "sessions_app"})
# Who may sign in as what is decided by administrators (superusers) alone.
ADMINISTRATOR_PERMISSIONS = frozenset({f"registrations.{verb}_user" for verb in ("add", "change", "delete")})
# What observers read: rooms that show no addresses, telephones and letters, or leave them out for observers.
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
# The names of the pages that open for observers; every other page of the admin, today or later, is closed to them.
# The page of a person is: it is made of what they are not to see.
OBSERVER_URL_NAMES = frozenset(
    {"index", "app_list", "jsi18n", "quota-boards", "quota-board", "webinar-history"}
    | {"preview-public", "preview-delegate", "preview-release"}
    | {"attendance-of-webinars", "attendance", "session-attendance"}
    | {f"{app}_{model}_changelist" for app, model in OBSERVER_MODELS}
    | {f"{app}_{model}_change" for app, model in OBSERVER_MODELS if model != "delegate"}
)
READING = ("GET", "HEAD")
# Taken by observers too.
LEAVING = "logout"


class SecretariatBackend(ModelBackend):
    """Django's sign-in, which asks one query and hashes the password whether or not there is an account.

    Staff may do everything with the product's own rows except manage accounts (rule 7), and observers read some.

    Being staff is all that counts, so that no page pays queries for single rights: these are not given here.
    """

    def has_perm(self, user_obj: User | AnonymousUser, perm: str, obj: object = None) -> bool:
        app = perm.partition(".")[0]
        if not self.has_module_perms(user_obj, app):
            return False
        return perm not in ADMINISTRATOR_PERMISSIONS if user_obj.is_staff else perm in OBSERVER_PERMISSIONS

    def has_module_perms(self, user_obj: User | AnonymousUser, app_label: str) -> bool:
        return may_use_admin(user_obj) and app_label in APPS


def is_observer(user: User | AnonymousUser) -> bool:
    """Whether `user` only looks on."""
    return bool(getattr(user, "is_observer", False))


def may_use_admin(user: User | AnonymousUser) -> bool:
    """Whether `user` has a room in the admin at all; a second factor is asked apart."""
    return user.is_active and (user.is_staff or is_observer(user))


def may_observer_open(request: HttpRequest) -> bool:
    """Whether the page of `request` is one that an observer may open, and only opened."""
    match = request.resolver_match
    name = match.url_name if match is not None else None
    return name == LEAVING or (name in OBSERVER_URL_NAMES and request.method in READING)


def lacks_second_factor(request: HttpRequest) -> bool:
    """Whether a second factor is asked of the signed-in person, and this session has neither passed nor set up one.

    That the account has one is not enough: the session may be older than it, and somebody else's. One query at most.
    """
    user = request.user
    if not settings.STAFF_NEED_SECOND_FACTOR or not (user.is_staff or is_observer(user)):
        return False
    return not (_has_passed_second_factor(request) and has_second_factor(user))


def has_second_factor(user: User | AnonymousUser) -> bool:
    """Whether the account has an authenticator app or a passkey; recovery codes do not count."""
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=SECOND_FACTORS).exists())


def record_second_factor_set_up(request: HttpRequest, user: User) -> None:
    """Note that `user` set up a second factor in this session, which counts as passing it."""
    request.session[SET_UP_BY] = user.pk


def redirect_to_second_factor(request: HttpRequest, *, then: str) -> HttpResponse:
    """To the page on which the second factor is passed, and from there to the path `then`; with the reason.

    Where the account has none, to the page on which one is set up.
    """
    if not has_second_factor(request.user):
        messages.warning(
            request, _("The secretariat's pages need a second factor. Please set one up, then open them again.")
        )
        return redirect("mfa_index")
    messages.warning(request, _("The secretariat's pages need your second factor."))
    page: str = get_adapter().get_reauthentication_methods(request.user)[0]["url"]
    return redirect(f"{page}?{urlencode({REDIRECT_FIELD_NAME: then})}")


def _has_passed_second_factor(request: HttpRequest) -> bool:
    """Whether the signed-in person passed or set up a second factor, or used a recovery code, in this session."""
    records = get_authentication_records(request, request.user)
    is_passed = any(record["method"] == "mfa" for record in records)
    return is_passed or bool(request.session.get(SET_UP_BY) == request.user.pk)
