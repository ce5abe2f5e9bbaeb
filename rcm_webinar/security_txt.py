"""Serves /.well-known/security.txt, the contact for reports of vulnerabilities (RFC 9116)."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any

from django.conf import settings
from django.core import checks
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Answer with the contact; 404 without SECURITY_CONTACT or after it expired: an old contact is worse than none."""
    expires = _expires_at()
    if expires is None or expires < timezone.now():
        raise Http404
    lines = [
        *(f"Contact: {uri}" for uri in settings.SECURITY_CONTACT),
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en, es",
        f"Canonical: {settings.BASE_URL}{reverse('security-txt')}",
    ]
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")


def check_security_contact_expiry(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Warn if the contact has expired and is therefore no longer shown."""
    expires = _expires_at()
    if expires is None or expires >= timezone.now():
        return []
    return [
        checks.Warning(
            "SECURITY_CONTACT_EXPIRES has passed: /.well-known/security.txt answers 404.",
            hint="See whether SECURITY_CONTACT is still right, and set a day within the next year.",
            id="rcm_webinar.W002",
        )
    ]


def _expires_at() -> datetime | None:
    """Return the end of the contact's last day in UTC; None if no contact is set."""
    if settings.SECURITY_CONTACT_EXPIRES is None:
        return None
    return datetime.combine(settings.SECURITY_CONTACT_EXPIRES, time(23, 59, 59), UTC)
