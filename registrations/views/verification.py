"""The public page that tells whoever holds a document with a code whether the secretariat's records agree with it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from registrations.exceptions import LinkNotValid
from registrations.queries.receipts import figures_of, verification_code, was_submitted_again
from registrations.views.links import add_private_headers, invalid_link_response
from sessions_app.reader_zone import zone_for_reader


@require_safe
def verification_page(request: HttpRequest, *, code: str) -> HttpResponse:
    """Show what the document with `code` states, without a name; 404 for an unknown code."""
    found = verification_code(code)
    delegation = found.event.delegation if found is not None else None
    if found is None or delegation is None:
        return _without_referrer(invalid_link_response(request, LinkNotValid(is_guess=True)))
    webinar = found.event.webinar
    context = {
        "code": found,
        "delegation": delegation,
        "webinar": webinar,
        "zone": zone_for_reader(request.user, delegation.body.single_timezone, webinar.timezone),
        "receipt": figures_of(found),
        "was_submitted_again": was_submitted_again(found),
    }
    return _without_referrer(render(request, "public/verification.html", context))


def _without_referrer(response: HttpResponse) -> HttpResponse:
    """Keep the address, which holds the code, out of caches, search engines and all referrers."""
    add_private_headers(response)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
