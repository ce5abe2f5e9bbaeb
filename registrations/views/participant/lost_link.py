"""The pages that mail a lost participant link again, without revealing who takes part."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from registrations.forms.participant import LostLinkForm
from registrations.services.lost_links import ask_for_links
from registrations.views.links import add_private_headers
from registrations.views.rate_limits import is_link_request_ratelimited, seconds_until_next_window


# There is no session to protect, and the form must work without cookies.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def lost_link_page(request: HttpRequest) -> HttpResponse:
    """Ask for an address; the response is the same whether the address is known or not."""
    form = LostLinkForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            if not is_link_request_ratelimited(request):
                ask_for_links(form.cleaned_data["email"], now=timezone.now())
                return add_private_headers(redirect("registrations:lost-link-requested"))
            status = 429
            form.add_error(
                None, _("Too many links were asked for from your network. Please send the form again in five minutes.")
            )
    response = render(request, "participant/lost_link.html", {"form": form}, status=status)
    if status == 429:
        response.headers["Retry-After"] = str(seconds_until_next_window())
    return add_private_headers(response)


@require_safe
def lost_link_requested_page(request: HttpRequest) -> HttpResponse:
    """Say what happens next; the page is the same for every address."""
    return render(request, "participant/lost_link_requested.html")
