"""Returns a form to its sender, with everything that was typed, if the session ended or the CSRF token is old.

It applies to views with the attribute `allows_resubmit`, which all require a sign-in. The response repeats the typed
data to the sender alone: nothing is stored, and the response does not reveal whether the URL leads to anything.

Only forms of the same origin are returned. Otherwise another site could post a form, and the user would send it by
pressing the button on our page.
"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.utils.crypto import get_random_string

from rcm_webinar.accounts import csrf_refused

# A sign-in rotates Django's CSRF token. So a returned form carries a signed ticket, which is valid for its URL and for
# the browser with the cookie.
COOKIE_NAME = f"{settings.COOKIE_PREFIX}unsent"
FIELD_NAME = "unsent"
SIGNING_SALT = "rcm_webinar.resubmit_after_sign_in"
VALID_SECONDS = 60 * 60
SECRET_PATTERN = re.compile(r"[0-9A-Za-z]{32}")
# Credentials and tokens are never repeated in a response; a form with such a field must be filled in again.
PASSWORD_FIELDS = {"oldpassword", "password", "password1", "password2"}
EXCLUDED_FIELDS = {FIELD_NAME, "csrfmiddlewaretoken", "code", "login", *PASSWORD_FIELDS}


class ResubmitMiddleware:
    """Returns forms that need a sign-in to their sender, and accepts them when they are sent again.

    It must come before Django's CSRF middleware, which does not know the ticket of a returned form.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: object, kwargs: object
    ) -> HttpResponse | None:
        if not getattr(view, "allows_resubmit", False):
            return None
        if request.method == "POST":
            if not request.user.is_authenticated:
                return return_form(request)
            if is_resubmission(request):
                # Django's CSRF middleware comes next, and the token in the form is older than the sign-in.
                data = request.POST.copy()
                data["csrfmiddlewaretoken"] = get_token(request)
                request.POST = data  # type: ignore[assignment]  # as mutable as Django's own
        elif request.htmx and not request.user.is_authenticated:  # type: ignore[attr-defined]  # of django_htmx
            # htmx must not insert the sign-in into the page: on 403 `rcm.js` loads the whole URL.
            return render(request, "403.html", status=403)
        return None


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a request without a valid CSRF token: return the form if the view allows it, or else refuse."""
    match = request.resolver_match
    if match is not None and getattr(match.func, "allows_resubmit", False):
        return return_form(request, reason)
    return csrf_refused(request, reason)


def return_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a page that holds the typed data and sends it again to the same URL; refuse a form of another origin."""
    if not is_same_origin(request):
        return csrf_refused(request, reason)
    try:
        typed = [
            (name, value)
            for name, values in request.POST.lists()
            if name not in EXCLUDED_FIELDS
            for value in values
            if isinstance(value, str)
        ]
    except UnreadablePostError:
        # The client closed the connection.
        return csrf_refused(request, reason)
    cookie = request.COOKIES.get(COOKIE_NAME, "")
    secret = cookie if SECRET_PATTERN.fullmatch(cookie) else get_random_string(32)
    ticket = signing.dumps([secret, request.get_full_path()], salt=SIGNING_SALT)
    context = {"typed": typed, "has_files": bool(request.FILES), "field": FIELD_NAME, "ticket": ticket}
    response = render(request, "resubmit_after_sign_in.html", context, status=403)
    response.set_cookie(
        COOKIE_NAME,
        secret,
        max_age=VALID_SECONDS,
        httponly=True,
        samesite="Strict",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    add_never_cache_headers(response)
    return response


def is_resubmission(request: HttpRequest) -> bool:
    """Whether `return_form` sent this form to this browser, for this URL, within the last hour."""
    if COOKIE_NAME not in request.COOKIES or not is_same_origin(request):
        return False
    try:
        ticket = signing.loads(request.POST.get(FIELD_NAME, ""), salt=SIGNING_SALT, max_age=VALID_SECONDS)
    except (signing.BadSignature, UnreadablePostError):
        return False
    return bool(ticket == [request.COOKIES[COOKIE_NAME], request.get_full_path()])


def is_same_origin(request: HttpRequest) -> bool:
    """Whether a page of this site sent the request, by headers that no page can forge; False without them."""
    if (site := request.headers.get("Sec-Fetch-Site")) is not None:
        return site == "same-origin"
    sender = request.headers.get("Origin") or request.headers.get("Referer", "")
    try:
        parts = urlsplit(sender)
    except ValueError:
        return False
    return (parts.scheme, parts.netloc) == (request.scheme, request.get_host())
