"""Forms that reach us without the sign-in they need, or with an old secret, go back to the reader with all they hold.

It concerns the views that say so, by the attribute `gives_forms_back`: each of them asks for a sign-in. What was typed
stands in the answer alone, for the one who sent it. Nothing is stored, and the answer never tells whether there is
anything at the address.

A form on a page of somebody else's must not come back with a button that sends it for the reader. So only what a page
of ours sent is given back.
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

from rcm_webinar.accounts import form_refused

# A sign-in changes Django's secret of forms. So what is given back carries one of its own: signed, for this address,
# and for the browser that holds the cookie.
COOKIE = f"{settings.COOKIE_PREFIX}unsent"
FIELD = "unsent"
SALT = "rcm_webinar.resubmit_after_sign_in"
GOOD_FOR_SECONDS = 60 * 60
SECRET = re.compile(r"[0-9A-Za-z]{32}")
# No form of the views has most of these; if one ever does, it is typed again.
NEVER_GIVEN_BACK = {FIELD, "csrfmiddlewaretoken", "code", "login", "oldpassword", "password", "password1", "password2"}


class GivenBack:
    """Middleware: answers in place of the views that need a sign-in where there is none. It stands before Django's own
    check of forms, which knows nothing of what was given back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: object, kwargs: object
    ) -> HttpResponse | None:
        if not getattr(view, "gives_forms_back", False):
            return None
        if request.method == "POST":
            if not request.user.is_authenticated:
                return give_back(request)
            if was_given_back(request):
                # For Django's own check, which comes next: the secret that the form holds is older than the sign-in.
                typed = request.POST.copy()
                typed["csrfmiddlewaretoken"] = get_token(request)
                request.POST = typed  # type: ignore[assignment]  # as mutable as Django's own
        elif request.htmx and not request.user.is_authenticated:  # type: ignore[attr-defined]  # of django_htmx
            # The sign-in belongs into no part of a page: the browser opens the address whole (`rcm.js`).
            return render(request, "403.html", status=403)
        return None


def refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's answer to a form without its secret, with what was typed where the view gives it back."""
    match = request.resolver_match
    if match is not None and getattr(match.func, "gives_forms_back", False):
        return give_back(request, reason)
    return form_refused(request, reason)


def give_back(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A page with all that was typed, to be sent again to the same address; without it if no page of ours sent it."""
    if not is_from_a_page_of_ours(request):
        return form_refused(request, reason)
    try:
        typed = [
            (name, value)
            for name, values in request.POST.lists()
            if name not in NEVER_GIVEN_BACK
            for value in values
            if isinstance(value, str)
        ]
    except UnreadablePostError:
        # The one who sent it has gone.
        return form_refused(request, reason)
    kept = request.COOKIES.get(COOKIE, "")
    secret = kept if SECRET.fullmatch(kept) else get_random_string(32)
    ticket = signing.dumps([secret, request.get_full_path()], salt=SALT)
    context = {"typed": typed, "has_files": bool(request.FILES), "field": FIELD, "ticket": ticket}
    response = render(request, "unsent.html", context, status=403)
    response.set_cookie(
        COOKIE,
        secret,
        max_age=GOOD_FOR_SECONDS,
        httponly=True,
        samesite="Strict",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    add_never_cache_headers(response)
    return response


def was_given_back(request: HttpRequest) -> bool:
    """Whether this form stood in our answer to this browser, for this address, within the last hour."""
    if COOKIE not in request.COOKIES or not is_from_a_page_of_ours(request):
        return False
    try:
        found = signing.loads(request.POST.get(FIELD, ""), salt=SALT, max_age=GOOD_FOR_SECONDS)
    except (signing.BadSignature, UnreadablePostError):
        return False
    return bool(found == [request.COOKIES[COOKIE], request.get_full_path()])


def is_from_a_page_of_ours(request: HttpRequest) -> bool:
    """By the word of the browser, which no page can forge; a request that says nothing of it is not."""
    if (site := request.headers.get("Sec-Fetch-Site")) is not None:
        return site == "same-origin"
    sender = request.headers.get("Origin") or request.headers.get("Referer", "")
    try:
        parts = urlsplit(sender)
    except ValueError:
        return False
    return (parts.scheme, parts.netloc) == (request.scheme, request.get_host())
