from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registrations.messages import calendar
from registrations.models import (
    Delegate,
    Delegation,
    DelegationStatus,
    Delivery,
    DeliveryKind,
    DeliveryState,
    HistoryEvent,
    HistoryKind,
    User,
)
from registrations.services.delegations import mark_not_attending, return_delegation
from registrations.services.deliveries import resend_deliveries
from registrations.services.delivering.claim import claim_batch
from registrations.services.delivering.plan import plan
from registrations.services.delivering.result import begin_attempt, record_result
from registrations.services.delivering.send import send_due
from registrations.services.delivering.smtp import SENT, Outcome
from registrations.services.nominations import withdraw_delegate
from registrations.services.nominations.undoing import restore_delegate
from registrations.tokens import page_url
from sessions_app.releases import release_webinar
from tests.calendar_client import CalendarClient, calendar_of, parse
from tests.factories import NOW, make_delegation, make_focal_point, make_staff, make_user
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
LEASE = timedelta(seconds=120)


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


def test_a_message_begun_near_the_end_of_the_lease_is_nobody_elses_for_another_lease() -> None:
    admitted(released_delegation())
    plan(now=SOON)
    batch = claim_batch(size=2, now=SOON)
    begun, waiting = batch.deliveries
    late = SOON + LEASE - timedelta(seconds=1)

    assert begin_attempt(begun, token=batch.token, now=late)

    assert claim_batch(size=10, now=SOON + LEASE).deliveries == (waiting,)
    assert claim_batch(size=10, now=late + LEASE).deliveries == (begun,)


def test_the_result_of_a_worker_that_lost_its_claim_is_not_kept() -> None:
    admitted(released_delegation())
    plan(now=SOON)
    batch = claim_batch(size=1, now=SOON)

    record_result(batch.deliveries[0], SENT, token=uuid4(), now=SOON)

    assert Delivery.objects.get(pk=batch.deliveries[0].pk).state == DeliveryState.CLAIMED


def test_a_message_repeated_after_a_crash_is_the_same_message() -> None:
    ana = admitted(released_delegation())
    plan(now=SOON)
    batch = claim_batch(size=1, now=SOON)
    # The worker dies after the mail server took the message: the row is still claimed.
    first = batch.deliveries[0]
    assert begin_attempt(first, token=batch.token, now=SOON)
    lost = calendar.build(first)

    messages = sent_by(SOON + LEASE)

    assert CalendarClient().receive_all([lost, *messages]).repeated == 1
    assert lost.extra_headers["Message-ID"] == Delivery.objects.get(pk=first.pk).message_id
    assert CalendarClient().receive_all(messages).titles(ana.email) == [
        "Contexto y desafíos 1",
        "Contexto y desafíos 2",
    ]


def test_an_address_with_a_domain_in_another_alphabet_is_written_as_mail_servers_know_it() -> None:
    admitted(released_delegation(), email="ana@correo.españa.example.org")

    plan_and_send()

    assert mail.outbox[0].to[0].endswith("<ana@correo.xn--espaa-rta.example.org>")
    assert "mailto:ana@correo.xn--espaa-rta.example.org" in str(
        calendar_of(parse(mail.outbox[0])).events[0]["ATTENDEE"]
    )


def test_time_that_runs_out_in_the_middle_of_a_batch_leaves_the_rest_to_others() -> None:
    delegation = released_delegation()
    for _ in range(5):
        admitted(delegation)
    plan(now=SOON)
    seconds = iter(range(1000))

    report = send_due(clock=lambda: SOON + timedelta(seconds=next(seconds)), within=timedelta(seconds=6))

    assert report.has_more
    assert 0 < report.sent < 10
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.SENT, DeliveryState.DUE}
    assert send_due(clock=lambda: SOON + timedelta(minutes=1)).sent == 10 - report.sent


def test_when_time_is_up_nothing_is_begun_that_is_not_sent() -> None:
    delegation = released_delegation()
    people = [admitted(delegation) for _ in range(3)]
    plan(now=SOON)
    seconds = iter(range(1000))

    report = send_due(clock=lambda: SOON + timedelta(seconds=next(seconds)), within=timedelta(seconds=8))

    left = Delivery.objects.exclude(state=DeliveryState.SENT)
    assert report.has_more
    assert 0 < report.sent == len(mail.outbox) < 2 * len(people)
    assert set(left.values_list("state", "attempts", "may_have_arrived")) == {(DeliveryState.DUE, 0, False)}


