"""What becomes of messages where the mail server, or one message, is at fault."""

import base64
import smtplib
from datetime import datetime, timedelta

import pytest
from django.core import mail

from registrations.models import Delegate, Delegation, Delivery, DeliveryState
from registrations.services.delivering.plan import plan
from registrations.services.delivering.send import send_due
from registrations.services.nominations import withdraw_delegate
from registrations.services.nominations.undoing import restore_delegate
from tests.factories import make_staff
from tests.logged import warnings_in
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


def test_a_temporary_refusal_backs_off_and_tries_again(server) -> None:
    admitted(released_delegation())
    server.answer = refuse(421)

    assert plan_and_send().postponed == 2
    assert send_due(clock=lambda: SOON + timedelta(seconds=29)).postponed == 0
    server.answer = None

    assert send_due(clock=lambda: SOON + timedelta(seconds=30)).sent == 2


def test_a_permanent_refusal_fails_that_message_alone_in_plain_words(server) -> None:
    delegation = released_delegation()
    ana, luis = admitted(delegation), admitted(delegation)

    def answer(message: mail.EmailMessage) -> None:
        if ana.email in message.to[0]:
            refuse(550)(message)

    server.answer = answer
    report = plan_and_send()

    assert (report.sent, report.failed) == (2, 2)
    failed = Delivery.objects.filter(state=DeliveryState.FAILED)
    assert set(failed.values_list("email", "last_error")) == {(ana.email, "The mail server refused the address.")}
    arrived = Delivery.objects.filter(may_have_arrived=True)
    assert set(arrived.values_list("entry__address", flat=True)) == {luis.email}


def test_a_message_that_fails_is_logged_with_its_reason_and_without_its_recipient(
    server, caplog: pytest.LogCaptureFixture
) -> None:
    ana = admitted(released_delegation())
    # As servers do, which quote whom they do not know.
    server.answer = refuse(550, f"<{ana.email}>: {ana.name} is no longer here")

    plan_and_send()

    assert warnings_in(caplog) == [
        {
            "event": "delivery_failed",
            "delivery": failed.pk,
            "kind": "invitation",
            "reason": "The mail server refused the address.",
        }
        for failed in Delivery.objects.order_by("due_at", "pk")
    ]


def test_a_message_that_is_given_up_after_a_day_is_logged_once(server, caplog: pytest.LogCaptureFixture) -> None:
    admitted(released_delegation())
    plan(now=SOON)
    Delivery.objects.first().delete()
    server.answer = refuse(450)

    for hours in range(48):
        send_due(clock=lambda at=SOON + timedelta(hours=hours): at)

    assert Delivery.objects.get().state == DeliveryState.FAILED
    assert [line["reason"] for line in warnings_in(caplog)] == ["The mail server asks to try the message again later."]


def test_a_mail_server_that_is_away_is_logged_once_for_each_batch(server, caplog: pytest.LogCaptureFixture) -> None:
    admitted(released_delegation())

    def greet() -> None:
        raise smtplib.SMTPAuthenticationError(535, b"webinars@example.org may not sign in")

    server.greet = greet
    plan_and_send()

    assert warnings_in(caplog) == [{"event": "mail_server_away", "reason": "The mail server refused our sign-in."}]


def timed_out() -> smtplib.SMTPServerDisconnected:
    """As smtplib tells of it."""
    error = smtplib.SMTPServerDisconnected("Connection unexpectedly closed: timed out")
    error.__context__ = TimeoutError()
    return error


@pytest.mark.parametrize(
    ("error", "told", "messages_tried"),
    [
        (TimeoutError(), "The mail server did not answer in time.", 1),
        (timed_out(), "The mail server did not answer in time.", 1),
        (ConnectionResetError(), "The mail server hung up.", 1),
        (smtplib.SMTPServerDisconnected("gone"), "The mail server hung up.", 1),
        (smtplib.SMTPSenderRefused(421, b"later", "us"), "The mail server asks to try again later.", 1),
        (smtplib.SMTPSenderRefused(550, b"no", "us"), "The mail server refused our address as the sender.", 1),
        (smtplib.SMTPDataError(-1, b"?"), "The answer of the mail server makes no sense.", 2),
        (smtplib.SMTPDataError(250, b"of before"), "The answer of the mail server makes no sense.", 2),
    ],
)
def test_an_answer_that_says_nothing_of_the_message_postpones_it_in_plain_words(
    server, error: Exception, told: str, messages_tried: int
) -> None:
    admitted(released_delegation())

    def answer(message: mail.EmailMessage) -> None:
        raise error

    server.answer = answer
    plan_and_send()

    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.DUE}
    assert [*Delivery.objects.exclude(last_error="").values_list("last_error", flat=True)] == [told] * messages_tried


