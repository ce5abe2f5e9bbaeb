import pytest
from django.test import Client

from registrations.models import User
from tests.factories import make_staff


@pytest.fixture
def staff(db: None) -> User:
    """A person of the secretariat who is no administrator."""
    return make_staff("secretariat@example.org", is_superuser=False)


@pytest.fixture
def secretariat(client: Client, staff: User) -> Client:
    """A browser in which `staff` is signed in."""
    client.force_login(staff)
    return client
