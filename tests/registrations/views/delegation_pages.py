"""Helpers for tests of the delegation pages: a delegation, its addresses and form data."""

from datetime import timedelta

from django.utils import timezone

from registrations.models import Delegation, RegistrationPolicy
from sessions_app.models import Session
from tests.factories import make_country, make_delegation, make_profiles, make_quotas, make_webinar


def draft_at_present() -> Delegation:
    """Create a draft of Honduras whose registration is open at the real time."""
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
    """Return the data of the delegate form, filled in."""
    return {
        "name": "Ana Ejemplo",
        "email": "ana@example.org",
        "institution": "Instituto",
        "profile": make_profiles()["prosecutors"].pk,
        "language": "es",
        "timezone": "America/Tegucigalpa",
        **changes,
    }
