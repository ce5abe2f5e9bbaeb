"""Signed, versioned links of participants (design §8). Nothing is stored, and nothing here is ever logged.

Two scopes: the mail carries the link to the page, the calendar one that only joins.
"""

import re
from enum import StrEnum
from functools import lru_cache

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse
from django.utils import timezone, translation

from registrations.exceptions import LinkNotValid, NoLongerTakesPart
from registrations.models import Delegate
from registrations.queries.participant import Subscriber, subscriber

# The id of a delegate and the version of their links, as `make_token` writes them; 18 digits fit every database.
VALUE = re.compile(r"([1-9][0-9]{0,17})\.([1-9][0-9]{0,8})", re.ASCII)
# What looks like a token within a text, and a good deal longer than an address of ours.
TOKEN = re.compile(rf"{VALUE.pattern}~[\w-]{{43}}(?![\w-])", re.ASCII)
MAX_LINK_LENGTH = 400
# In place of a token in a path that is kept.
_PLACEHOLDER = "~"


class Scope(StrEnum):
    PAGE = "page"
    JOIN = "join"


def _signer(scope: Scope) -> Signer:
    return Signer(salt=f"registrations.participant.{scope}", sep="~")


def make_token(delegate: Delegate, scope: Scope) -> str:
    """A token of `[0-9a-zA-Z~._-]` that lives until the webinar's purge date or the next version."""
    return _signer(scope).sign(f"{delegate.pk}.{delegate.token_version}")


def read_token(token: str, *scopes: Scope) -> Delegate:
    """The active delegate whom `token` of one of `scopes` was made for, with webinar, delegation and body. One query.

    Raises NoLongerTakesPart for the last link of a person who left (two queries), and LinkNotValid for everything
    else, an earlier version included: before a change of address it may have gone to a stranger.
    """
    pk, version = _unsigned(token, scopes)
    delegate = _delegate_before_purge(pk)
    if delegate is None or version != _last_version(delegate):
        raise LinkNotValid(is_guess=False)
    if not delegate.is_active:
        # Whoever was named once more has a newer link, and takes part.
        if Delegate.objects.active().filter(webinar=delegate.webinar).with_address(delegate.email).exists():
            raise LinkNotValid(is_guess=False)
        raise NoLongerTakesPart(contact_email=delegate.webinar.contact_email)
    return delegate


def read_feed_token(token: str) -> Subscriber:
    """As `read_token` of the page's scope, for the feed that a calendar program fetches for months.

    A person who left is returned too, for the last link that they had: their calendars are emptied, not left as they
    were. Links from before a change of address stay ended.
    """
    pk, version = _unsigned(token, (Scope.PAGE,))
    found = subscriber(pk, today=timezone.now().date())
    if found is None or version != _last_version(found.delegate):
        raise LinkNotValid(is_guess=False)
    return found


def delegate_id_in_link(text: str) -> int | None:
    """The id of the delegate whose link stands first in `text`, of either scope and any version: who somebody said they
    are, and no leave to anything. None where it is no link of ours. No query."""
    found = TOKEN.search(text[:MAX_LINK_LENGTH])
    try:
        return _unsigned(found[0], tuple(Scope))[0] if found is not None else None
    except LinkNotValid:
        return None


def _last_version(delegate: Delegate) -> int:
    """The version of the newest link that `delegate` was sent: leaving raises it by one, and nothing is sent then."""
    return delegate.token_version - (0 if delegate.is_active else 1)


def _unsigned(token: str, scopes: tuple[Scope, ...]) -> tuple[int, int]:
    """The id and the version in `token`. No query."""
    signed_for_another_scope = False
    for scope in Scope:
        try:
            value = VALUE.fullmatch(_signer(scope).unsign(token))
        except BadSignature:
            continue
        if value is not None and scope in scopes:
            return int(value[1]), int(value[2])
        signed_for_another_scope = True
    raise LinkNotValid(is_guess=not signed_for_another_scope)


def _delegate_before_purge(pk: int) -> Delegate | None:
    return (
        Delegate.objects.before_purge(timezone.now().date())
        .select_related("webinar__policy", "delegation__body")
        .filter(pk=pk)
        .first()
    )


def page_url(delegate: Delegate) -> str:
    """The absolute address of the participant's page, in their language."""
    return _address("registrations:my", delegate.language, make_token(delegate, Scope.PAGE))


def join_url(delegate: Delegate, number: int) -> str:
    """The absolute address of the join page of session `number`, in the participant's language."""
    return _address("registrations:join", delegate.language, make_token(delegate, Scope.JOIN), number)


def _address(view: str, language: str, token: str, *arguments: int) -> str:
    # Signs that stand in a path as they are, which all of a token's do, can be put into it afterwards.
    return f"{settings.BASE_URL}{_path(view, language, *arguments).replace(_PLACEHOLDER, token)}"


@lru_cache(maxsize=256)
def _path(view: str, language: str, *arguments: int) -> str:
    with translation.override(language):
        return reverse(view, args=[_PLACEHOLDER, *arguments])
