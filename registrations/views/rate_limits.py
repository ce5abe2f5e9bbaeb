"""Rate limits per client network: for guessed links and for requests that mail a lost link."""

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

MAX_GUESSES = 30
# A whole delegation may share one address.
MAX_LINK_REQUESTS = 20
WINDOW_SECONDS = 300
# Some proxies add the port to the address.
WITH_PORT = re.compile(r"\[(?P<six>[^\]]+)\](?::\d+)?|(?P<four>[^:]+):\d+")


def is_guess_ratelimited(request: HttpRequest) -> bool:
    """Count a guessed link of this client; return whether it exceeds the limit in the current time window.

    Call it only for tokens with an invalid signature. Valid links of the same network keep working, and a calendar
    program that still fetches an expired feed is not counted.
    """
    return _is_ratelimited(request, "guessed-links", MAX_GUESSES)


def is_link_request_ratelimited(request: HttpRequest) -> bool:
    """Count a request for a lost link of this client; return whether it exceeds the limit in the current window."""
    return _is_ratelimited(request, "asked-links", MAX_LINK_REQUESTS)


def _is_ratelimited(request: HttpRequest, counter: str, limit: int) -> bool:
    """Count the request in the cache; return whether it exceeds `limit`. Without the cache nobody is limited."""
    # A network assigns the last half of an IPv6 address itself. The hash keeps addresses out of the cache.
    network = hashlib.sha256(_network_of(client_address(request)).encode()).hexdigest()
    # The window is part of the key, because incrementing an entry of the database cache extends its life.
    key = f"{counter}:{int(time.time()) // WINDOW_SECONDS}:{network}"
    try:
        cache.add(key, 0, timeout=WINDOW_SECONDS)
        count = cache.incr(key)
    except ValueError:  # the window ended between the two
        return False
    except (redis.exceptions.RedisError, DatabaseError) as error:
        log.warning("guesses_not_counted", what=counter, reason=type(error).__name__)
        return False
    if count == limit + 1:
        log.warning("guesses_limited", what=counter)
    return bool(count > limit)


def seconds_until_next_window() -> int:
    """Return the seconds until the counters start again, for Retry-After."""
    return WINDOW_SECONDS - int(time.time()) % WINDOW_SECONDS


def client_address(request: HttpRequest) -> str:
    """Return the client's address as the outermost trusted proxy saw it (`TRUSTED_PROXY_COUNT`).

    Whatever a client adds to X-Forwarded-For itself stands further left and is ignored. Without a proxy, or if the
    request did not pass all of them, it is the address of the connection.
    """
    forwarded = request.headers.get("X-Forwarded-For", "").split(",")
    count: int = settings.TRUSTED_PROXY_COUNT
    if count and len(forwarded) >= count and forwarded[-count].strip():
        return forwarded[-count].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def _network_of(address: str) -> str:
    """Return the /64 network of an IPv6 address; an IPv4 address as it is."""
    if written := WITH_PORT.fullmatch(address):
        address = written["six"] or written["four"]
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    # A dual-stack socket reports IPv4 addresses as IPv4-mapped IPv6 addresses.
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
