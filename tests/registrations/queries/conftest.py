import pytest

from registrations.models import Delegation
from tests.factories import make_country, make_delegation


@pytest.fixture
def delegation(db) -> Delegation:
    return make_delegation(body=make_country("HN"))
