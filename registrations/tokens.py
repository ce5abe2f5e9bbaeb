"""Signed, versioned links of participants (design §8). Nothing is stored, and nothing here is ever logged.

Two scopes: the mail carries the link to the page, the calendar one that only joins.
"""

from enum import StrEnum

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse
from django.utils import timezone, translation

from registrations.models import Delegate


class Scope(StrEnum):
    PAGE = "page"
    JOIN = "join"


class LinkNotValid(Exception):
    """Tampered, revoked, past its end, or of another scope; which of them is never told."""


def _signer(scope: Scope) -> Signer:
    return Signer(salt=f"registrations.participant.{scope}", sep="~")


def make_token(delegate: Delegate, scope: Scope) -> str:
    """A token of `[0-9a-zA-Z~._-]` that lives until the webinar's purge date or the next version."""
    return _signer(scope).sign(f"{delegate.pk}.{delegate.token_version}")


def read_token(token: str, *scopes: Scope) -> Delegate:
    """The delegate whom `token` of one of `scopes` was made for. One query.

    Raises LinkNotValid for everything else, a delegate of an earlier token version included.
    """
    for scope in scopes:
        try:
            value = _signer(scope).unsign(token)
        except BadSignature:
            continue
        pk, _, version = value.partition(".")
        delegate = (
            Delegate.objects.select_related("webinar__policy", "delegation__body")
            .filter(pk=int(pk), token_version=int(version))
            .filter(webinar__policy__purge_on__gt=timezone.now().date())
            .first()
        )
        if delegate is not None:
            return delegate
    raise LinkNotValid


def page_url(delegate: Delegate) -> str:
    """The absolute address of the participant's page, in their language."""
    with translation.override(delegate.language):
        path = reverse("registrations:my", args=[make_token(delegate, Scope.PAGE)])
    return f"{settings.BASE_URL}{path}"


def join_url(delegate: Delegate, number: int) -> str:
    """The absolute address of the join page of session `number`, in the participant's language."""
    with translation.override(delegate.language):
        path = reverse("registrations:join", args=[make_token(delegate, Scope.JOIN), number])
    return f"{settings.BASE_URL}{path}"