def test_a_message_over_which_workers_die_again_and_again_is_given_up_alone(caplog: pytest.LogCaptureFixture) -> None:
    delegation = released_delegation()
    for _ in range(3):
        admitted(delegation)
    plan(now=SOON)
    deadly = Delivery.objects.order_by("due_at", "pk")[0]
    at = SOON
    for _ in range(8):
        batch = claim_batch(size=10, now=at)
        assert batch.deliveries[0] == deadly
        begin_attempt(deadly, token=batch.token, now=at)
        at += LEASE

    claim_batch(size=10, now=at)

    deadly.refresh_from_db()
    assert (deadly.state, deadly.worker_losses) == (DeliveryState.FAILED, 7)
    assert [(line["event"], line["delivery"], line["reason"]) for line in warnings_in(caplog)] == [
        ("delivery_failed", deadly.pk, deadly.last_error)
    ]
    others = Delivery.objects.exclude(pk=deadly.pk)
    assert set(others.values_list("state", "attempts", "worker_losses")) == {(DeliveryState.CLAIMED, 0, 0)}


def test_an_older_message_beside_one_whose_worker_died_stops_nobody() -> None:
    ana = admitted(released_delegation())
    plan(now=SOON)
    move_session(ana.webinar, 1, hours=1)
    plan(now=SOON)
    old, new = Delivery.objects.filter(session__number=1).order_by("ical_sequence")
    claim_batch(size=10, now=SOON)
    # As a mistake of ours, or a hand in the database, may leave it.
    Delivery.objects.filter(pk=old.pk).update(state=DeliveryState.DUE)

    again = claim_batch(size=10, now=SOON + LEASE)

    assert new in again.deliveries
    assert old not in again.deliveries
    Delivery.objects.filter(claim_token=again.token).update(
        state=DeliveryState.SENT, claim_token=None, lease_expires_at=None
    )
    assert send_due(clock=lambda: SOON + LEASE).superseded == 1


def test_the_link_is_the_one_that_was_checked_also_where_a_withdrawal_is_undone_meanwhile() -> None:
    delegation = released_delegation()
    ana, user = admitted(delegation), make_focal_point(delegation.body).user
    plan(now=SOON)
    withdraw_delegate(ana, version=1, by=user, now=SOON, reason="Ill")
    batch = claim_batch(size=10, now=SOON)
    ana.refresh_from_db()
    restore_delegate(ana, by=user, now=SOON)

    wanted = [begin_attempt(one, token=batch.token, now=SOON) for one in batch.deliveries]

    ana.refresh_from_db()
    assert all(page_url(ana) in message.body for message in sent_by(SOON + timedelta(minutes=1)))
    assert (wanted, len(mail.outbox)) == ([False, False], 2)


def test_someone_withdrawn_between_claim_and_sending_gets_nothing_and_no_cancellation() -> None:
    delegation = released_delegation()
    ana = admitted(delegation)
    plan(now=SOON)
    batch = claim_batch(size=10, now=SOON)

    withdraw_delegate(ana, version=1, by=make_staff(), now=SOON, reason="Ill")

    wanted = [begin_attempt(each, token=batch.token, now=SOON) for each in batch.deliveries]
    assert wanted == [False, False]
    assert sent_by(SOON + LEASE) == []


def test_a_mailbox_that_may_have_the_invitation_is_sent_the_cancellation() -> None:
    ana = admitted(released_delegation())
    plan(now=SOON)
    batch = claim_batch(size=1, now=SOON)
    # The worker dies while the mail server may have the message already.
    begin_attempt(batch.deliveries[0], token=batch.token, now=SOON)

    withdraw_delegate(ana, version=1, by=make_staff(), now=SOON, reason="Ill")
    plan_and_send(SOON + LEASE)

    assert list(Delivery.objects.filter(kind=DeliveryKind.CANCELLATION).values_list("entry_id", "state")) == [
        (batch.deliveries[0].entry_id, DeliveryState.SENT)
    ]


