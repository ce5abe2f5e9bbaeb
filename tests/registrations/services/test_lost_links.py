"""Links that were asked for go to the address alone, if it takes part, and not too often."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import transaction

from registrations.messages import links
from registrations.models import (
    CalendarEntry,
    Delegate,
    Delegation,
    DelegationStatus,
    Delivery,
    DeliveryKind,
    DeliveryState,
    HistoryEvent,
    LinkRequest,
    RegistrationPolicy,
)
from registrations.services.delivering.plan import plan
from registrations.services.delivering.send import send_due
from registrations.services.lost_links import ask_for_links
from registrations.tokens import Scope, make_token
from sessions_app.models import ReleasedSession
from sessions_app.releases import release_webinar
from tests.calendar_client import parse
from tests.factories import FIRST_START, NOW, make_delegation, make_quotas, make_webinar
from tests.registrations.services.deliveries import SOON, admitted, plan_and_send, released_delegation, sent_by

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
END = FIRST_START + DAY + 2 * HOUR


@pytest.fixture
def ana() -> Delegate:
    """Invited to both sessions."""
    ana = admitted(released_delegation(), name="Ana Ejemplo", email="Ana@example.org", language="en")
    plan_and_send(NOW)
    return ana


def mails(address: str, now: object = SOON) -> list[EmailMessage]:
    """What leaves once somebody has asked for the links of `address`."""
    ask_for_links(address, now=now)
    return sent_by(now)


def both_texts(message: EmailMessage) -> list[str]:
    html = next(part for part in parse(message).walk() if part.get_content_type() == "text/html").get_content()
    return [message.body, html]


def test_the_link_goes_to_the_address_with_what_lies_ahead(ana: Delegate) -> None:
    (message,) = mails(" ana@EXAMPLE.org ")

    assert message.to == ["Ana Ejemplo <Ana@example.org>"]
    assert message.subject == "The link to your page"
    for text in both_texts(message):
        assert "Dear Ana Ejemplo," in text
        assert "Mass intra-regional flows" in text
        assert "Context and challenges 2: Tue 17 Nov, 09:00–11:00 (Tegucigalpa, UTC−06:00)" in text
        assert f"http://testserver/en/my/{make_token(ana, Scope.PAGE)}/" in text
        assert "If it was not you, there is nothing for you to do" in text


def test_it_is_in_the_language_and_the_hours_of_the_person(ana: Delegate) -> None:
    Delegate.objects.update(language="es", timezone="America/Panama")

    (message,) = mails("ana@example.org")

    for text in both_texts(message):
        assert "mar 17 nov, 10:00–12:00" in text
        assert "/es/my/" in text


def test_an_address_of_nobody_gets_nothing_and_leaves_no_trace(ana: Delegate) -> None:
    assert mails("nobody@example.org") == []
    assert not LinkRequest.objects.exists()
    assert not Delivery.objects.filter(kind=DeliveryKind.LINKS).exists()
    assert not HistoryEvent.objects.exists()


def test_a_request_ends_with_its_mail_and_no_history_has_it(ana: Delegate) -> None:
    mails("ana@example.org")

    assert not LinkRequest.objects.exists()
    assert not HistoryEvent.objects.exists()
    assert "@" not in Delivery.objects.get(kind=DeliveryKind.LINKS).key


def test_every_webinar_of_the_address_is_in_the_one_mail_and_nobody_else(ana: Delegate) -> None:
    second = make_webinar("second", title_en="Second webinar")
    make_quotas(second)
    release_webinar(second, by=None, now=NOW)
    other = make_delegation(second, ana.delegation.body, status=DelegationStatus.ACCEPTED)
    again = admitted(other, name="Ana E. Ejemplo", email="ana@example.org", language="en", registered_at=SOON)
    colleague = admitted(other, name="Luis Muestra", email="luis@example.org")
    plan_and_send(NOW)

    (message,) = mails("ana@example.org")

    assert message.to == ['"Ana E. Ejemplo" <ana@example.org>']
    for text in both_texts(message):
        assert make_token(ana, Scope.PAGE) in text
        assert make_token(again, Scope.PAGE) in text
        assert (make_token(colleague, Scope.PAGE) in text, "Luis" in text) == (False, False)


def withdrawn() -> None:
    Delegate.objects.update(status="withdrawn", withdrawn_at=NOW)


def not_admitted() -> None:
    Delegate.objects.update(admitted_at=None)


def not_attending() -> None:
    Delegation.objects.update(status=DelegationStatus.NOT_ATTENDING)


def not_released() -> None:
    Delivery.objects.all().delete()
    CalendarEntry.objects.all().delete()
    ReleasedSession.objects.all().delete()


def cancelled() -> None:
    ReleasedSession.objects.update(is_cancelled=True)


def purged_soon() -> None:
    RegistrationPolicy.objects.update(purge_on=NOW.date())


NOTHING_TO_SEND = [withdrawn, not_admitted, not_attending, not_released, cancelled, purged_soon]


@pytest.mark.parametrize("end", NOTHING_TO_SEND)
def test_a_person_without_a_session_ahead_gets_no_link(ana: Delegate, end: Callable[[], None]) -> None:
    end()
    ask_for_links("ana@example.org", now=SOON)
    plan(now=SOON)

    assert not Delivery.objects.filter(kind=DeliveryKind.LINKS).exists()
    assert not LinkRequest.objects.exists()


def test_during_the_last_session_the_link_is_still_sent_and_after_it_no_more(ana: Delegate) -> None:
    assert len(mails("ana@example.org", END - MINUTE)) == 1
    assert mails("ana@example.org", END + HOUR) == []


@pytest.mark.parametrize("end", [withdrawn, not_admitted, not_attending, cancelled, purged_soon])
def test_what_ends_between_plan_and_sending_sends_nothing(ana: Delegate, end: Callable[[], None]) -> None:
    ask_for_links("ana@example.org", now=SOON)
    plan(now=SOON)
    end()

    send_due(clock=lambda: SOON)

    assert Delivery.objects.get(kind=DeliveryKind.LINKS).state == DeliveryState.SUPERSEDED


def test_an_address_that_was_corrected_meanwhile_is_sent_no_link(ana: Delegate) -> None:
    ask_for_links("ana@example.org", now=SOON)
    plan(now=SOON)
    Delegate.objects.update(email="right@example.org")

    send_due(clock=lambda: SOON)

    assert Delivery.objects.get(kind=DeliveryKind.LINKS).state == DeliveryState.SUPERSEDED


def test_an_address_gets_one_mail_in_ten_minutes(ana: Delegate) -> None:
    counts = [len(mails("ana@example.org", SOON + minutes * MINUTE)) for minutes in (0, 1, 9, 10, 11, 20)]

    assert counts == [1, 0, 0, 1, 0, 1]


def test_an_address_gets_five_mails_a_day(ana: Delegate) -> None:
    counts = [len(mails("ana@example.org", SOON + number * HOUR)) for number in (0, 1, 2, 3, 4, 5, 23, 24)]

    assert counts == [1, 1, 1, 1, 1, 0, 0, 1]


def test_twenty_requests_before_a_plan_are_one_request(ana: Delegate) -> None:
    for _time in range(20):
        ask_for_links("ana@example.org", now=SOON)

    assert LinkRequest.objects.count() == 1
    assert len(sent_by(SOON)) == 1


def test_a_request_that_waited_for_more_than_a_day_ends_without_a_mail(ana: Delegate) -> None:
    ask_for_links("ana@example.org", now=SOON)

    assert sent_by(SOON + DAY) == []
    assert not LinkRequest.objects.exists()


def test_a_request_made_again_counts_from_when_it_was_made_last(ana: Delegate) -> None:
    ask_for_links("ana@example.org", now=SOON)
    ask_for_links("ana@example.org", now=SOON + DAY + HOUR)

    assert [message.subject for message in sent_by(SOON + DAY + HOUR + MINUTE)] == ["The link to your page"]


def test_planning_twice_owes_once(ana: Delegate) -> None:
    ask_for_links("ana@example.org", now=SOON)

    plan(now=SOON)
    plan(now=SOON)

    assert Delivery.objects.filter(kind=DeliveryKind.LINKS).count() == 1
    assert mail.outbox[-1].subject.startswith("Invitation")


@pytest.mark.parametrize("count", [1, 20])
def test_the_planner_asks_five_questions_for_one_as_for_many(
    ana: Delegate, count: int, django_assert_num_queries
) -> None:
    for number in range(count):
        admitted(ana.delegation, email=f"person{number}@example.org")
        ask_for_links(f"person{number}@example.org", now=SOON)
        ask_for_links(f"nobody{number}@example.org", now=SOON)

    with transaction.atomic(), django_assert_num_queries(5):
        assert links.owed(now=SOON) == count
    with django_assert_num_queries(1):
        links.owed(now=SOON)
