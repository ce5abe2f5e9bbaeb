"""Where the mail that asks a focal point to register leads: to the sign-in, and from there to the delegation."""

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from registrations.exceptions import LinkNotValid
from registrations.tokens import read_invitation_token
from registrations.views.links import add_private_headers, refused


@require_safe
def invited(request: HttpRequest, token: str) -> HttpResponse:
    """A button that has the code sent, so that nobody types the address; whoever is signed in goes on at once.

    The link alone opens nothing. It ends with the access of its focal point, and is then as if it had never been.
    """
    try:
        focal_point, delegation = read_invitation_token(token)
    except LinkNotValid as refusal:
        return add_private_headers(refused(request, refusal))
    if request.user == focal_point.user:
        return add_private_headers(redirect(delegation))
    context = {
        "delegation": delegation,
        "webinar": delegation.webinar,
        "email": focal_point.user.email,
        "someone_else": None if isinstance(request.user, AnonymousUser) else request.user,
    }
    return add_private_headers(render(request, "focal_point/invited.html", context))