def test_a_message_costs_no_more_than_four_statements() -> None:
    delegation = released_delegation()
    for _ in range(30):
        admitted(delegation)
    plan(now=SOON)

    with CaptureQueriesContext(connection) as queries:
        assert send_due(clock=lambda: SOON).sent == 60

    statements = [query["sql"] for query in queries if query["sql"].split()[0] in {"SELECT", "UPDATE", "INSERT"}]
    assert len(statements) <= 4 * 60


def test_a_newer_message_supersedes_an_older_one_that_a_worker_has_claimed() -> None:
    delegation = released_delegation()
    admitted(delegation)
    plan(now=SOON)
    batch = claim_batch(size=10, now=SOON)

    move_session(delegation.webinar, 1, hours=1)
    plan(now=SOON)

    assert Counter(Delivery.objects.values_list("session__number", "state")) == {
        (1, DeliveryState.SUPERSEDED): 1,
        (1, DeliveryState.DUE): 1,
        (2, DeliveryState.CLAIMED): 1,
    }
    wanted = [begin_attempt(each, token=batch.token, now=SOON) for each in batch.deliveries]
    assert sorted(wanted) == [False, True]


def test_a_refusal_after_the_cancellation_was_planned_leaves_nothing_to_cancel() -> None:
    ana = admitted(released_delegation())
    plan(now=SOON)
    batch = claim_batch(size=10, now=SOON)
    assert all(begin_attempt(each, token=batch.token, now=SOON) for each in batch.deliveries)
    withdraw_delegate(ana, version=1, by=make_staff(), now=SOON, reason="Ill")
    assert plan(now=SOON).count("calendar") == 2

    for each in batch.deliveries:
        record_result(each, Outcome(is_permanent=True, error="No such address"), token=batch.token, now=SOON)

    assert sent_by(SOON + LEASE) == []
    assert plan(now=SOON + LEASE).count("calendar") == 0


def test_a_person_whose_country_did_not_attend_only_when_the_mail_was_to_leave_is_invited_later() -> None:
    delegation = released_delegation()
    admitted(delegation)
    plan(now=SOON)
    Delegation.objects.update(status=DelegationStatus.NOT_ATTENDING)
    assert sent_by(SOON) == []

    Delegation.objects.update(status=DelegationStatus.ACCEPTED)

    assert len(sent_by(SOON + LEASE)) == 2


def test_someone_withdrawn_and_brought_back_between_two_plans_gets_the_link_that_opens() -> None:
    ana = admitted(released_delegation())
    staff = make_staff()
    plan_and_send()
    withdraw_delegate(ana, version=1, by=staff, now=SOON, reason="Ill")
    restore_delegate(Delegate.objects.get(pk=ana.pk), by=staff, now=SOON)

    messages = sent_by(SOON + LEASE)

    ana.refresh_from_db()
    assert {message.subject.partition(":")[0] for message in messages} == {"Modificada"}
    assert all(page_url(ana) in message.body for message in messages)


def test_the_limit_per_minute_holds_over_calls(settings) -> None:
    settings.MAIL_PER_MINUTE = 3
    delegation = released_delegation()
    for _ in range(4):
        admitted(delegation)
    plan(now=SOON)

    def sent_at(at: datetime) -> int:
        return send_due(clock=lambda: at).sent

    assert [sent_at(SOON), sent_at(SOON), sent_at(SOON + timedelta(seconds=61))] == [3, 0, 3]


def test_a_clock_that_steps_back_does_not_stop_the_mail_for_as_long(settings) -> None:
    settings.MAIL_PER_MINUTE = 2
    delegation = released_delegation()
    admitted(delegation)
    plan_and_send(SOON + timedelta(hours=1))
    admitted(delegation)

    assert plan_and_send(SOON).sent == 2