def test_a_server_that_is_away_for_a_day_loses_nothing_and_is_asked_once_for_each_batch(server) -> None:
    delegation = released_delegation()
    for _ in range(30):
        admitted(delegation)
    asked = []

    def answer(message: mail.EmailMessage) -> None:
        asked.append(message)
        raise smtplib.SMTPServerDisconnected("gone")

    server.answer = answer
    plan_and_send()
    first_day = len(asked)
    for minutes in range(1, 24 * 60, 15):
        send_due(clock=lambda at=SOON + timedelta(minutes=minutes): at)
    server.answer = None
    tomorrow = SOON + timedelta(days=1, minutes=10)

    assert first_day == 1
    assert send_due(clock=lambda: tomorrow).sent == 60


def test_a_server_that_takes_longer_to_greet_than_a_lease_lasts_gets_each_message_once(server) -> None:
    admitted(released_delegation())
    plan(now=SOON)
    seconds = [0]
    elsewhere = []

    def clock() -> datetime:
        return SOON + timedelta(seconds=seconds[0])

    def greet() -> None:
        if not seconds[0]:
            seconds[0] = 500
            # Another worker comes by while this one waits.
            server.greet = None
            elsewhere.append(send_due(clock=clock))
            server.greet = greet

    server.greet = greet
    report = send_due(clock=clock, within=timedelta(seconds=4))

    assert (elsewhere[0].sent, report.sent, len(mail.outbox)) == (2, 0, 2)
    assert set(Delivery.objects.values_list("state", "attempts", "worker_losses")) == {(DeliveryState.SENT, 1, 0)}
    admitted(Delegation.objects.get())
    plan(now=clock())
    server.greet = lambda: seconds.__setitem__(0, 1_000)
    assert send_due(clock=clock, within=timedelta(seconds=4)).sent == 2


def test_a_server_whose_sign_in_makes_no_sense_fails_no_message(server) -> None:
    admitted(released_delegation())

    def greet() -> None:
        # As smtplib does, of a challenge that is no base64.
        base64.b64decode("x")

    server.greet = greet
    report = plan_and_send()

    assert (report.failed, report.postponed) == (0, 2)
    assert "The answer of the mail server makes no sense." in Delivery.objects.values_list("last_error", flat=True)
    server.greet = None
    assert send_due(clock=lambda: SOON + timedelta(minutes=1)).sent == 2


def test_a_message_that_cannot_be_written_fails_alone(server) -> None:
    delegation = released_delegation()
    luis = admitted(delegation)
    ana = admitted(delegation)
    # Past every check of the forms, as an earlier version of them may have let it through.
    Delegate.objects.filter(pk=ana.pk).update(email="ana@" + "x" * 80 + ".example.org")

    report = plan_and_send()

    assert (report.sent, report.failed) == (2, 2)
    assert set(Delivery.objects.values_list("delegate", "state", "last_error")) == {
        (luis.pk, DeliveryState.SENT, ""),
        (ana.pk, DeliveryState.FAILED, "The message could not be written."),
    }


def test_nobody_is_sent_a_cancellation_of_what_never_left(server) -> None:
    ana = admitted(released_delegation())
    server.answer = refuse(450)
    plan_and_send()

    withdraw_delegate(ana, version=1, by=make_staff(), now=SOON, reason="Ill")
    server.answer = None

    assert sent_by(SOON + timedelta(hours=1)) == []


def test_what_was_taken_back_is_not_taken_back_twice(server) -> None:
    ana, staff = admitted(released_delegation()), make_staff()
    plan_and_send()
    withdraw_delegate(ana, version=1, by=staff, now=SOON, reason="Ill")
    plan_and_send()
    ana.refresh_from_db()
    restore_delegate(ana, by=staff, now=SOON)

    def withdrawn_meanwhile(message: mail.EmailMessage) -> None:
        ana.refresh_from_db()
        if ana.is_active:
            withdraw_delegate(ana, version=ana.version, by=staff, now=SOON, reason="Ill again")
            plan(now=SOON)
        refuse(450)(message)

    server.answer = withdrawn_meanwhile
    plan_and_send()
    server.answer = None
    before = len(mail.outbox)
    plan_and_send(SOON + timedelta(hours=1))

    assert before == 4
    assert len(mail.outbox) == before


def test_a_newer_message_does_not_wait_for_an_older_one_that_was_postponed(server) -> None:
    ana = admitted(released_delegation())
    plan_and_send()
    move_session(ana.webinar, 1, hours=1)
    plan(now=SOON)

    def withdrawn_meanwhile(message: mail.EmailMessage) -> None:
        server.answer = None
        withdraw_delegate(ana, version=1, by=make_staff(), now=SOON, reason="Ill")
        plan(now=SOON)
        refuse(450)(message)

    server.answer = withdrawn_meanwhile
    send_due(clock=lambda: SOON)

    assert [message.alternatives[-1].mimetype for message in mail.outbox[-2:]] == ["text/calendar; method=CANCEL"] * 2
