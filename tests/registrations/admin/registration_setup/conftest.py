import pytest
from time_machine import TimeMachineFixture

from registrations.models import Delegation
from sessions_app.models import Webinar
from tests.factories import NOW, make_country, make_delegation, make_quotas, make_webinar


@pytest.fixture(autouse=True)
def while_registration_is_open(time_machine: TimeMachineFixture) -> None:
    time_machine.move_to(NOW)


@pytest.fixture
def webinar(db: None) -> Webinar:
    """A webinar that asks for two of each profile, with Honduras and Panama."""
    webinar = make_webinar()
    make_quotas(webinar)
    for code, name in (("HN", "Honduras"), ("PA", "Panama")):
        make_delegation(webinar, make_country(code, name_en=name, name_es=name))
    return webinar


@pytest.fixture
def honduras(webinar: Webinar) -> Delegation:
    return webinar.delegations.select_related("body", "webinar").get(body__iso_code="HN")