def test_a_decision_goes_to_the_corrected_address_of_the_account(server) -> None:
    delegation = released_delegation("submitted")
    user, staff = make_focal_point(delegation.body, make_user("wrong@example.org")).user, make_staff()
    return_delegation(delegation, comment="Please add the border police", by=staff, now=NOW)
    server.answer = refuse(550)
    plan_and_send()
    server.answer = None
    User.objects.filter(pk=user.pk).update(email="right@example.org")

    resend_deliveries(Delivery.objects.filter(kind="decision").values_list("pk", flat=True), by=staff, now=SOON)

    assert [message.to for message in sent_by(SOON)] == [["right@example.org"]]
    assert Delivery.objects.get(kind="decision").email == "right@example.org"


def test_focal_points_get_one_mail_about_a_decision_in_their_language() -> None:
    delegation = released_delegation()
    make_focal_point(delegation.body, make_user("es@example.org", language="es"))
    make_focal_point(delegation.body, make_user("en@example.org", language="en"))
    make_focal_point(delegation.body, make_user("gone@example.org"), removed_at=NOW)
    make_focal_point(delegation.body, make_user("closed@example.org", is_active=False))
    HistoryEvent.objects.create(
        webinar=delegation.webinar,
        delegation=delegation,
        kind=HistoryKind.RETURNED,
        at=NOW,
        reason="Falta un fiscal.\nGracias",
    )

    told = {message.to[0]: message for message in sent_by()}

    assert set(told) == {"es@example.org", "en@example.org"}
    assert told["en@example.org"].subject == "Delegation of Country HN: please complete it"
    assert "\n\n> Falta un fiscal.\n> Gracias\n\n" in told["en@example.org"].body
    assert f"/en/delegations/{delegation.slug}/" in told["en@example.org"].body
    assert f"/es/delegations/{delegation.slug}/" in told["es@example.org"].body
    assert sent_by(SOON + timedelta(minutes=1)) == []


def test_a_focal_point_appointed_after_the_removal_of_another_gets_the_mail_instead() -> None:
    delegation = released_delegation()
    make_focal_point(delegation.body, make_user("before@example.org"))
    HistoryEvent.objects.create(webinar=delegation.webinar, delegation=delegation, kind=HistoryKind.RETURNED, at=NOW)
    plan(now=SOON)
    delegation.body.focal_points.update(removed_at=SOON)
    assert plan_and_send(SOON).sent == 0

    make_focal_point(delegation.body, make_user("after@example.org"))

    assert [message.to for message in sent_by()] == [["after@example.org"]]


def test_a_focal_point_removed_before_the_mail_leaves_gets_none() -> None:
    delegation = released_delegation()
    focal_point = make_focal_point(delegation.body, make_user("es@example.org"))
    HistoryEvent.objects.create(
        webinar=delegation.webinar, delegation=delegation, kind=HistoryKind.RETURNED, at=NOW, reason="Falta un fiscal"
    )
    plan(now=SOON)

    focal_point.removed_at = SOON
    focal_point.save()

    assert sent_by() == []


def test_no_country_is_written_to_before_the_first_release() -> None:
    delegation = make_delegation(status="submitted")
    make_focal_point(delegation.body, make_user("es@example.org"))
    return_delegation(delegation, comment="Falta un fiscal", by=make_staff(), now=NOW)

    before = sent_by(SOON)
    release_webinar(delegation.webinar, by=None, now=SOON)

    assert before == []
    assert [message.to for message in sent_by(SOON + timedelta(minutes=1))] == [["es@example.org"]]


def test_the_mail_about_not_attending_asks_for_no_registration() -> None:
    delegation = released_delegation("draft")
    make_focal_point(delegation.body, make_user("en@example.org", language="en"))

    mark_not_attending(delegation, reason="Elections", by=make_staff(), now=NOW)

    (message,) = sent_by()
    assert "Elections" in message.body
    assert "Prosecutors" not in message.body


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_mail_is_in_the_present_language_of_the_recipient(language: str) -> None:
    ana = admitted(released_delegation(), language="es" if language == "en" else "en")
    plan(now=SOON)

    Delegate.objects.filter(pk=ana.pk).update(language=language)
    send_due(clock=lambda: SOON)

    words = {"en": "You are invited", "es": "Se le invita"}
    assert {word in mail.outbox[0].body for code, word in words.items() if code == language} == {True}
    assert {word in mail.outbox[0].body for code, word in words.items() if code != language} == {False}


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
