"""A delegation that can be registered now, its addresses, and what a person types."""

from datetime import timedelta

from django.utils import timezone

from registrations.models import Delegation, RegistrationPolicy
from sessions_app.models import Session
from tests.factories import make_country, make_delegation, make_profiles, make_quotas, make_webinar


def draft_at_present() -> Delegation:
    """Honduras in draft, registration open at the present time."""
    webinar = make_webinar()
    make_quotas(webinar)
    now = timezone.now()
    RegistrationPolicy.objects.update(
        opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=5), purge_on=(now + timedelta(days=400)).date()
    )
    for number in (1, 2):
        Session.objects.filter(number=number).update(starts_at=now + timedelta(days=20 + number))
    return make_delegation(webinar, make_country("HN"))


def url(delegation: Delegation, rest: str = "") -> str:
    return f"/en/delegations/{delegation.slug}/{rest}"


def form_data(**changes: object) -> dict[str, object]:
    """The form of a person, filled in."""
    return {
        "name": "Ana Ejemplo",
        "email": "ana@example.org",
        "institution": "Instituto",
        "profile": make_profiles()["prosecutors"].pk,
        "language": "es",
        "timezone": "America/Tegucigalpa",
        **changes,
    }
