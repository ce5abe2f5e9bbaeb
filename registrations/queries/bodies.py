"""What participating bodies are held to."""

from registrations.models import Delegation, FocalPoint, ParticipatingBody


def has_people(body: ParticipatingBody) -> bool:
    """Whether `body` has taken part or has been asked to: seats, exceptions and accounts then rest on its kind."""
    return Delegation.objects.filter(body=body).exists() or FocalPoint.objects.filter(body=body).exists()
