"""The shared cache: Redis, or a database table while Redis cannot be reached."""

import time
from collections.abc import Callable
from typing import Any

import redis.exceptions
import structlog
from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache

log = structlog.get_logger(__name__)

# After a failure this process does not ask Redis again for this long, so that a host that never answers costs one
# time-out and not one per operation.
RETRY_AFTER_SECONDS = 5.0
retry_at: dict[str, float] = {}


def _with_failover(name: str) -> Callable[..., Any]:
    """Return the cache operation `name`, which uses Redis, or the `database` cache if Redis cannot be reached."""

    def operation(cache: "FailoverCache", *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= retry_at.get(cache.location, 0):
            try:
                return getattr(RedisCache, name)(cache, *args, **kwargs)
            except redis.exceptions.RedisError as error:
                retry_at[cache.location] = time.monotonic() + RETRY_AFTER_SECONDS
                log.warning("cache_failover", operation=name, reason=type(error).__name__)
        return getattr(caches["database"], name)(*args, **kwargs)

    return operation


class FailoverCache(RedisCache):
    """Uses Redis with short time-outs, and the `database` cache while Redis cannot be reached.

    The rate limits of the sign-in are counted here, so they must hold while Redis is down, without long waits.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = params.setdefault("OPTIONS", {})
        options.setdefault("socket_connect_timeout", 0.3)
        options.setdefault("socket_timeout", 0.5)
        self.location = server
        super().__init__(server, params)

    add = _with_failover("add")
    get = _with_failover("get")
    set = _with_failover("set")
    touch = _with_failover("touch")
    delete = _with_failover("delete")
    get_many = _with_failover("get_many")
    has_key = _with_failover("has_key")
    incr = _with_failover("incr")
    set_many = _with_failover("set_many")
    delete_many = _with_failover("delete_many")
    clear = _with_failover("clear")
