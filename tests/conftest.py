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
from pytest_django import Settings
from pytest_django.plugin import DjangoDbBlocker

from rcm_webinar import background_mail
from rcm_webinar.schema import migrations_of_code
from registrations.models import User
from registrations.permissions import record_second_factor_set_up
from tests.factories import make_staff

# Most objects of a test run live until its end: garbage collection at the usual rate takes a tenth of the time.
gc.set_threshold(50_000, 20, 20)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Ask the database once whether it knows JSON: Django does so at the first such query, which a test would count."""
    with django_db_blocker.unblock():
        assert connection.features.supports_json_field


@pytest.fixture
def now() -> datetime:
    """A time three weeks before the webinar of the factories."""
    return datetime(2026, 10, 26, 15, 0, tzinfo=UTC)


@pytest.fixture
def staff(db: None) -> User:
    """An account of the secretariat that is not an administrator."""
    return make_staff("secretariat@example.org", is_superuser=False)


@pytest.fixture
def secretariat(client: Client, staff: User) -> Client:
    """A client that is signed in as `staff`."""
    client.force_login(staff)
    return client


@pytest.fixture(autouse=True, scope="session")
def let_force_login_pass_second_factor() -> Iterator[None]:
    """Let `force_login` pass the second factor if the account has one; a sign-in through the pages is not changed."""

    def note(request: HttpRequest, user: User, **kwargs: object) -> None:
        # Only the artificial request of `force_login` has no path.
        if not request.path and Authenticator.objects.filter(user=user).exists():
            record_second_factor_set_up(request, user)

    user_logged_in.connect(note)
    yield
    user_logged_in.disconnect(note)


@pytest.fixture(autouse=True, scope="session")
def use_fast_password_hasher() -> Iterator[None]:
    """Use a fast hasher: the one of the settings takes a fifth of a second for each sign-in on purpose."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(autouse=True)
def wait_for_sign_in_mail() -> Iterator[None]:
    """Wait after each request for the threads that send mail of the sign-in; tests then read the outbox."""

    def wait(**kwargs: object) -> None:
        background_mail.wait_until_sent()

    request_finished.connect(wait)
    yield
    request_finished.disconnect(wait)


@pytest.fixture(autouse=True)
def activate_english() -> None:
    """Activate English, whatever language the last request of the previous test activated."""
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture(autouse=True)
def clear_cache() -> None:
    """Empty the cache in Redis, which no transaction rolls back."""
    if settings.CACHE_URL != "database":
        cache.clear()


@pytest.fixture
def migrations(settings: Settings) -> Iterator[None]:
    """Let Django find the migrations, which pytest's `--no-migrations` hides."""
    settings.MIGRATION_MODULES = {}
    migrations_of_code.cache_clear()
    yield
    migrations_of_code.cache_clear()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests that need row locks on a database without them, and say how to run them."""
    if connection.vendor == "postgresql":
        return
    skip = pytest.mark.skip(reason="needs PostgreSQL: set DATABASE_URL=postgres://…")
    for item in items:
        if item.get_closest_marker("postgresql"):
            item.add_marker(skip)
