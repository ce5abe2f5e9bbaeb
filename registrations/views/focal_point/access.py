"""Whose pages these are: a focal point gets 404 for everything of another country (rule 18)."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import never_cache

from registrations.models import Delegate, Delegation, User
from registrations.permissions import lacks_second_factor, to_second_factor
from registrations.queries.delegation_page import delegation_of

DelegationView = Callable[Concatenate[HttpRequest, Delegation, ...], HttpResponseBase]


def for_signed_in(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Ask for a sign-in first, of the secretariat for a second factor too, and of focal points that they know what
    becomes of the data; keep the page out of every cache, and what is typed there from being lost."""

    @never_cache
    @login_required
    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = signed_in(request)
        if lacks_second_factor(request):
            is_read = request.method in ("GET", "HEAD")
            return to_second_factor(
                request, then=request.get_full_path() if is_read else reverse("registrations:delegations")
            )
        # What is typed into a form that is open while the notice changes is not lost.
        if request.method in ("GET", "HEAD") and user.must_read_privacy_notice:
            return redirect_to_login(request.get_full_path(), reverse("registrations:privacy"))
        return view(request, *args, **kwargs)

    # If the sign-in ended while a form was open, `rcm_webinar.resubmit_after_sign_in` shows the form again.
    checked.gives_forms_back = True  # type: ignore[attr-defined]
    return checked


def for_delegation(view: DelegationView) -> Callable[..., HttpResponseBase]:
    """Give `view` the delegation of the URL's slug, if the signed-in person may see it; else 404."""

    @for_signed_in
    @wraps(view)
    def checked(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponseBase:
        delegation = delegation_of(signed_in(request), slug)
        if delegation is None:
            raise Http404
        return view(request, delegation, **kwargs)

    return checked


def delegate_of(delegation: Delegation, pk: int) -> Delegate:
    """The delegate of this delegation, or 404."""
    people = Delegate.objects.select_related("delegation__body", "delegation__webinar", "profile", "replaced_by")
    return get_object_or_404(people, delegation=delegation, pk=pk)


def signed_in(request: HttpRequest) -> User:
    """The user of a request that `login_required` let through."""
    if not isinstance(request.user, User):
        raise TypeError("Only for pages that ask for a sign-in.")
    return request.user
