"""The decorator of views that a participant's link opens, and the pages of links that open nothing."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.defaults import page_not_found

from registrations.exceptions import LinkNotValid, NoLongerTakesPart
from registrations.models import Delegate, DelegationStatus
from registrations.tokens import Scope, read_token
from registrations.views.links import add_private_headers, invalid_link_response

P = ParamSpec("P")
LinkHolder = TypeVar("LinkHolder")


def read_page_token(token: str) -> Delegate:
    """Return the delegate of a token of the page scope."""
    return read_token(token, Scope.PAGE)


def read_join_token(token: str) -> Delegate:
    """Return the delegate of a token of the join or the page scope."""
    return read_token(token, Scope.JOIN, Scope.PAGE)


def participant_view(
    read: Callable[[str], LinkHolder],
) -> Callable[[Callable[Concatenate[HttpRequest, LinkHolder, P], HttpResponse]], Callable[..., HttpResponse]]:
    """Decorate a view: pass it what `read` returns for the token in the URL, and add private headers.

    The newest link of a person who left answers 410, with an address to ask. Every other invalid link answers 404,
    without a reason. CSRF tokens are not needed: the secret token in the URL, which no other site knows, is the only
    credential, and there is no cookie.
    """

    def decorate(view: Callable[Concatenate[HttpRequest, LinkHolder, P], HttpResponse]) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @wraps(view)
        def with_link_holder(request: HttpRequest, token: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            try:
                response = view(request, read(token), *args, **kwargs)
            except NoLongerTakesPart as error:
                response = no_longer_takes_part_response(request, error)
            except LinkNotValid as error:
                response = invalid_link_response(request, error)
            except Http404 as error:
                response = page_not_found(request, error)
            return add_private_headers(response)

        return with_link_holder

    return decorate


def no_longer_takes_part_response(request: HttpRequest, error: NoLongerTakesPart) -> HttpResponse:
    """Return the page for a withdrawn or replaced person.

    It names no person, webinar or agenda, since the mail with the link may have been forwarded.
    """
    context = {"contact_email": error.contact_email, "participant_page": True}
    return render(request, "participant/no_longer_takes_part.html", context, status=410)


def not_invited_response(request: HttpRequest, delegate: Delegate) -> HttpResponse:
    """Return the page for a valid link before anything is released or the person is admitted."""
    context = {
        "delegate": delegate,
        "webinar": delegate.webinar,
        "participant_page": True,
        "is_attending": delegate.delegation.status != DelegationStatus.NOT_ATTENDING,
    }
    return render(request, "participant/not_invited.html", context)
