"""Access control of the focal points' pages: anything of another country answers 404 (rule 18)."""

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
from registrations.permissions import lacks_second_factor, redirect_to_second_factor
from registrations.queries.delegation_page import delegation_of

DelegationView = Callable[Concatenate[HttpRequest, Delegation, ...], HttpResponseBase]


def account_required(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Decorate `view` so that it needs a sign-in, of staff a second factor, and is not cached.

    A focal point who has not read the privacy notice is led there first. A form that is submitted after the session has
    ended is shown again after the sign-in.
    """

    @never_cache
    @login_required
    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = signed_in_user(request)
        if lacks_second_factor(request):
            is_safe_method = request.method in ("GET", "HEAD")
            return redirect_to_second_factor(
                request, next_path=request.get_full_path() if is_safe_method else reverse("registrations:delegations")
            )
        # Only for GET: a form that was open when the notice changed can still be submitted.
        if request.method in ("GET", "HEAD") and user.must_read_privacy_notice:
            return redirect_to_login(request.get_full_path(), reverse("registrations:privacy"))
        return view(request, *args, **kwargs)

    # If the sign-in ended while a form was open, `rcm_webinar.resubmit_after_sign_in` shows the form again.
    checked.allows_resubmit = True  # type: ignore[attr-defined]
    return checked


def delegation_required(view: DelegationView) -> Callable[..., HttpResponseBase]:
    """Decorate `view` as `account_required` does, and pass it the delegation of the slug.

    Answers 404 if the signed-in user may not see that delegation.
    """

    @account_required
    @wraps(view)
    def checked(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponseBase:
        delegation = delegation_of(signed_in_user(request), slug)
        if delegation is None:
            raise Http404
        return view(request, delegation, **kwargs)

    return checked


def get_delegate_or_404(delegation: Delegation, pk: int) -> Delegate:
    """Return the delegate with that id in `delegation`; raise Http404 if there is none."""
    delegates = Delegate.objects.select_related("delegation__body", "delegation__webinar", "profile", "replaced_by")
    return get_object_or_404(delegates, delegation=delegation, pk=pk)


def signed_in_user(request: HttpRequest) -> User:
    """Return the user of a request; raise TypeError outside views that need a sign-in."""
    if not isinstance(request.user, User):
        raise TypeError("Only for pages that ask for a sign-in.")
    return request.user
