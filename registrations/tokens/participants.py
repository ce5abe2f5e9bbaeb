"""Signed, versioned links of participants (design §8). Tokens are neither stored nor logged.

There are two scopes: mails contain a link to the participant's page, calendar entries one to the join page only.
Only the newest `token_version` is valid: a new address (`nominations/editing.py`) and leaving (`delegate_changes.py`)
raise it, and an undo lowers it.
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
TOKEN_VALUE = re.compile(r"([1-9][0-9]{0,17})\.([1-9][0-9]{0,8})", re.ASCII)
# What looks like a token within a text; a text longer than any link of this site is not searched further.
TOKEN = re.compile(rf"{TOKEN_VALUE.pattern}~[\w-]{{43}}(?![\w-])", re.ASCII)
MAX_LINK_LENGTH = 400
# Stands for the token in a cached path.
_PLACEHOLDER = "~"


class Scope(StrEnum):
    """What a link of a participant opens: their page, or only the join page of a session."""

    PAGE = "page"
    JOIN = "join"


def _signer(scope: Scope) -> Signer:
    return Signer(salt=f"registrations.participant.{scope}", sep="~")


def make_token(delegate: Delegate, scope: Scope) -> str:
    """Return a token of `[0-9a-zA-Z~._-]`, valid until the webinar's purge day or the next token version."""
    return _signer(scope).sign(f"{delegate.pk}.{delegate.token_version}")


def read_token(token: str, *scopes: Scope) -> Delegate:
    """Return the active delegate of `token`, which must have one of `scopes`, with webinar, delegation and body.

    One query. Raises NoLongerTakesPart for the newest link of a person who left (two queries), and LinkNotValid for
    everything else, earlier versions included: such a link may have been sent to a wrong address.
    """
    pk, version = _unsign(token, scopes)
    delegate = _delegate_before_purge(pk)
    if delegate is None or version != _newest_version(delegate):
        raise LinkNotValid(is_guess=False)
    if not delegate.is_active:
        # A person who was named again takes part and has a newer link.
        if Delegate.objects.active().filter(webinar=delegate.webinar).with_address(delegate.email).exists():
            raise LinkNotValid(is_guess=False)
        raise NoLongerTakesPart(contact_email=delegate.webinar.contact_email)
    return delegate


def read_feed_token(token: str) -> Subscriber:
    """Return the subscriber of a calendar feed from a token of the page scope.

    A person who left is returned too, for their newest link, so that the feed can be empty and their calendar program
    removes the entries. Raises LinkNotValid for everything else, such as links from before a change of address.
    """
    pk, version = _unsign(token, (Scope.PAGE,))
    found = subscriber(pk, today=timezone.now().date())
    if found is None or version != _newest_version(found.delegate):
        raise LinkNotValid(is_guess=False)
    return found


def delegate_id_in_link(text: str) -> int | None:
    """Return the id of the delegate in the first link in `text`, of any scope and version; None if there is none.

    It says who somebody claims to be, and permits nothing: the version is not checked. No query.
    """
    match = TOKEN.search(text[:MAX_LINK_LENGTH])
    try:
        return _unsign(match[0], tuple(Scope))[0] if match is not None else None
    except LinkNotValid:
        return None


def _newest_version(delegate: Delegate) -> int:
    """Return the token version of the newest link that `delegate` was sent.

    Leaving increases the version by one without sending a link.
    """
    return delegate.token_version - (0 if delegate.is_active else 1)


def _unsign(token: str, scopes: tuple[Scope, ...]) -> tuple[int, int]:
    """Return the delegate's id and the version in `token`; raise LinkNotValid unless one of `scopes` signed it."""
    signed_for_another_scope = False
    for scope in Scope:
        try:
            value = TOKEN_VALUE.fullmatch(_signer(scope).unsign(token))
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
        .order_by("pk")
        .first()
    )


def page_url(delegate: Delegate) -> str:
    """Return the absolute URL of the participant's page, in their language."""
    return _absolute_url("registrations:my", delegate.language, make_token(delegate, Scope.PAGE))


def join_url(delegate: Delegate, number: int) -> str:
    """Return the absolute URL of the join page of session `number`, in the participant's language."""
    return _absolute_url("registrations:join", delegate.language, make_token(delegate, Scope.JOIN), number)


def _absolute_url(url_name: str, language: str, token: str, *arguments: int) -> str:
    # A token needs no escaping in a path, so it can replace the placeholder of a cached path.
    return f"{settings.BASE_URL}{_path(url_name, language, *arguments).replace(_PLACEHOLDER, token)}"


@lru_cache(maxsize=256)
def _path(url_name: str, language: str, *arguments: int) -> str:
    with translation.override(language):
        return reverse(url_name, args=[_PLACEHOLDER, *arguments])
