"""The same message has the same Message-ID, also after a restore; another one has another, and nobody can guess one."""

from datetime import timedelta

import pytest
from django.core import mail
from pytest_django import DjangoAssertNumQueries

from registrations.messages import message_module
from registrations.messages.composing.message_ids import message_id
from registrations.models import CalendarEntry, Delegate, Delivery, DeliveryState
from registrations.services.deliveries import RESEND_PAUSE, resend_deliveries
from registrations.services.delivering.plan import plan
from registrations.services.delivering.send import send_due
from tests.calendar_client import parse
from tests.factories import make_staff
from tests.registrations.services.deliveries import (
    SOON,
    admitted,
    move_session,
    plan_and_send,
    released_delegation,
    sent_by,
)
from tests.registrations.services.mail_server import refuse

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def ids(messages: list[mail.EmailMessage]) -> list[str]:
    return sorted(message.extra_headers["Message-ID"] for message in messages)


def a_delivery(**fields: object) -> Delivery:
    """One that is not stored."""
    return Delivery(**{"key": "cal:1:ana@example.org:0", "ical_method": "REQUEST", **fields})


def id_of(subject: str = "Invitation", text: str = "You are invited.", **fields: object) -> str:
    return message_id(a_delivery(**fields), subject=subject, text=text)


def test_it_depends_on_the_key_the_method_the_content_and_how_often_it_was_sent_again() -> None:
    others = {
        id_of(key="cal:1:ana@example.org:1"),
        id_of(ical_method="CANCEL"),
        id_of(subject="Another"),
        id_of(text="You are not invited."),
        id_of(resend_count=1),
    }

    assert id_of() == id_of()
    assert len(others | {id_of()}) == 6


def test_nobody_can_compute_it_without_the_key(settings) -> None:
    before = id_of()

    settings.MESSAGE_ID_KEY = "another-key"

    assert id_of() != before
    assert "ana" not in before


def test_a_rotation_of_the_key_of_the_links_leaves_it_as_it_is(settings) -> None:
    admitted(released_delegation())
    plan(now=SOON)
    delivery = Delivery.objects.first()
    assert delivery is not None
    before = message_module(delivery.kind).build(delivery)

    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "a-new-secret"
    after = message_module(delivery.kind).build(Delivery.objects.get(pk=delivery.pk))

    assert before.body != after.body
    assert ids([before]) == ids([after])


def test_the_same_message_sent_after_a_restore_from_before_it_was_sent_has_the_same_one() -> None:
    admitted(released_delegation())
    plan(now=SOON)
    backup = list(Delivery.objects.values())
    first = sent_by(SOON)

    # What a restore brings back: the rows as they were.
    for row in backup:
        Delivery.objects.filter(pk=row["id"]).update(**row)
    again = sent_by(SOON + HOUR)

    assert len(again) == 2
    assert ids(again) == ids(first)
    assert set(Delivery.objects.values_list("message_id", flat=True)) == set(ids(first))


def test_the_same_message_planned_anew_after_a_restore_has_the_same_one() -> None:
    admitted(released_delegation())
    first = sent_by(SOON)

    # The backup is older than the plan.
    Delivery.objects.all().delete()
    CalendarEntry.objects.all().delete()
    again = sent_by(SOON + HOUR)

    assert len(again) == 2
    assert ids(again) == ids(first)


def test_it_is_stored_with_what_was_sent_and_found_by_an_index() -> None:
    admitted(released_delegation())

    messages = sent_by(SOON)

    assert sorted(Delivery.objects.values_list("message_id", flat=True)) == ids(messages)
    assert ["message_id"] in [index.fields for index in Delivery._meta.indexes]


def test_a_message_that_is_tried_again_keeps_it_whatever_has_changed_in_its_text(server) -> None:
    ana = admitted(released_delegation(), language="en")
    server.answer = refuse(450)
    plan_and_send()
    before = sorted(Delivery.objects.values_list("message_id", flat=True))

    server.answer = None
    Delegate.objects.filter(pk=ana.pk).update(language="es")
    messages = sent_by(SOON + HOUR)

    assert "Se le invita" in messages[0].body
    assert ids(messages) == before


def test_sending_again_on_purpose_makes_a_new_one_for_each_time() -> None:
    admitted(released_delegation())
    staff = make_staff()
    seen = ids(sent_by(SOON))

    for number in (1, 2):
        at = SOON + number * RESEND_PAUSE
        resend_deliveries(Delivery.objects.values_list("pk", flat=True), by=staff, now=at)
        seen += ids(sent_by(at))

    assert len(set(seen)) == 6
    assert set(Delivery.objects.values_list("resend_count", flat=True)) == {2}


def test_later_messages_of_an_entry_refer_to_the_first_that_its_mailbox_got(server) -> None:
    ana = admitted(released_delegation())
    server.answer = refuse(550)
    plan_and_send()
    server.answer = None
    for number in (1, 2, 3):
        move_session(ana.webinar, 1, hours=1, now=SOON + number * HOUR)
        plan_and_send(SOON + number * HOUR)

    first, second, third = (parse(message) for message in mail.outbox)

    assert (first["In-Reply-To"], first["References"]) == (None, None)
    assert [(one["In-Reply-To"], one["References"]) for one in (second, third)] == [
        (first["Message-ID"], first["Message-ID"])
    ] * 2
    assert len({one["Message-ID"] for one in (first, second, third)}) == 3


def test_what_it_refers_to_costs_no_query_for_each_message(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    ana = admitted(released_delegation())
    plan_and_send()
    move_session(ana.webinar, 1, hours=1)
    plan(now=SOON)
    (update,) = message_module("update").with_related(Delivery.objects.filter(state=DeliveryState.DUE))

    with django_assert_max_num_queries(0):
        message = message_module("update").build(update)

    assert message.extra_headers["References"]


def test_a_message_that_could_not_be_built_has_none() -> None:
    ana = admitted(released_delegation())
    plan(now=SOON)
    Delegate.objects.filter(pk=ana.pk).update(email="ana@" + "x" * 80 + ".example.org")
    Delivery.objects.update(email="ana@" + "x" * 80 + ".example.org")

    send_due(clock=lambda: SOON)

    assert set(Delivery.objects.values_list("state", "message_id")) == {(DeliveryState.FAILED, "")}
