"""Opens a participant's link for a view, or says that the person left, or answers as for an address that never was."""

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
from registrations.views.links import add_private_headers, refused

P = ParamSpec("P")
Reader = TypeVar("Reader")


def read_page_token(token: str) -> Delegate:
    return read_token(token, Scope.PAGE)


def read_join_token(token: str) -> Delegate:
    return read_token(token, Scope.JOIN, Scope.PAGE)


def participant_view(
    read: Callable[[str], Reader],
) -> Callable[[Callable[Concatenate[HttpRequest, Reader, P], HttpResponse]], Callable[..., HttpResponse]]:
    """Give a view the person whom `read` finds for the token in its address, and its answer the headers of a secret.

    The last link of a person who left says so (410), and whom to ask. Every other link that is not valid gets the page
    of an address that does not exist; which reason, nobody is told. Its forms work without cookies: the token in the
    address is all that stands for the person, and no other site knows it.
    """

    def decorate(view: Callable[Concatenate[HttpRequest, Reader, P], HttpResponse]) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @wraps(view)
        def opened(request: HttpRequest, token: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            try:
                response = view(request, read(token), *args, **kwargs)
            except NoLongerTakesPart as ended:
                response = left(request, ended)
            except LinkNotValid as refusal:
                response = refused(request, refusal)
            except Http404 as missing:
                response = page_not_found(request, missing)
            return add_private_headers(response)

        return opened

    return decorate


def left(request: HttpRequest, ended: NoLongerTakesPart) -> HttpResponse:
    """The page of someone who was withdrawn or replaced: no name, no webinar, no agenda; the mail may have gone on."""
    context = {"contact_email": ended.contact_email, "participant_page": True}
    return render(request, "participant/left.html", context, status=410)


def not_invited_response(request: HttpRequest, delegate: Delegate) -> HttpResponse:
    """The page of someone with a good link and no session: nothing is released, or they are not admitted."""
    context = {
        "delegate": delegate,
        "webinar": delegate.webinar,
        "participant_page": True,
        "is_attending": delegate.delegation.status != DelegationStatus.NOT_ATTENDING,
    }
    return render(request, "participant/not_invited.html", context)
