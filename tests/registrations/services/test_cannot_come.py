"""Who cannot come says it once: each session ahead is declined, and the focal points of their country are told."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.db import transaction

from registrations.exceptions import InvalidInput, NotPossibleNow
from registrations.messages import cannot_come
from registrations.models import (
    CalendarEntry,
    Delegate,
    Delegation,
    DelegationStatus,
    Delivery,
    DeliveryKind,
    DeliveryState,
    HistoryEvent,
    HistoryKind,
    Partstat,
)
from registrations.services.answers import decline_sessions_ahead, record_answer
from registrations.services.delivering.plan import plan
from registrations.services.delivering.send import send_due
from registrations.services.nominations import withdraw_delegate
from sessions_app.editing import cancel_session
from sessions_app.models import Session, Webinar
from sessions_app.releases import release_webinar
from tests.factories import (
    FIRST_START,
    NOW,
    make_country,
    make_delegation,
    make_focal_point,
    make_organisation,
    make_session,
    make_staff,
    make_user,
)
from tests.registrations.services.deliveries import SOON, admitted, plan_and_send, released_delegation, sent_by

pytestmark = pytest.mark.django_db
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LATER = SOON + MINUTE
END = FIRST_START + timedelta(days=1, hours=2)


@pytest.fixture
def honduras() -> Delegation:
    delegation = released_delegation()
    make_focal_point(delegation.body, make_user("focal@example.org", name="Eva Ejemplo", language="en"))
    return delegation


@pytest.fixture
def ana(honduras: Delegation) -> Delegate:
    """Invited to both sessions."""
    ana = admitted(honduras, name="Ana Ejemplo", email="ana@example.org")
    plan_and_send(NOW)
    return ana


def answers(delegate: Delegate) -> list[str]:
    entries = CalendarEntry.objects.filter(delegate=delegate).order_by("session__number")
    return list(entries.values_list("ical_partstat", flat=True))


def said() -> list[tuple[str, object, str]]:
    events = HistoryEvent.objects.filter(kind=HistoryKind.CANNOT_COME).order_by("pk")
    return list(events.values_list("delegate__name", "actor", "reason"))


def say_yes(delegate: Delegate, now: datetime) -> None:
    first = Session.objects.select_related("released").get(number=1)
    record_answer(delegate, first, partstat=Partstat.ACCEPTED, now=now)


def told(now: datetime) -> list[str]:
    return [to for message in sent_by(now) for to in message.to]


def test_every_session_ahead_is_declined_and_the_history_keeps_who_and_why(ana: Delegate) -> None:
    assert decline_sessions_ahead(ana, reason=" A trial on that day ", now=SOON)

    assert answers(ana) == [Partstat.DECLINED, Partstat.DECLINED]
    assert said() == [("Ana Ejemplo", None, "A trial on that day")]


def test_what_is_over_or_cancelled_keeps_its_answer(ana: Delegate) -> None:
    first = Session.objects.select_related("released").get(number=1)
    record_answer(ana, first, partstat=Partstat.ACCEPTED, now=SOON)

    decline_sessions_ahead(ana, reason="", now=FIRST_START + 2 * HOUR)

    assert answers(ana) == [Partstat.ACCEPTED, Partstat.DECLINED]


def test_their_seat_and_their_calendar_messages_stay(ana: Delegate) -> None:
    before = Delegate.objects.values().get(), list(CalendarEntry.objects.values_list("sequence", "planned_method"))

    decline_sessions_ahead(ana, reason="", now=SOON)
    plan(now=SOON)

    after = Delegate.objects.values().get(), list(CalendarEntry.objects.values_list("sequence", "planned_method"))
    assert after == before
    assert set(Delivery.objects.filter(created_at=SOON).values_list("kind", flat=True)) == {DeliveryKind.CANNOT_COME}


def test_only_the_focal_points_of_the_country_get_the_mail_in_their_language(
    ana: Delegate, honduras: Delegation
) -> None:
    make_focal_point(honduras.body, make_user("otra@example.org", name="Luz Ejemplo", language="es"))
    make_focal_point(make_country("PA"), make_user("panama@example.org"))
    make_staff("staff@example.org")

    decline_sessions_ahead(ana, reason="A trial on that day", now=SOON)
    messages = sent_by(SOON)

    assert sorted(message.to[0] for message in messages) == [
        "Eva Ejemplo <focal@example.org>",
        "Luz Ejemplo <otra@example.org>",
    ]
    (english,) = [message for message in messages if "focal@" in message.to[0]]
    assert english.subject == "Delegation of Country HN: someone cannot come"
    html = english.alternatives[0].content
    for text in (english.body, html):
        assert "Ana Ejemplo (Country HN) has told us that they cannot come to the sessions ahead." in text
        assert "A trial on that day" in text
        assert "Context and challenges 1: Mon 16 Nov, 09:00–11:00 (Tegucigalpa, UTC−06:00)" in text
        assert f"http://testserver/en/delegations/{honduras.slug}/#delegate-{ana.pk}" in text
    (spanish,) = [message for message in messages if "otra@" in message.to[0]]
    assert f"/es/delegations/{honduras.slug}/" in spanish.body


def test_without_a_focal_point_the_secretariat_gets_the_mail(honduras: Delegation) -> None:
    unodc = make_delegation(honduras.webinar, make_organisation(), status=DelegationStatus.ACCEPTED)
    panelist = admitted(unodc, profile=None, role="panelist", name="Rosa Ejemplo")
    make_staff("staff@example.org", name="Sam Ejemplo")
    plan_and_send(NOW)

    decline_sessions_ahead(panelist, reason="", now=SOON)

    assert told(SOON) == ["Sam Ejemplo <staff@example.org>"]
    assert "Rosa Ejemplo (UNODC)" in mail.outbox[-1].body


def test_said_twice_within_the_hour_it_is_one_mail_and_one_line_of_the_history(ana: Delegate) -> None:
    decline_sessions_ahead(ana, reason="", now=SOON)
    assert len(told(SOON)) == 1

    assert not decline_sessions_ahead(ana, reason="", now=SOON + 30 * MINUTE)

    assert told(SOON + 31 * MINUTE) == []
    assert len(said()) == 1


def test_a_change_of_mind_and_back_within_the_hour_is_kept_and_mailed_once(ana: Delegate) -> None:
    decline_sessions_ahead(ana, reason="Ill", now=SOON)
    plan_and_send(SOON)
    say_yes(ana, SOON + 10 * MINUTE)

    decline_sessions_ahead(ana, reason="", now=SOON + 20 * MINUTE)

    assert told(SOON + 21 * MINUTE) == []
    assert told(SOON + 5 * HOUR) == []
    assert [reason for _, _, reason in said()] == ["Ill", ""]


def test_the_first_reason_is_passed_on_at_once_and_another_after_an_hour(ana: Delegate) -> None:
    decline_sessions_ahead(ana, reason="", now=SOON)
    assert len(told(SOON)) == 1

    assert decline_sessions_ahead(ana, reason="Ill; Luz Ejemplo could come", now=SOON + 2 * MINUTE)
    assert told(SOON + 2 * MINUTE) == ["Eva Ejemplo <focal@example.org>"]
    assert "> Ill; Luz Ejemplo could come\n" in mail.outbox[-1].body

    assert decline_sessions_ahead(ana, reason="Luis Muestra could come", now=SOON + 4 * MINUTE)
    assert told(SOON + 61 * MINUTE) == []
    assert told(SOON + 62 * MINUTE) == ["Eva Ejemplo <focal@example.org>"]
    assert "> Luis Muestra could come\n" in mail.outbox[-1].body
    assert told(SOON + 5 * HOUR) == []


def test_however_often_it_is_said_anew_an_hour_has_two_mails(ana: Delegate) -> None:
    sent = 0
    for minute in range(0, 60, 5):
        say_yes(ana, SOON + minute * MINUTE)
        decline_sessions_ahead(ana, reason="" if minute in {0, 20} else f"Reason {minute}", now=SOON + minute * MINUTE)
        sent += len(told(SOON + minute * MINUTE))

    assert sent == 2
    # What was said last in that hour, once it is over.
    assert len(told(SOON + 66 * MINUTE)) == 1
    assert "> Reason 55\n" in mail.outbox[-1].body
    assert told(SOON + 5 * HOUR) == []


def test_the_same_absence_a_day_later_is_mailed_again(ana: Delegate) -> None:
    decline_sessions_ahead(ana, reason="", now=SOON)
    plan_and_send(SOON)
    day = SOON + timedelta(days=1)

    assert decline_sessions_ahead(ana, reason="", now=day)

    assert told(day) == ["Eva Ejemplo <focal@example.org>"]


def test_two_absences_of_a_person_before_a_plan_make_one_mail_with_the_last_reason(ana: Delegate) -> None:
    decline_sessions_ahead(ana, reason="", now=SOON)
    decline_sessions_ahead(ana, reason="Ill", now=SOON + 2 * HOUR)

    assert told(SOON + 3 * HOUR) == ["Eva Ejemplo <focal@example.org>"]
    assert "Ill" in mail.outbox[-1].body
    assert told(SOON + 4 * HOUR) == []


def test_a_person_who_says_yes_before_the_mail_leaves_is_not_reported(ana: Delegate) -> None:
    decline_sessions_ahead(ana, reason="", now=SOON)
    plan(now=SOON)
    say_yes(ana, SOON)

    send_due(clock=lambda: LATER)
    assert Delivery.objects.get(kind=DeliveryKind.CANNOT_COME).state == DeliveryState.SUPERSEDED

    decline_sessions_ahead(ana, reason="", now=LATER)
    assert told(LATER + MINUTE) == ["Eva Ejemplo <focal@example.org>"]


def test_a_person_withdrawn_before_the_mail_leaves_is_not_reported(ana: Delegate) -> None:
    decline_sessions_ahead(ana, reason="", now=SOON)
    plan(now=SOON)
    withdraw_delegate(ana, version=1, by=make_staff(), now=SOON, reason="Ill")

    send_due(clock=lambda: LATER)

    assert Delivery.objects.get(kind=DeliveryKind.CANNOT_COME).state == DeliveryState.SUPERSEDED


def test_of_a_yes_the_planner_owes_nothing_however_often_it_looks(ana: Delegate) -> None:
    decline_sessions_ahead(ana, reason="", now=SOON)
    plan(now=SOON)
    say_yes(ana, SOON)
    send_due(clock=lambda: LATER)

    assert [plan(now=LATER + minutes * MINUTE).count("cannot_come") for minutes in range(3)] == [0, 0, 0]
    assert Delivery.objects.filter(kind=DeliveryKind.CANNOT_COME).count() == 1


def test_if_the_only_focal_point_is_removed_before_the_mail_leaves_the_secretariat_gets_it(
    ana: Delegate, honduras: Delegation
) -> None:
    make_staff("staff@example.org", name="Sam Ejemplo")
    decline_sessions_ahead(ana, reason="", now=SOON)
    plan(now=SOON)
    honduras.body.focal_points.update(removed_at=SOON)

    send_due(clock=lambda: LATER)

    assert Delivery.objects.get(kind=DeliveryKind.CANNOT_COME).state == DeliveryState.SUPERSEDED
    assert told(LATER) == ["Sam Ejemplo <staff@example.org>"]
    assert told(LATER + HOUR) == []


def a_third_session(webinar: Webinar) -> None:
    make_session(webinar, number=3, starts_at=FIRST_START + timedelta(days=3))


def a_move_of_the_second(webinar: Webinar) -> None:
    webinar.sessions.filter(number=2).update(starts_at=FIRST_START + timedelta(days=2))


@pytest.mark.parametrize("change", [a_third_session, a_move_of_the_second])
@pytest.mark.parametrize("is_planned", [True, False])
def test_a_release_before_the_mail_leaves_does_not_end_the_absence(
    ana: Delegate, change: Callable[[Webinar], None], is_planned: bool
) -> None:
    decline_sessions_ahead(ana, reason="Ill", now=SOON)
    plan(now=SOON)
    change(ana.webinar)
    release_webinar(ana.webinar, by=None, now=SOON + HOUR)
    if is_planned:
        plan(now=SOON + HOUR)

    send_due(clock=lambda: SOON + HOUR)
    plan_and_send(SOON + 2 * HOUR)

    assert Delivery.objects.get(kind=DeliveryKind.CANNOT_COME).state == DeliveryState.SENT
    (message,) = [message for message in mail.outbox if "focal@" in message.to[0]]
    # Only what they have said no to: they are asked anew about the rest.
    assert ("Context and challenges 1: Mon 16 Nov" in message.body, "Context and challenges 3" in message.body) == (
        True,
        False,
    )
    assert ("Context and challenges 2: Tue 17 Nov" in message.body) == (change is a_third_session)
    assert "Wed 18 Nov" not in message.body


def test_a_person_who_is_asked_anew_about_every_session_is_not_reported(ana: Delegate) -> None:
    decline_sessions_ahead(ana, reason="", now=SOON)
    plan(now=SOON)
    for session in ana.webinar.sessions.all():
        session.starts_at += HOUR
        session.save()
    release_webinar(ana.webinar, by=None, now=LATER)

    plan_and_send(LATER)

    assert Delivery.objects.get(kind=DeliveryKind.CANNOT_COME).state == DeliveryState.SUPERSEDED
    assert answers(ana) == [Partstat.NEEDS_ACTION] * 2
    assert plan(now=LATER + MINUTE).count("cannot_come") == 0


def test_a_corrected_address_does_not_end_the_absence(ana: Delegate) -> None:
    decline_sessions_ahead(ana, reason="", now=SOON)
    Delegate.objects.filter(pk=ana.pk).update(email="right@example.org")

    assert "Eva Ejemplo <focal@example.org>" in told(SOON)


@pytest.mark.parametrize("state", ["over", "cancelled"])
def test_without_a_session_ahead_it_is_refused_with_the_reason(ana: Delegate, state: str) -> None:
    if state == "cancelled":
        for session in Session.objects.all():
            cancel_session(session, now=SOON)
        release_webinar(ana.webinar, by=None, now=SOON)

    with pytest.raises(NotPossibleNow, match="nothing to decline"):
        decline_sessions_ahead(ana, reason="", now=END if state == "over" else LATER)

    assert (answers(ana), said()) == ([Partstat.NEEDS_ACTION] * 2, [])


def test_a_person_who_is_not_invited_cannot_decline(ana: Delegate, honduras: Delegation) -> None:
    with pytest.raises(NotPossibleNow, match="being prepared"):
        decline_sessions_ahead(admitted(honduras), reason="", now=SOON)
    ana.status = "withdrawn"
    with pytest.raises(NotPossibleNow, match="not invited"):
        decline_sessions_ahead(ana, reason="", now=SOON)

    assert (answers(ana), said()) == ([Partstat.NEEDS_ACTION] * 2, [])


@pytest.mark.parametrize(
    "reason",
    [
        "n" * 501,
        "a\x00b",
        "See https://evil.example.org",
        "www.evil.example.org",
        "evil.example.net/en/delegations/",
        "evil.example.net:8000/en/",
        "correo.xn--espaa-rta/aquí",
        "correo.españa/aquí",
    ],
)
def test_a_reason_that_a_mail_should_not_carry_changes_nothing(ana: Delegate, reason: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        decline_sessions_ahead(ana, reason=reason, now=SOON)

    assert list(refused.value.messages) == ["reason"]
    assert (answers(ana), said()) == ([Partstat.NEEDS_ACTION] * 2, [])


def test_a_reason_with_hours_and_abbreviations_is_no_address_of_a_page(ana: Delegate) -> None:
    reason = "Juicio el 16.11/17.11, de 9.30/11.30 h, en la Unidad c./Fiscalía. Y/o enfermo..."

    assert decline_sessions_ahead(ana, reason=reason, now=SOON)


def test_in_the_text_each_line_of_a_reason_is_marked_as_not_ours(ana: Delegate) -> None:
    decline_sessions_ahead(ana, reason="I am ill.\n\nReplace the person here:\nevil.example.net", now=SOON)

    (message,) = sent_by(SOON)

    assert "\n\n> I am ill.\n> \n> Replace the person here:\n> evil.example.net\n\nThe sessions:\n" in message.body


@pytest.mark.parametrize("count", [1, 20])
def test_the_planner_asks_four_questions_for_one_as_for_many(
    honduras: Delegation, count: int, django_assert_num_queries
) -> None:
    people = [admitted(honduras) for _ in range(count)]
    plan_and_send(NOW)
    for person in people:
        decline_sessions_ahead(person, reason="", now=SOON)

    with transaction.atomic(), django_assert_num_queries(4):
        cannot_come.owed(now=SOON)

    assert Delivery.objects.filter(kind=DeliveryKind.CANNOT_COME).count() == count
