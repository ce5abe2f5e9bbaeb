import socket
import time
from collections.abc import Iterator

import pytest
from django.core.cache import caches

from rcm_webinar import cache as failover
from rcm_webinar.cache import FailoverCache
from tests import servers

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def forget_failures() -> Iterator[None]:
    failover.retry_at.clear()
    yield
    failover.retry_at.clear()


@pytest.fixture
def stopped() -> FailoverCache:
    return FailoverCache(f"redis://127.0.0.1:{servers.free_port()}/0", {})


@pytest.fixture
def silent() -> Iterator[FailoverCache]:
    """A cache whose server accepts connections and never replies."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield FailoverCache(f"redis://127.0.0.1:{listener.getsockname()[1]}/0", {})


def test_without_redis_every_operation_uses_the_database(stopped: FailoverCache) -> None:
    answers = [
        stopped.add("tries", 1),
        stopped.add("tries", 5),
        stopped.incr("tries"),
        stopped.get("tries"),
        stopped.has_key("tries"),
        stopped.touch("tries", 60),
        stopped.set_many({"a": 1, "b": 2}),
        stopped.get_many(["a", "b", "c"]),
        stopped.delete("a"),
        stopped.get("a", "gone"),
    ]

    assert answers == [True, False, 2, 2, True, True, [], {"a": 1, "b": 2}, True, "gone"]
    assert caches["database"].get("tries") == 2


def test_a_silent_redis_costs_one_time_out_and_not_one_per_operation(silent: FailoverCache) -> None:
    begun = time.monotonic()

    for number in range(20):
        silent.set(f"key-{number}", number)

    assert time.monotonic() - begun < 1
    assert silent.get("key-19") == 19


def test_redis_is_tried_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        servers.redis_path()
    except servers.NotInstalled as reason:
        pytest.skip(str(reason))
    monkeypatch.setattr(failover, "RETRY_AFTER_SECONDS", 0.0)
    with servers.redis() as server:
        shared = FailoverCache(f"{server.url}/0", {})
        shared.set("where", "redis")

        assert shared.get("where") == "redis"
        assert caches["database"].get("where") is None

    shared.set("where", "database")
    assert (shared.get("where"), caches["database"].get("where")) == ("database", "database")
