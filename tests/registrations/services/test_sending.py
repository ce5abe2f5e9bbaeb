import smtplib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection

from registrations.models import (
    CalendarEntry,
    Delegate,
    Delivery,
    DeliveryKind,
    DeliveryState,
    HistoryEvent,
    HistoryKind,
    IcalMethod,
    Partstat,
    ReminderRule,
    ReminderScope,
)
from registrations.services.nominations import withdraw_delegate
from registrations.services.planning import plan
from registrations.services.sending import claim_batch, send_due
from registrations.services.sending.outcome import SENT
from registrations.services.sending.results import is_still_wanted, keep_result
from tests.calendar_client import CalendarClient
from tests.factories import FIRST_START, NOW, make_focal_point, make_staff, make_user
from tests.registrations.services.deliveries import (
    SOON,
    admitted,
    plan_and_send,
    released_delegation,
    sent_by,
)

pytestmark = pytest.mark.django_db
LEASE = timedelta(seconds=120)


class AnsweringBackend(EmailBackend):
    """A mail server that answers each message as the test says; what it accepts is in the outbox."""

    answer: Callable[[mail.EmailMessage], None] | None = None

    def send_messages(self, messages: list[mail.EmailMessage]) -> int:
        for message in messages:
            if type(self).answer:
                type(self).answer(message)
        return super().send_messages(messages)


@pytest.fixture
def server(settings) -> Iterator[type[AnsweringBackend]]:
    settings.EMAIL_BACKEND = f"{__name__}.AnsweringBackend"
    yield AnsweringBackend
    AnsweringBackend.answer = None


def refuse(code: int) -> Callable[[mail.EmailMessage], None]:
    def answer(message: mail.EmailMessage) -> None:
        raise smtplib.SMTPRecipientsRefused({message.to[0]: (code, b"no")})

    return answer


def test_what_was_sent_is_not_sent_again() -> None:
    admitted(released_delegation())

    plan_and_send()

    assert send_due(clock=lambda: SOON).sent == 0
    assert set(Delivery.objects.values_list("state", "attempts")) == {(DeliveryState.SENT, 1)}


def test_a_claimed_message_is_nobody_elses_until_its_lease_ends() -> None:
    admitted(released_delegation())
    plan(now=SOON)

    assert len(claim_batch(size=10, now=SOON).deliveries) == 2
    assert not claim_batch(size=10, now=SOON + LEASE - timedelta(seconds=1))
    assert len(claim_batch(size=10, now=SOON + LEASE).deliveries) == 2


def test_the_result_of_a_worker_that_lost_its_claim_is_not_kept() -> None:
    admitted(released_delegation())
    plan(now=SOON)
    batch = claim_batch(size=1, now=SOON)

    keep_result(batch.deliveries[0], SENT, token=uuid4(), now=SOON)

    assert Delivery.objects.get(pk=batch.deliveries[0].pk).state == DeliveryState.CLAIMED


def test_a_message_repeated_after_a_crash_is_the_same_message() -> None:
    ana = admitted(released_delegation())
    plan(now=SOON)
    batch = claim_batch(size=1, now=SOON)
    # The worker dies after the mail server took the message: the row is still claimed.
    first = batch.deliveries[0]
    assert is_still_wanted(first, token=batch.token, now=SOON)

    messages = sent_by(SOON + LEASE)

    repeated = next(each for each in messages if str(first.message_uuid) in each.extra_headers["Message-ID"])
    assert CalendarClient().receive_all([repeated, repeated]).ignored == 1
    assert CalendarClient().receive_all(messages).titles(ana.email) == [
        "Contexto y desafíos 1",
        "Contexto y desafíos 2",
    ]


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
    assert set(CalendarEntry.objects.values_list("address", "delivered_method")) == {
        (ana.email, IcalMethod.NONE),
        (luis.email, IcalMethod.REQUEST),
    }


@pytest.mark.parametrize("error", [TimeoutError(), ConnectionResetError(), smtplib.SMTPServerDisconnected("gone")])
def test_a_server_that_hangs_or_hangs_up_postpones(server, error: Exception) -> None:
    admitted(released_delegation())

    def answer(message: mail.EmailMessage) -> None:
        raise error

    server.answer = answer
    plan_and_send()

    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.DUE}
    assert all("@" not in text for text in Delivery.objects.values_list("last_error", flat=True))


def test_someone_withdrawn_between_claim_and_sending_gets_nothing_and_no_cancellation() -> None:
    delegation = released_delegation()
    ana = admitted(delegation)
    plan(now=SOON)
    batch = claim_batch(size=10, now=SOON)

    withdraw_delegate(ana, version=1, by=make_staff(), now=SOON, reason="Ill")

    wanted = [is_still_wanted(each, token=batch.token, now=SOON) for each in batch.deliveries]
    assert wanted == [False, False]
    assert sent_by(SOON + LEASE) == []


