"""Sign-in: by invitation only, and never waiting for the mail server."""

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
from registrations.calendars import organizer_address
from registrations.messages.composing import NO_ABSENCE_NOTE, sender
from registrations.models import User
from registrations.permissions import has_second_factor

# With this allauth would mail whoever asks for a code or a new password and has no account. Nothing is sent.
UNKNOWN_ACCOUNT = "account/email/unknown_account"
# Subjects by template prefix: of allauth's notification mails, and of role_changed, which our admin sends.
CHANGES = {
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


def closed(request: HttpRequest, key: str = "") -> HttpResponse:
    """Answers as an address that does not exist."""
    raise Http404


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's answer to a form without its secret, kept by no cache: the address may be a secret itself."""
    response: HttpResponse = csrf_failure(request, reason)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


class NeverKept:
    """Middleware: the pages of the sign-in stay out of every cache."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path_info.startswith("/accounts/"):
            add_never_cache_headers(response)
        return response


class InvitedOnlyAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Closes the sign-up, and sends mail after the response, in the name of all our mail."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Like allauth's, but after the third wrong code tell the person to request another one."""
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
        ours = {"allauth.account.stages.LoginByCodeStage": "rcm_webinar.sign_in_stages.LoginByCodeStage"}
        return [ours.get(stage, stage) for stage in super().get_login_stages()]

    def get_reauthentication_methods(self, user: User | AnonymousUser) -> list[dict[str, str]]:
        """Return only the second factor if the account has one: with a password, a session could remove it unpassed."""
        methods: list[dict[str, str]] = super().get_reauthentication_methods(user)
        if not has_second_factor(user):
            return methods
        return [method for method in methods if method["id"] != "reauthenticate"]

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link for the mail; allauth would begin it with the host and port that the request names."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "uid", "key": "key"})
        return settings.BASE_URL + path.replace("uid-key", quote(key))

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Mail `user`, in their language, that the way they sign in or their role has changed, with nothing secret.

        Allauth's own texts quote the browser's name, which whoever made the change may have written.
        """
        told = {
            "what": CHANGES[template_prefix],
            "zone": user.timezone or "UTC",
            "password_url": settings.BASE_URL + reverse("account_reset_password"),
            "contact": organizer_address(),
        }
        with translation.override(user.language):
            super().send_notification_mail("account/email/changed", user, told | (context or {}), user.email)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Have the mail written and sent after the response, in the language of now."""
        language = translation.get_language()

        def build() -> EmailMessage:
            with translation.override(language):
                return self.render_mail(template_prefix, email, context)

        send_later(build if template_prefix != UNKNOWN_ACCOUNT else None)
