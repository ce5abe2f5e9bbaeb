from datetime import timedelta

import pytest

from registrations.views.rate_limits import MAX_GUESSES, WINDOW_SECONDS, client_address, is_guess_ratelimited
from tests.factories import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def limited_guesses(rf, attempts, **headers):
    return sum(is_guess_ratelimited(rf.get("/", **headers)) for _ in range(attempts))


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, None, "10.0.0.1"),
        (0, "203.0.113.9", "10.0.0.1"),
        (1, None, "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.1, 203.0.113.9,10.9.9.9", "203.0.113.9"),
        (2, "203.0.113.9", "10.0.0.1"),
        (1, "203.0.113.9, ", "10.0.0.1"),
    ],
)
def test_the_client_address_is_that_of_the_outermost_trusted_proxy(rf, settings, proxies, forwarded, address):
    settings.TRUSTED_PROXY_COUNT = proxies
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}

    assert client_address(rf.get("/", REMOTE_ADDR="10.0.0.1", **headers)) == address


def test_guesses_beyond_the_limit_are_refused_for_this_client_only(rf):
    assert limited_guesses(rf, MAX_GUESSES, REMOTE_ADDR="203.0.113.1") == 0
    assert limited_guesses(rf, 5, REMOTE_ADDR="203.0.113.1") == 5
    assert limited_guesses(rf, 5, REMOTE_ADDR="203.0.113.2") == 0


def test_an_invented_forwarding_header_does_not_hide_a_guesser(rf, settings):
    settings.TRUSTED_PROXY_COUNT = 1

    refused = sum(
        is_guess_ratelimited(rf.get("/", HTTP_X_FORWARDED_FOR=f"198.51.100.{attempt}, 203.0.113.1"))
        for attempt in range(MAX_GUESSES + 10)
    )

    assert refused == 10


def test_the_addresses_of_one_ipv6_network_count_together(rf):
    refused = sum(
        is_guess_ratelimited(rf.get("/", REMOTE_ADDR=f"2001:db8:1:2::{attempt:x}"))
        for attempt in range(MAX_GUESSES + 10)
    )

    assert refused == 10
    assert limited_guesses(rf, 1, REMOTE_ADDR="2001:db8:1:3::1") == 0


@pytest.mark.parametrize(
    ("address", "same", "other"),
    [
        ("203.0.113.1", "203.0.113.1:4711", "203.0.113.2:4711"),
        ("203.0.113.1", "::ffff:203.0.113.1", "::ffff:203.0.113.2"),
        ("2001:db8:1:2::1", "[2001:db8:1:2::9]:4711", "[2001:db8:1:3::1]:4711"),
        ("2001:db8:1:2::1", "[2001:db8:1:2::1]", "[2001:db8:1:3::1]"),
    ],
)
def test_notations_of_one_address_count_as_one_client(rf, address, same, other):
    assert limited_guesses(rf, MAX_GUESSES, REMOTE_ADDR=address) == 0

    assert limited_guesses(rf, 1, REMOTE_ADDR=same) == 1
    assert limited_guesses(rf, 1, REMOTE_ADDR=other) == 0


@pytest.mark.parametrize("cache_name", ["default", "database"])
def test_few_guesses_in_each_window_never_exceed_the_limit(rf, settings, clock, cache_name):
    """The database cache extends the life of an entry each time it is incremented."""
    settings.CACHES = {**settings.CACHES, "default": settings.CACHES[cache_name]}
    for number in range(2 * MAX_GUESSES):
        clock.move_to(NOW + number * timedelta(seconds=WINDOW_SECONDS - 60))

        assert limited_guesses(rf, 1, REMOTE_ADDR="203.0.113.1") == 0


@pytest.mark.parametrize("address", ["", "unix:", "203.0.113.1:4711", "x" * 5000])
def test_an_unparsable_address_is_counted_too(rf, address):
    assert limited_guesses(rf, MAX_GUESSES + 3, REMOTE_ADDR=address) == 3


@pytest.mark.django_db(transaction=True)
def test_an_unavailable_cache_limits_nobody_and_raises_nothing(rf, settings):
    settings.CACHES = {**settings.CACHES, "default": {**settings.CACHES["database"], "LOCATION": "no_such_table"}}

    assert limited_guesses(rf, MAX_GUESSES + 3) == 0
