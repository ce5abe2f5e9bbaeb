from datetime import timedelta

import pytest

from registrations.views.rate_limits import GUESSES_ALLOWED, WINDOW_SECONDS, client_address, is_guess_ratelimited
from tests.factories import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def guesses_refused(rf, attempts, **headers):
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
def test_the_client_is_whom_the_outermost_trusted_proxy_saw(rf, settings, proxies, forwarded, address):
    settings.TRUSTED_PROXY_COUNT = proxies
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}

    assert client_address(rf.get("/", REMOTE_ADDR="10.0.0.1", **headers)) == address


def test_guesses_beyond_the_limit_are_refused_for_this_client_alone(rf):
    assert guesses_refused(rf, GUESSES_ALLOWED, REMOTE_ADDR="203.0.113.1") == 0
    assert guesses_refused(rf, 5, REMOTE_ADDR="203.0.113.1") == 5
    assert guesses_refused(rf, 5, REMOTE_ADDR="203.0.113.2") == 0


def test_an_invented_forwarding_header_does_not_hide_a_guesser(rf, settings):
    settings.TRUSTED_PROXY_COUNT = 1

    refused = sum(
        is_guess_ratelimited(rf.get("/", HTTP_X_FORWARDED_FOR=f"198.51.100.{attempt}, 203.0.113.1"))
        for attempt in range(GUESSES_ALLOWED + 10)
    )

    assert refused == 10


def test_the_addresses_of_one_ipv6_network_count_together(rf):
    refused = sum(
        is_guess_ratelimited(rf.get("/", REMOTE_ADDR=f"2001:db8:1:2::{attempt:x}"))
        for attempt in range(GUESSES_ALLOWED + 10)
    )

    assert refused == 10
    assert guesses_refused(rf, 1, REMOTE_ADDR="2001:db8:1:3::1") == 0


@pytest.mark.parametrize(
    ("address", "same", "other"),
    [
        ("203.0.113.1", "203.0.113.1:4711", "203.0.113.2:4711"),
        ("203.0.113.1", "::ffff:203.0.113.1", "::ffff:203.0.113.2"),
        ("2001:db8:1:2::1", "[2001:db8:1:2::9]:4711", "[2001:db8:1:3::1]:4711"),
        ("2001:db8:1:2::1", "[2001:db8:1:2::1]", "[2001:db8:1:3::1]"),
    ],
)
def test_a_client_is_the_same_however_a_proxy_writes_its_address(rf, address, same, other):
    assert guesses_refused(rf, GUESSES_ALLOWED, REMOTE_ADDR=address) == 0

    assert guesses_refused(rf, 1, REMOTE_ADDR=same) == 1
    assert guesses_refused(rf, 1, REMOTE_ADDR=other) == 0


@pytest.mark.parametrize("cache_name", ["default", "database"])
def test_few_guesses_again_and_again_are_never_too_many(rf, settings, clock, cache_name):
    """The database's cache makes an entry live longer each time that it is counted on."""
    settings.CACHES = {**settings.CACHES, "default": settings.CACHES[cache_name]}
    for number in range(2 * GUESSES_ALLOWED):
        clock.move_to(NOW + number * timedelta(seconds=WINDOW_SECONDS - 60))

        assert guesses_refused(rf, 1, REMOTE_ADDR="203.0.113.1") == 0


@pytest.mark.parametrize("address", ["", "unix:", "203.0.113.1:4711", "x" * 5000])
def test_an_address_of_no_known_form_is_counted_too(rf, address):
    assert guesses_refused(rf, GUESSES_ALLOWED + 3, REMOTE_ADDR=address) == 3


@pytest.mark.django_db(transaction=True)
def test_a_cache_that_is_away_limits_nobody_and_raises_nothing(rf, settings):
    settings.CACHES = {**settings.CACHES, "default": {**settings.CACHES["database"], "LOCATION": "no_such_table"}}

    assert guesses_refused(rf, GUESSES_ALLOWED + 3) == 0
