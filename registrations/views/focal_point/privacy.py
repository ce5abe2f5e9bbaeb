"""The privacy notice: a public page that each focal point confirms once."""

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from registrations.calendar_session import organizer_address
from registrations.models import User
from registrations.queries import delegations_of
from registrations.queries.contacts import contact_address_for
from registrations.services.focal_points import record_privacy_notice_read


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def privacy_notice_page(request: HttpRequest) -> HttpResponse:
    """Show which data are kept, why and until when. A POST records that the signed-in user has read it."""
    user = request.user if isinstance(request.user, User) else None
    if request.method == "POST":
        if user is None:
            return redirect_to_login(request.get_full_path())
        record_privacy_notice_read(user, now=timezone.now())
        return HttpResponseRedirect(_next(request) or reverse("registrations:delegations"))
    context = {
        # Each webinar once: a focal point may have several delegations at one.
        "webinars": list({delegation.webinar_id: delegation.webinar for delegation in delegations_of(user)}.values())
        if user is not None and not user.is_staff
        else [],
        "contact_email": contact_address_for(user) or organizer_address(),
        "is_to_be_confirmed": user is not None and user.must_read_privacy_notice,
        "next": _next(request),
    }
    return render(request, "focal_point/privacy.html", context)


def _next(request: HttpRequest) -> str:
    """Return the path in the `next` parameter if it is safe and of this site, else an empty text."""
    path = request.POST.get(REDIRECT_FIELD_NAME, request.GET.get(REDIRECT_FIELD_NAME, ""))
    is_ours = url_has_allowed_host_and_scheme(path, {request.get_host()}, require_https=request.is_secure())
    return path if is_ours and path.startswith("/") else ""