def test_a_mailbox_that_may_have_the_invitation_is_sent_the_cancellation() -> None:
    ana = admitted(released_delegation())
    plan(now=SOON)
    batch = claim_batch(size=1, now=SOON)
    # The worker dies while the mail server may have the message already.
    is_still_wanted(batch.deliveries[0], token=batch.token, now=SOON)

    withdraw_delegate(ana, version=1, by=make_staff(), now=SOON, reason="Ill")
    plan_and_send(SOON + LEASE)

    assert list(Delivery.objects.filter(kind=DeliveryKind.CANCELLATION).values_list("entry_id", "state")) == [
        (batch.deliveries[0].entry_id, DeliveryState.SENT)
    ]


def test_the_limit_per_minute_holds_over_calls(settings) -> None:
    settings.MAIL_PER_MINUTE = 3
    delegation = released_delegation()
    for _ in range(4):
        admitted(delegation)
    plan(now=SOON)

    def sent_at(at: datetime) -> int:
        return send_due(clock=lambda: at).sent

    assert [sent_at(SOON), sent_at(SOON), sent_at(SOON + timedelta(seconds=61))] == [3, 0, 3]


def remind(minutes: int, scope: str = ReminderScope.EACH_SESSION) -> ReminderRule:
    webinar = Delegate.objects.first().webinar
    return ReminderRule.objects.create(webinar=webinar, minutes_before=minutes, scope=scope, created_at=NOW)


def reminders(now: datetime) -> list[str]:
    return [message.subject for message in sent_by(now)]


def test_a_reminder_comes_at_its_hour_once_and_says_the_hour() -> None:
    admitted(released_delegation(), language="en")
    remind(60)
    plan_and_send()
    at = FIRST_START - timedelta(minutes=60)

    assert reminders(at - timedelta(seconds=1)) == []
    assert reminders(at) == ["Reminder: Context and challenges 1, Mon 16 Nov, 09:00–11:00 (Tegucigalpa)"]
    assert reminders(at + timedelta(minutes=1)) == []


def test_an_hour_that_passed_long_ago_is_not_made_up_for() -> None:
    admitted(released_delegation())
    remind(60)
    plan_and_send()

    assert reminders(FIRST_START - timedelta(minutes=30)) == []


def test_of_several_reminders_due_at_once_the_latest_is_sent() -> None:
    admitted(released_delegation())
    remind(24 * 60, ReminderScope.FIRST_SESSION)
    latest = remind(23 * 60)
    plan_and_send()

    reminders(FIRST_START - timedelta(hours=22))

    assert [each.rule for each in Delivery.objects.filter(kind=DeliveryKind.REMINDER)] == [latest]


@pytest.mark.parametrize("partstat", [Partstat.DECLINED, Partstat.ACCEPTED])
def test_nobody_who_declined_is_reminded(partstat: str) -> None:
    admitted(released_delegation())
    remind(60)
    plan_and_send()
    CalendarEntry.objects.update(ical_partstat=partstat)

    assert len(reminders(FIRST_START - timedelta(minutes=59))) == (partstat == Partstat.ACCEPTED)


def test_someone_admitted_after_the_hour_is_not_reminded_of_it() -> None:
    at = FIRST_START - timedelta(days=1)
    delegation = released_delegation()
    admitted(delegation)
    Delegate.objects.update(admitted_at=at + timedelta(minutes=5))
    remind(24 * 60)
    plan_and_send()

    assert reminders(at + timedelta(minutes=10)) == []


def test_focal_points_are_told_of_a_decision_once_in_their_language() -> None:
    delegation = released_delegation()
    make_focal_point(delegation.body, make_user("es@example.org", language="es"))
    make_focal_point(delegation.body, make_user("en@example.org", language="en"))
    make_focal_point(delegation.body, make_user("gone@example.org"), removed_at=NOW)
    HistoryEvent.objects.create(
        webinar=delegation.webinar,
        delegation=delegation,
        kind=HistoryKind.RETURNED,
        at=NOW,
        reason="Falta un fiscal",
    )

    told = {message.to[0]: message for message in sent_by()}

    assert set(told) == {"es@example.org", "en@example.org"}
    assert told["en@example.org"].subject == "Delegation of Country HN: please complete it"
    assert "Falta un fiscal" in told["en@example.org"].body
    assert f"/en/delegations/{delegation.slug}/" in told["en@example.org"].body
    assert f"/es/delegations/{delegation.slug}/" in told["es@example.org"].body
    assert sent_by(SOON + timedelta(minutes=1)) == []


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_four_senders_and_four_planners_at_once_send_everything_once() -> None:
    delegation = released_delegation()
    people = [admitted(delegation) for _ in range(50)]

    def work(_number: int) -> None:
        try:
            plan(now=SOON)
            send_due(clock=lambda: SOON, batch_size=5)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(work, range(4)))
    plan_and_send(SOON)

    ids = [message.extra_headers["Message-ID"] for message in mail.outbox]
    assert len(ids) == len(set(ids)) == 2 * len(people)
    assert connection.vendor == "postgresql"
