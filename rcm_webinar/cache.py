"""The shared cache: Redis, and the database's table while Redis is away."""

import time
from collections.abc import Callable
from typing import Any

import redis.exceptions
import structlog
from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache

log = structlog.get_logger(__name__)

# After a failure nobody of this process asks Redis for so long: a host that answers nothing costs one time-out, not one
# per operation.
LEFT_ALONE_SECONDS = 5.0
_left_alone_until: dict[str, float] = {}


class FailoverCache(RedisCache):
    """Redis with short time-outs; an operation that cannot reach it is done in the `database` cache.

    Sign-in limits count here, so they must hold while Redis is down, and nobody may wait for it.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = params.setdefault("OPTIONS", {})
        options.setdefault("socket_connect_timeout", 0.3)
        options.setdefault("socket_timeout", 0.5)
        self._location = server
        super().__init__(server, params)

    def _either(self, name: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= _left_alone_until.get(self._location, 0):
            try:
                return call(*args, **kwargs)
            except redis.exceptions.RedisError as error:
                _left_alone_until[self._location] = time.monotonic() + LEFT_ALONE_SECONDS
                log.warning("cache_failover", operation=name, reason=type(error).__name__)
        return getattr(caches["database"], name)(*args, **kwargs)

    def add(self, *args: Any, **kwargs: Any) -> Any:
        return self._either("add", super().add, *args, **kwargs)

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self._either("get", super().get, *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        return self._either("set", super().set, *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> Any:
        return self._either("touch", super().touch, *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return self._either("delete", super().delete, *args, **kwargs)

    def get_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._either("get_many", super().get_many, *args, **kwargs)

    def has_key(self, *args: Any, **kwargs: Any) -> Any:
        return self._either("has_key", super().has_key, *args, **kwargs)

    def incr(self, *args: Any, **kwargs: Any) -> Any:
        return self._either("incr", super().incr, *args, **kwargs)

    def set_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._either("set_many", super().set_many, *args, **kwargs)

    def delete_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._either("delete_many", super().delete_many, *args, **kwargs)

    def clear(self) -> Any:
        return self._either("clear", super().clear)
