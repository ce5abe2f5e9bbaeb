"""What participants do twice at the same moment, or while they are edited; on PostgreSQL with real locks."""

from functools import partial

import pytest

from registrations.exceptions import EditConflict
from registrations.messages import links
from registrations.models import Delegate, Delivery, DeliveryKind, HistoryEvent, LinkRequest
from registrations.services.answers import decline_sessions_ahead
from registrations.services.lost_links import ask_for_links
from registrations.services.nominations import edit_delegate
from registrations.services.preferences import choose_language_and_zone
from tests.factories import make_details, make_staff
from tests.races import ROUNDS, two_writers
from tests.registrations.services.deliveries import SOON, admitted, plan_and_send, released_delegation

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def ana() -> Delegate:
    ana = admitted(released_delegation(), email="ana@example.org")
    plan_and_send(SOON)
    return ana


def test_two_concurrent_declines_are_recorded_once(ana: Delegate) -> None:
    with two_writers() as race:
        for _round in range(ROUNDS // 4):
            HistoryEvent.objects.all().delete()
            ana.calendar_entries.update(ical_partstat="NEEDS-ACTION", answered_at=None)

            outcomes = race(
                partial(decline_sessions_ahead, ana, reason="", now=SOON),
                partial(decline_sessions_ahead, ana, reason="", now=SOON),
            )

            assert sorted(outcomes) == [False, True]
            assert HistoryEvent.objects.count() == 1


def test_an_older_form_never_overwrites_a_participants_preferences(ana: Delegate) -> None:
    staff = make_staff()

    with two_writers() as race:
        for number in range(ROUNDS // 4):
            ana.refresh_from_db()
            language = "en" if ana.language == "es" else "es"
            details = make_details(name=f"Ana {number}", email=ana.email, language=ana.language)

            chosen, edited = race(
                partial(choose_language_and_zone, ana, language=language, timezone="America/Panama", now=SOON),
                partial(edit_delegate, ana, details=details, version=ana.version, by=staff, now=SOON),
            )

            stored = Delegate.objects.get()
            assert chosen
            assert (stored.language, stored.timezone) == (language, "America/Panama")
            assert (edited is EditConflict) == (stored.name != f"Ana {number}")


def test_a_request_that_comes_while_the_planner_looks_is_answered_once(ana: Delegate) -> None:
    with two_writers() as race:
        for _round in range(ROUNDS // 4):
            Delivery.objects.filter(kind=DeliveryKind.LINKS).delete()
            ask_for_links("ana@example.org", now=SOON)

            race(partial(links.owed, now=SOON), partial(ask_for_links, "ana@example.org", now=SOON))
            links.owed(now=SOON)

            assert Delivery.objects.filter(kind=DeliveryKind.LINKS).count() == 1
            assert not LinkRequest.objects.exists()
