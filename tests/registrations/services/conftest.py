import pytest

from registrations.models import Delegation, ParticipantProfile, User
from tests.factories import make_country, make_delegation, make_focal_point, make_profiles, make_staff


@pytest.fixture
def delegation(db) -> Delegation:
    """The draft of a country, at a webinar that asks for two of each profile and is open for registration."""
    return make_delegation(body=make_country("HN"))


@pytest.fixture
def focal_point(delegation) -> User:
    return make_focal_point(delegation.body).user


@pytest.fixture
def staff(db) -> User:
    return make_staff()


@pytest.fixture
def profiles(db) -> dict[str, ParticipantProfile]:
    return make_profiles()
