"""Whether a participating body is in use."""

from registrations.models import Delegation, FocalPoint, ParticipatingBody


def has_people(body: ParticipatingBody) -> bool:
    """Whether `body` has delegations or focal points; its kind must not change then."""
    return Delegation.objects.filter(body=body).exists() or FocalPoint.objects.filter(body=body).exists()
