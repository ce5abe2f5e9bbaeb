"""The page to which the invitation of a focal point links: it leads to the sign-in, then to the delegation."""

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from registrations.exceptions import LinkNotValid
from registrations.tokens import read_invitation_token
from registrations.views.links import add_private_headers, invalid_link_response


@require_safe
def invitation_page(request: HttpRequest, token: str) -> HttpResponse:
    """Show a button that sends the sign-in code; redirect a focal point who is signed in to the delegation.

    The link alone opens nothing. Once its focal point's access is removed, it answers 404.
    """
    try:
        focal_point, delegation = read_invitation_token(token)
    except LinkNotValid as error:
        return add_private_headers(invalid_link_response(request, error))
    if request.user == focal_point.user:
        return add_private_headers(redirect(delegation))
    context = {
        "delegation": delegation,
        "webinar": delegation.webinar,
        "email": focal_point.user.email,
        "someone_else": None if isinstance(request.user, AnonymousUser) else request.user,
    }
    return add_private_headers(render(request, "focal_point/invited.html", context))
