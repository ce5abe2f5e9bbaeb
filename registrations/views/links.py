"""What every link that is a secret answers, to whomever it was mailed."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.defaults import page_not_found

from registrations.exceptions import LinkNotValid
from registrations.views.rate_limits import is_guess_ratelimited, seconds_left


def refused(request: HttpRequest, refusal: LinkNotValid) -> HttpResponse:
    """The page of an address that does not exist; after too many guesses, one that says so."""
    if refusal.is_guess and is_guess_ratelimited(request):
        response = render(request, "parts/too_many_guesses.html", status=429)
        response.headers["Retry-After"] = str(seconds_left())
        return response
    return page_not_found(request, Http404())


def add_private_headers(response: HttpResponse) -> HttpResponse:
    """Neither kept by a cache, nor named to another site, nor found by a search engine."""
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
