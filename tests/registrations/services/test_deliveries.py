"""What people may do with single deliveries: the secretariat with each, a focal point with those of their people."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.core import mail

from registrations.exceptions import NotPossibleNow
from registrations.models import Delegate, Delegation, Delivery, DeliveryKind, DeliveryState, HistoryEvent, User
from registrations.services.deliveries import (
    RESEND_PAUSE,
    resend_deliveries,
    send_invitations_again,
    stop_deliveries,
)
from registrations.services.delivering.plan import plan
from registrations.services.delivering.result import begin_attempt
from registrations.services.nominations import withdraw_delegate
from sessions_app.models import ReleasedSession
from tests.calendar_client import CalendarClient
from tests.factories import NOW, make_delegation, make_focal_point, make_message, make_user
from tests.registrations.services.deliveries import (
    SOON,
    admitted,
    move_session,
    plan_and_send,
    released_delegation,
    sent_by,
)
from tests.registrations.services.mail_server import AnsweringBackend, refuse

AFTER_THE_PAUSE = SOON + RESEND_PAUSE


def make_delivery(state: DeliveryState, key: str = "", **fields: object) -> Delivery:
    lease = {"claim_token": uuid4(), "lease_expires_at": NOW} if state == DeliveryState.CLAIMED else {}
    return make_message(key or f"notice:{state}", **{"state": state, "attempts": 3, **lease, **fields})


def states() -> dict[str, str]:
    return dict(Delivery.objects.values_list("key", "state"))


def test_stopping_reaches_what_waits_or_failed_and_nothing_else(db: None, staff: User, now: datetime) -> None:
    deliveries = [make_delivery(state, may_have_arrived=True) for state in DeliveryState]

    stopped = stop_deliveries([delivery.pk for delivery in deliveries], by=staff, now=now)

    assert (stopped, states()) == (
        3,
        {
            "notice:due": "stopped",
            "notice:failed": "stopped",
            "notice:claimed": "claimed",
            "notice:sent": "sent",
            "notice:superseded": "superseded",
            "notice:stopped": "stopped",
            "notice:bounced": "bounced",
            "notice:held": "stopped",
        },
    )


def test_stopping_reaches_what_a_worker_has_claimed_and_not_begun(staff: User, now: datetime) -> None:
    claimed = make_delivery(DeliveryState.CLAIMED, may_have_arrived=False)
    token = claimed.claim_token

    assert stop_deliveries([claimed.pk], by=staff, now=now) == 1

    claimed.refresh_from_db()
    assert (claimed.state, claimed.claim_token, claimed.lease_expires_at) == ("stopped", None, None)
    assert token is not None
    assert not begin_attempt(claimed, token=token, now=now)


def test_what_failed_bounced_or_was_stopped_is_due_again_with_all_attempts(
    db: None, staff: User, now: datetime
) -> None:
    deliveries = [make_delivery(state, worker_losses=7) for state in DeliveryState]
    later = now + timedelta(hours=1)

    resent = resend_deliveries([delivery.pk for delivery in deliveries], by=staff, now=later)

    due_again = Delivery.objects.filter(key__in=["notice:failed", "notice:bounced", "notice:stopped", "notice:held"])
    assert resent == 4
    assert set(due_again.values_list("state", "attempts", "worker_losses", "due_at", "resent_at")) == {
        ("due", 0, 0, later, later)
    }
    assert set(Delivery.objects.filter(resent_at=None).values_list("state", "attempts", "due_at")) == {
        ("due", 3, NOW),
        ("claimed", 3, NOW),
        ("sent", 3, NOW),
        ("superseded", 3, NOW),
    }


def test_nothing_that_was_not_chosen_is_touched(db: None, staff: User, now: datetime) -> None:
    make_delivery(DeliveryState.FAILED)

    counts = (stop_deliveries([], by=staff, now=now), resend_deliveries([], by=staff, now=now))

    assert (counts, states(), HistoryEvent.objects.count()) == ((0, 0), {"notice:failed": "failed"}, 0)


@pytest.fixture
def ana(db: None) -> Delegate:
    """Someone of an accepted delegation who was sent the invitations to both sessions at `SOON`."""
    ana = admitted(released_delegation(), name="Ana Paz", email="ana@example.org")
    plan_and_send()
    return ana


def of_session(number: int, **fields: object) -> Delivery:
    return Delivery.objects.get(session__number=number, **fields)


def everything() -> list[int]:
    return list(Delivery.objects.values_list("pk", flat=True))


def told() -> list[tuple[str, Delegate | None, User | None, datetime]]:
    return [(event.kind, event.delegate, event.actor, event.at) for event in HistoryEvent.objects.order_by("pk")]


def test_an_invitation_that_did_not_arrive_is_sent_once_more_in_the_same_revision(ana: Delegate, staff: User) -> None:
    first = list(mail.outbox)

    resent = resend_deliveries(everything(), by=staff, now=AFTER_THE_PAUSE)

    again = sent_by(AFTER_THE_PAUSE)
    client = CalendarClient().receive_all([*first, *again])
    assert (resent, len(again), client.ignored) == (2, 2, 2)
    ids = {message.extra_headers["Message-ID"] for message in [*first, *again]}
    assert len(ids) == 4
    assert CalendarClient().receive_all(again).titles(ana.email) == ["Contexto y desafíos 1", "Contexto y desafíos 2"]


def test_an_invitation_that_has_just_been_sent_is_left_alone(ana: Delegate, staff: User) -> None:
    resent = resend_deliveries(everything(), by=staff, now=AFTER_THE_PAUSE - timedelta(seconds=1))

    assert (resent, set(states().values()), told()) == (0, {"sent"}, [])


def test_of_two_calls_the_second_finds_nothing_to_do(ana: Delegate, staff: User) -> None:
    counts = [resend_deliveries(everything(), by=staff, now=AFTER_THE_PAUSE) for _ in range(2)]
    plan_and_send(AFTER_THE_PAUSE)
    counts.append(resend_deliveries(everything(), by=staff, now=AFTER_THE_PAUSE))

    assert (counts, len(told())) == ([2, 0, 0], 1)


def test_an_invitation_is_not_sent_once_more_after_an_update_or_a_session_that_is_over(
    ana: Delegate, staff: User
) -> None:
    move_session(ana.webinar, 1, hours=1, now=AFTER_THE_PAUSE)
    plan(now=AFTER_THE_PAUSE)
    ReleasedSession.objects.filter(number=2).update(starts_at=NOW, ends_at=AFTER_THE_PAUSE)

    resent = resend_deliveries(everything(), by=staff, now=AFTER_THE_PAUSE)

    assert (resent, of_session(1, kind="invitation").state, of_session(2).state) == (0, "sent", "sent")


def test_an_update_is_sent_again_if_it_is_the_latest_message(ana: Delegate, staff: User) -> None:
    move_session(ana.webinar, 1, hours=1, now=AFTER_THE_PAUSE)
    plan_and_send(AFTER_THE_PAUSE)

    resent = resend_deliveries(everything(), by=staff, now=AFTER_THE_PAUSE + RESEND_PAUSE)

    assert (resent, of_session(1, kind="update").state, of_session(2).state) == (2, "due", "due")


def test_nothing_else_that_was_sent_is_sent_once_more(ana: Delegate, staff: User) -> None:
    withdraw_delegate(ana, version=1, by=staff, now=AFTER_THE_PAUSE, reason="Ill")
    plan_and_send(AFTER_THE_PAUSE)
    session = ana.webinar.sessions.get(number=1)
    make_delivery(DeliveryState.SENT, "reminder", kind=DeliveryKind.REMINDER, session=session, delegate=ana)
    make_delivery(DeliveryState.SENT, "notice", kind=DeliveryKind.GAP_NOTICE)

    assert resend_deliveries(everything(), by=staff, now=AFTER_THE_PAUSE + RESEND_PAUSE) == 0


@pytest.mark.parametrize("state", [DeliveryState.FAILED, DeliveryState.STOPPED])
def test_an_outdated_calendar_message_is_not_sent_again(ana: Delegate, staff: User, state: DeliveryState) -> None:
    Delivery.objects.filter(session__number=1).update(state=state)
    move_session(ana.webinar, 1, hours=1, now=AFTER_THE_PAUSE)
    plan(now=AFTER_THE_PAUSE)
    outdated, newest = of_session(1, kind="invitation"), of_session(1, kind="update")
    Delivery.objects.filter(pk__in=[outdated.pk, newest.pk]).update(state=state)

    resent = resend_deliveries([outdated.pk, newest.pk], by=staff, now=AFTER_THE_PAUSE)

    outdated.refresh_from_db()
    newest.refresh_from_db()
    assert (resent, outdated.state, newest.state) == (1, state, "due")


def test_a_repeat_that_is_stopped_is_again_what_it_was(ana: Delegate, staff: User) -> None:
    resend_deliveries(everything(), by=staff, now=AFTER_THE_PAUSE)

    stop_deliveries(everything(), by=staff, now=AFTER_THE_PAUSE)

    assert (set(states().values()), sent_by(AFTER_THE_PAUSE)) == ({"sent"}, [])


def test_a_repeat_that_the_server_refuses_leaves_the_mailbox_with_what_it_holds(
    ana: Delegate, staff: User, server: type[AnsweringBackend]
) -> None:
    resend_deliveries(everything(), by=staff, now=AFTER_THE_PAUSE)
    server.answer = refuse(550)
    plan_and_send(AFTER_THE_PAUSE)
    server.answer = None
    withdraw_delegate(ana, version=1, by=staff, now=AFTER_THE_PAUSE, reason="Ill")

    # What may have arrived is taken back.
    cancelled = sent_by(AFTER_THE_PAUSE + timedelta(minutes=1))

    assert CalendarClient().receive_all([*mail.outbox]).titles(ana.email) == []
    assert len(cancelled) == 2


def test_the_history_has_one_event_of_each_person_about_a_stop_or_resend(ana: Delegate, staff: User) -> None:
    luis = admitted(ana.delegation, name="Luis Mejía")
    plan(now=AFTER_THE_PAUSE)

    stop_deliveries(everything(), by=staff, now=AFTER_THE_PAUSE)
    resend_deliveries(everything(), by=staff, now=AFTER_THE_PAUSE)

    assert told() == [
        ("mail_stopped", luis, staff, AFTER_THE_PAUSE),
        ("mail_sent_again", ana, staff, AFTER_THE_PAUSE),
        ("mail_sent_again", luis, staff, AFTER_THE_PAUSE),
    ]


@pytest.mark.parametrize(
    ("kind", "is_for_the_country"), [(DeliveryKind.DECISION, True), (DeliveryKind.CLASH_ALERT, False)]
)
def test_mail_about_an_event_is_kept_with_its_delegation_unless_it_is_the_secretariats_alone(
    staff: User, now: datetime, kind: DeliveryKind, is_for_the_country: bool
) -> None:
    delegation = make_delegation()
    event = HistoryEvent.objects.create(webinar=delegation.webinar, delegation=delegation, kind="accepted", at=now)
    mails = [make_delivery(DeliveryState.FAILED, f"{number}", kind=kind, event=event) for number in range(2)]

    resend_deliveries([one.pk for one in mails], by=staff, now=now)

    again = HistoryEvent.objects.get(kind="mail_sent_again")
    assert (again.delegation, again.delegate) == (delegation if is_for_the_country else None, None)
    assert (again.actor, again.webinar) == (staff, delegation.webinar)


def test_mail_about_a_delegation_is_kept_with_it(staff: User, now: datetime) -> None:
    delegation = make_delegation()
    notice = make_delivery(DeliveryState.DUE, kind=DeliveryKind.GAP_NOTICE, delegation=delegation)

    stop_deliveries([notice.pk], by=staff, now=now)

    event = HistoryEvent.objects.get()
    assert (event.kind, event.webinar, event.delegation) == ("mail_stopped", delegation.webinar, delegation)


def test_mail_about_a_session_alone_is_kept_with_its_webinar(ana: Delegate, staff: User) -> None:
    session = ana.webinar.sessions.get(number=1)
    reminder = make_delivery(DeliveryState.FAILED, kind=DeliveryKind.REMINDER, session=session)

    stop_deliveries([reminder.pk], by=staff, now=SOON)

    event = HistoryEvent.objects.get()
    assert (event.kind, event.webinar, event.delegation) == ("mail_stopped", ana.webinar, None)


def test_nobody_is_mailed_about_a_mail_that_was_stopped_or_sent_again(ana: Delegate, staff: User) -> None:
    make_focal_point(ana.delegation.body, make_user("focal@example.org"))
    resend_deliveries(everything(), by=staff, now=AFTER_THE_PAUSE)
    stop_deliveries(everything(), by=staff, now=AFTER_THE_PAUSE)

    assert sent_by(AFTER_THE_PAUSE) == []


# The invitations of one person ------------------------------------------------------------------


@pytest.fixture
def focal_point(ana: Delegate) -> User:
    return make_focal_point(ana.delegation.body).user


def test_a_persons_invitations_are_sent_again_to_their_mailbox_alone(ana: Delegate, focal_point: User) -> None:
    admitted(ana.delegation, email="luis@example.org")
    plan_and_send(SOON)

    count = send_invitations_again(ana, by=focal_point, now=AFTER_THE_PAUSE)

    assert (count, [message.to for message in sent_by(AFTER_THE_PAUSE)]) == (
        2, [["Ana Paz <ana@example.org>"]] * 2,
    )  # fmt: skip
    assert told() == [("mail_sent_again", ana, focal_point, AFTER_THE_PAUSE)]


@pytest.mark.parametrize("state", [DeliveryState.FAILED, DeliveryState.STOPPED])
def test_what_failed_or_was_stopped_need_not_wait(ana: Delegate, staff: User, state: DeliveryState) -> None:
    Delivery.objects.filter(session__number=1).update(state=state)

    count = send_invitations_again(ana, by=staff, now=SOON)

    assert (count, of_session(1).state, of_session(2).state) == (1, "due", "sent")


def test_a_mailbox_that_the_person_has_left_gets_nothing(ana: Delegate, focal_point: User) -> None:
    Delegate.objects.filter(pk=ana.pk).update(email="new@example.org", token_version=2)
    ana.refresh_from_db()

    with pytest.raises(NotPossibleNow, match="on its way already"):
        send_invitations_again(ana, by=focal_point, now=AFTER_THE_PAUSE)
    plan_and_send(AFTER_THE_PAUSE)
    count = send_invitations_again(ana, by=focal_point, now=AFTER_THE_PAUSE + RESEND_PAUSE)

    assert count == 2
    assert set(Delivery.objects.filter(state="due").values_list("email", flat=True)) == {"new@example.org"}


def not_invited(ana: Delegate) -> None:
    Delegate.objects.filter(pk=ana.pk).update(admitted_at=None)


def not_attending(ana: Delegate) -> None:
    Delegation.objects.update(status="not_attending")


def never_released(ana: Delegate) -> None:
    Delivery.objects.all().delete()
    ReleasedSession.objects.all().delete()


def over(ana: Delegate) -> None:
    ReleasedSession.objects.update(starts_at=NOW, ends_at=AFTER_THE_PAUSE)


def cancelled(ana: Delegate) -> None:
    ReleasedSession.objects.update(is_cancelled=True)


def waiting(ana: Delegate) -> None:
    Delivery.objects.update(state="due")


def just_sent(ana: Delegate) -> None:
    Delivery.objects.update(attempted_at=SOON + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("happens", "why"),
    [
        (not_invited, "Ana Paz is not invited at present."),
        (not_attending, "Ana Paz is not invited at present."),
        (never_released, "Ana Paz is invited once the agenda is released."),
        (over, "The sessions are over or cancelled: no invitation is sent any more."),
        (cancelled, "The sessions are over or cancelled: no invitation is sent any more."),
        (waiting, "The invitation of Ana Paz is on its way already."),
        (just_sent, "The invitation of Ana Paz went out less than 5 minutes ago. Please wait a little."),
    ],
)
def test_why_no_invitation_is_sent_again_is_said(
    ana: Delegate, focal_point: User, happens: Callable[[Delegate], None], why: str
) -> None:
    happens(ana)
    ana = Delegate.objects.select_related("delegation").get(pk=ana.pk)

    with pytest.raises(NotPossibleNow) as refused:
        send_invitations_again(ana, by=focal_point, now=AFTER_THE_PAUSE)

    assert (str(refused.value.message), told()) == (why, [])
