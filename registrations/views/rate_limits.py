"""Counts guessed links, and links asked for, by the address of the client, so that nobody tries thousands of them at
our cost."""

import hashlib
import ipaddress
import re
import time

import redis.exceptions
import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError
from django.http import HttpRequest

log = structlog.get_logger(__name__)

GUESSES_ALLOWED = 30
# A whole delegation may sit behind one address.
LINKS_ALLOWED = 20
WINDOW_SECONDS = 300
# Some proxies write the port behind the address.
WITH_PORT = re.compile(r"\[(?P<six>[^\]]+)\](?::\d+)?|(?P<four>[^:]+):\d+")


def is_guess_ratelimited(request: HttpRequest) -> bool:
    """Count a guess of this client; whether it is more than is allowed in each window of `WINDOW_SECONDS`.

    Only tokens that nobody signed are counted: a colleague behind the same address keeps a good link, and a calendar
    program that still asks for an ended feed is no guesser.
    """
    return _is_ratelimited(request, "guessed-links", GUESSES_ALLOWED)


def is_link_request_ratelimited(request: HttpRequest) -> bool:
    """As for guesses: count that this client asks for links."""
    return _is_ratelimited(request, "asked-links", LINKS_ALLOWED)


def _is_ratelimited(request: HttpRequest, what: str, allowed: int) -> bool:
    """A cache that is away limits nobody and breaks nothing."""
    # Networks, not addresses, own the last half of an IPv6 address; the hash keeps addresses out of the cache.
    network = hashlib.sha256(_network_of(client_address(request)).encode()).hexdigest()
    # The window is part of the key: to count on in the database's cache makes an entry live longer.
    key = f"{what}:{int(time.time()) // WINDOW_SECONDS}:{network}"
    try:
        cache.add(key, 0, timeout=WINDOW_SECONDS)
        count = cache.incr(key)
    except ValueError:  # the window ended between the two
        return False
    except (redis.exceptions.RedisError, DatabaseError) as error:
        log.warning("guesses_not_counted", what=what, reason=type(error).__name__)
        return False
    if count == allowed + 1:
        log.warning("guesses_limited", what=what)
    return bool(count > allowed)


def seconds_left() -> int:
    """Until a new window begins."""
    return WINDOW_SECONDS - int(time.time()) % WINDOW_SECONDS


def client_address(request: HttpRequest) -> str:
    """The address that our outermost trusted proxy saw; what a client adds to X-Forwarded-For stands before it.

    The address of the connection itself where there is no proxy, or where the request did not come through all.
    """
    forwarded = request.headers.get("X-Forwarded-For", "").split(",")
    count: int = settings.TRUSTED_PROXY_COUNT
    if count and len(forwarded) >= count and forwarded[-count].strip():
        return forwarded[-count].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def _network_of(address: str) -> str:
    if written := WITH_PORT.fullmatch(address):
        address = written["six"] or written["four"]
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    # A socket for both versions writes those of version 4 as of version 6.
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
