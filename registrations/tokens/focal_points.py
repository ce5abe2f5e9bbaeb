"""Signed links in the invitations of focal points. They lead to the sign-in and open nothing without it.

Tokens are not stored. A link is valid until its focal point's access is removed or the webinar is purged.
"""

import re

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse
from django.utils import timezone, translation

from registrations.exceptions import LinkNotValid
from registrations.models import Delegation, FocalPoint

# The ids of a focal point and of a delegation, as `invitation_url` writes them; 18 digits fit every database.
TOKEN_VALUE = re.compile(r"([1-9][0-9]{0,17})\.([1-9][0-9]{0,17})", re.ASCII)


def _signer() -> Signer:
    return Signer(salt="registrations.focal-point", sep="~")


def make_invitation_token(focal_point: FocalPoint, delegation: Delegation) -> str:
    """Return a token of `[0-9a-zA-Z~._-]` for one focal point and delegation."""
    return _signer().sign(f"{focal_point.pk}.{delegation.pk}")


def invitation_url(focal_point: FocalPoint, delegation: Delegation) -> str:
    """Return the absolute URL in the invitation, in the focal point's language."""
    with translation.override(focal_point.user.language):
        path = reverse("registrations:invited", args=[make_invitation_token(focal_point, delegation)])
    return f"{settings.BASE_URL}{path}"


def read_invitation_token(token: str) -> tuple[FocalPoint, Delegation]:
    """Return the focal point (with account) and the delegation (with webinar and body) of `token`. Two queries.

    Raises LinkNotValid for an invalid token, a removed focal point and a purged webinar.
    """
    focal_point_id, delegation_id = _unsign(token)
    focal_point = FocalPoint.objects.with_access().filter(pk=focal_point_id).select_related("user").first()
    delegation = (
        Delegation.objects.select_related("webinar__policy", "body")
        .filter(pk=delegation_id, webinar__policy__purge_on__gt=timezone.now().date())
        .first()
    )
    if focal_point is None or delegation is None or focal_point.body_id != delegation.body_id:
        raise LinkNotValid(is_guess=False)
    return focal_point, delegation


def _unsign(token: str) -> tuple[int, int]:
    """Return the ids of the focal point and the delegation in `token`. Raises LinkNotValid unless we signed it."""
    try:
        value = TOKEN_VALUE.fullmatch(_signer().unsign(token))
    except BadSignature:
        raise LinkNotValid(is_guess=True) from None
    if value is None:
        raise LinkNotValid(is_guess=True)
    return int(value[1]), int(value[2])
