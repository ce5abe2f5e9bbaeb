"""Who has lost the link to their page has it mailed once more; nobody learns here who takes part."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from registrations.forms.participant import LostLinkForm
from registrations.services.lost_links import ask_for_links
from registrations.views.links import add_private_headers
from registrations.views.rate_limits import is_link_request_ratelimited, seconds_left


# Nobody signs in here, and whoever is lost may have come without cookies.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def lost_link(request: HttpRequest) -> HttpResponse:
    """Asks for an address, and answers the same whether it is known or not."""
    form = LostLinkForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            if not is_link_request_ratelimited(request):
                ask_for_links(form.cleaned_data["email"], now=timezone.now())
                return add_private_headers(redirect("registrations:lost-link-asked"))
            status = 429
            form.add_error(
                None, _("Too many links were asked for from your network. Please send the form again in five minutes.")
            )
    response = render(request, "participant/lost_link.html", {"form": form}, status=status)
    if status == 429:
        response.headers["Retry-After"] = str(seconds_left())
    return add_private_headers(response)


@require_safe
def asked(request: HttpRequest) -> HttpResponse:
    """What happens now, whoever asked for what."""
    return render(request, "participant/lost_link_asked.html")
