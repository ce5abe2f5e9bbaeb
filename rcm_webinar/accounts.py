"""Sign-in through allauth: accounts are created by invitation only, and no response waits for the mail server."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.core.mail import EmailMessage
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.csrf import csrf_failure

from rcm_webinar.background_mail import send_later
from registrations.calendar_session import organizer_address
from registrations.messages.composing import NO_ABSENCE_NOTE, sender
from registrations.models import User
from registrations.permissions import has_second_factor
from sessions_app.reader_zone import zone_for_reader

# The template of allauth's mail to an address without an account, which is never sent.
UNKNOWN_ACCOUNT = "account/email/unknown_account"
# Subjects by template prefix of allauth's notification mails, and of role_changed, which our admin sends.
CHANGE_SUBJECTS = {
    "account/email/password_changed": gettext_lazy("Your password has changed"),
    "account/email/password_reset": gettext_lazy("Your password has changed"),
    "account/email/password_set": gettext_lazy("Your password has changed"),
    "account/email/role_changed": gettext_lazy("The role of your account has changed"),
    "mfa/email/recovery_codes_generated": gettext_lazy("New recovery codes were created for your account"),
    "mfa/email/totp_activated": gettext_lazy("A second factor was added to your account"),
    "mfa/email/totp_deactivated": gettext_lazy("A second factor was removed from your account"),
    "mfa/email/webauthn_added": gettext_lazy("A second factor was added to your account"),
    "mfa/email/webauthn_removed": gettext_lazy("A second factor was removed from your account"),
}


def not_found(request: HttpRequest, key: str = "") -> HttpResponse:
    """Answer 404 in place of a page of allauth that the product does not use."""
    raise Http404


def csrf_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a request without a valid CSRF token as Django does, uncached: the URL may hold a participant's token."""
    response: HttpResponse = csrf_failure(request, reason)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


class NeverCacheSignInMiddleware:
    """Keeps the pages of the sign-in out of every cache."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path_info.startswith("/accounts/"):
            add_never_cache_headers(response)
        return response


class InvitationOnlyAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Allauth's account adapter: it closes the sign-up and sends mail after the response."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Add allauth's flash message, but after the third wrong code tell the person to request another one."""
        match = request.resolver_match
        if level == messages.ERROR and match is not None and match.url_name == "account_confirm_login_code":
            messages.error(request, _("That was the third wrong code. Please ask for another one."))
        else:
            super().add_message(request, level, *args, **kwargs)

    def get_from_email(self) -> str:
        return sender()

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, object],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        message: EmailMessage = super().render_mail(
            template_prefix, email, context, headers=NO_ABSENCE_NOTE | (headers or {})
        )
        return message

    def get_login_stages(self) -> list[str]:
        replacements = {"allauth.account.stages.LoginByCodeStage": "rcm_webinar.sign_in_stages.LoginByCodeStage"}
        return [replacements.get(stage, stage) for stage in super().get_login_stages()]

    def get_reauthentication_methods(self, user: User | AnonymousUser) -> list[dict[str, str]]:
        """Return only the second factor if the account has one: a password alone must not be enough to remove it."""
        methods: list[dict[str, str]] = super().get_reauthentication_methods(user)
        if not has_second_factor(user):
            return methods
        return [method for method in methods if method["id"] != "reauthenticate"]

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link for the mail, built from BASE_URL: allauth would use the host of the request."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "uid", "key": "key"})
        return settings.BASE_URL + path.replace("uid-key", quote(key))

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Mail `user`, in their language, that their role or the way they sign in has changed.

        Allauth's own texts quote the User-Agent, which an attacker who made the change can choose.
        """
        details = {
            "what": CHANGE_SUBJECTS[template_prefix],
            "zone": zone_for_reader(user),
            "password_url": settings.BASE_URL + reverse("account_reset_password"),
            "contact": organizer_address(),
        }
        with translation.override(user.language):
            super().send_notification_mail("account/email/changed", user, details | (context or {}), user.email)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Build and send the mail after the response, in the language that is active now."""
        language = translation.get_language()

        def build() -> EmailMessage:
            with translation.override(language):
                return self.render_mail(template_prefix, email, context)

        send_later(build if template_prefix != UNKNOWN_ACCOUNT else None)
