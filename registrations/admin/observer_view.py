"""The page of a delegation for observers: without addresses, telephones, letters and history."""

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from registrations.models import BodyKind, Delegation, DelegationStatus, Waiver
from registrations.queries import SeatCount, delegates_with_mail_state, gaps_in


def observer_page(
    site: AdminSite, request: HttpRequest, delegation: Delegation, seats: tuple[SeatCount, ...]
) -> HttpResponse:
    """Render the delegation with a template of its own: an addition to the staff's page does not appear here."""
    waivers = Waiver.objects.filter(delegation=delegation, revoked_at__isnull=True).select_related("profile")
    context = site.each_context(request) | {
        "opts": Delegation._meta,
        "title": str(delegation.body),
        "delegation": delegation,
        "seats": seats,
        "gaps": gaps_in(seats),
        "people": delegates_with_mail_state(delegation, now=timezone.now()),
        "waivers": list(waivers),
        "is_attending": delegation.status != DelegationStatus.NOT_ATTENDING,
        "is_country": delegation.body.kind == BodyKind.COUNTRY,
    }
    return TemplateResponse(request, "admin/registrations/delegation/observer.html", context)
