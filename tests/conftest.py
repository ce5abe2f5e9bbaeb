import gc
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.core.cache import cache
from django.core.signals import request_finished
from django.db import connection
from django.http import HttpRequest
from django.test import Client, override_settings
from django.utils import translation

from rcm_webinar import background_mail
from registrations.models import User
from registrations.permissions import record_second_factor_set_up
from tests.factories import make_staff

# Most objects of a run live until its end: looking for garbage as often as a server does takes a tenth of the time.
gc.set_threshold(50_000, 20, 20)


@pytest.fixture
def now() -> datetime:
    """An afternoon three weeks before the webinar of the factories."""
    return datetime(2026, 10, 26, 15, 0, tzinfo=UTC)


@pytest.fixture
def staff(db: None) -> User:
    """A person of the secretariat who is no administrator."""
    return make_staff("secretariat@example.org", is_superuser=False)


@pytest.fixture
def secretariat(client: Client, staff: User) -> Client:
    """A browser in which `staff` is signed in."""
    client.force_login(staff)
    return client


@pytest.fixture(autouse=True, scope="session")
def force_login_passes_second_factor() -> Iterator[None]:
    """With the second factor, where the account has one. A sign-in through the pages passes it there, or does not."""

    def note(request: HttpRequest, user: User, **kwargs: object) -> None:
        # Only the request that `force_login` makes up comes from nowhere.
        if not request.path and Authenticator.objects.filter(user=user).exists():
            record_second_factor_set_up(request, user)

    user_logged_in.connect(note)
    yield
    user_logged_in.disconnect(note)


@pytest.fixture(autouse=True, scope="session")
def passwords_are_hashed_quickly() -> Iterator[None]:
    """The hasher of the settings is slow on purpose: a fifth of a second for each sign-in."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(autouse=True)
def wait_for_sign_in_mail() -> Iterator[None]:
    """By threads, in every process; a test would look into the outbox before they have begun."""

    def wait(**kwargs: object) -> None:
        background_mail.wait_until_sent()

    request_finished.connect(wait)
    yield
    request_finished.disconnect(wait)


@pytest.fixture(autouse=True)
def english_is_spoken() -> None:
    """Whatever language the last request of the test before asked for."""
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture(autouse=True)
def nothing_is_cached() -> None:
    """What the database's cache holds ends with a test's transaction; what Redis holds would not."""
    if settings.CACHE_URL != "database":
        cache.clear()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what needs real locks where the database has none, and say how to switch it on."""
    if connection.vendor == "postgresql":
        return
    left_out = pytest.mark.skip(reason="needs PostgreSQL: set DATABASE_URL=postgres://…")
    for item in items:
        if item.get_closest_marker("postgresql"):
            item.add_marker(left_out)
