"""Sign-in: by invitation only, and never waiting long for the mail server."""

import smtplib
from collections.abc import Callable

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.core.mail import EmailMessage, get_connection
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.csrf import csrf_failure

from registrations.mail.message import NO_ABSENCE_NOTE, sender

log = structlog.get_logger(__name__)


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
    """Closes the sign-up, and sends sign-in codes with a short time-out, in the name of all our mail."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

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

    def send_mail(self, template_prefix: str, email: str, context: dict[str, object]) -> None:
        """Send the one kind of mail that a request waits for; a dead mail server is said on the page."""
        message: EmailMessage = self.render_mail(template_prefix, email, context)
        message.connection = get_connection(timeout=settings.SIGN_IN_EMAIL_TIMEOUT)
        try:
            message.send()
        except (OSError, smtplib.SMTPException) as error:
            log.warning("sign_in_mail_failed", reason=type(error).__name__)
            messages.error(
                self.request,
                _("The mail could not be sent just now. Please wait a minute and ask for it again."),
            )
