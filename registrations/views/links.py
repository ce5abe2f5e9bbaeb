"""Responses that all secret links share."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.defaults import page_not_found

from registrations.exceptions import LinkNotValid
from registrations.views.rate_limits import is_guess_ratelimited, seconds_until_next_window


def invalid_link_response(request: HttpRequest, refusal: LinkNotValid) -> HttpResponse:
    """Return the 404 page for an invalid link; after too many guesses by this client, a 429 page."""
    if refusal.is_guess and is_guess_ratelimited(request):
        response = render(request, "parts/too_many_guesses.html", status=429)
        response.headers["Retry-After"] = str(seconds_until_next_window())
        return response
    return page_not_found(request, Http404())


def add_private_headers(response: HttpResponse) -> HttpResponse:
    """Add headers that keep the response out of caches, referrers and search engines."""
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
