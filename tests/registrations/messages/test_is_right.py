"""A message of each kind that is right when it is planned, and no longer right when it is to be sent."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

import pytest
from django.core import mail

from registrations.messages import message_module
from registrations.models import Delegate, Delegation, Delivery, DeliveryKind, DeliveryState, Partstat, User
from registrations.queries.audiences import Audience
from registrations.services.announcements import AnnouncementDetails, send_announcement, write_announcement
from registrations.services.answers import decline_sessions_ahead, record_answer
from registrations.services.delegations import (
    accept_delegation,
    mark_attending_again,
    mark_not_attending,
    reopen_delegation,
    return_delegation,
    submit_delegation,
)
from registrations.services.delivering import claim
from registrations.services.delivering.plan import plan
from registrations.services.delivering.send import send_due
from registrations.services.gap_reminders import send_test_of_gap_notice
from registrations.services.lost_links import ask_for_links
from registrations.services.nominations import withdraw_delegate
from sessions_app.models import Session
from tests.factories import (
    FIRST_START,
    NOW,
    make_bounce,
    make_focal_point,
    make_gap_notice_rule,
    make_reminder_rule,
    make_staff,
    make_user,
)
from tests.registrations.services.deliveries import SOON, admitted, move_session, plan_and_send, released_delegation

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SESSION_END = FIRST_START + 2 * HOUR

# What makes the planned message wrong.
Change = Callable[[], object]


def withdraw(person: Delegate) -> None:
    withdraw_delegate(person, version=1, by=make_staff(), now=SOON, reason="Ill")


def a_focal_point(delegation: Delegation) -> User:
    return make_focal_point(delegation.body, make_user("focal@example.org", language="en")).user


def owed_invitation() -> tuple[datetime, Change]:
    ana = admitted(released_delegation())
    return SOON, lambda: withdraw(ana)


def owed_update() -> tuple[datetime, Change]:
    ana = admitted(released_delegation())
    plan_and_send(NOW)
    move_session(ana.webinar, 1, hours=1)
    return SOON, lambda: withdraw(ana)


def owed_cancellation() -> tuple[datetime, Change]:
    ana = admitted(released_delegation())
    plan_and_send(NOW)
    withdraw(ana)
    # The server says only now that it refused the invitations.
    return SOON, lambda: Delivery.objects.filter(kind=DeliveryKind.INVITATION).update(may_have_arrived=False)


def owed_reminder() -> tuple[datetime, Change]:
    ana = admitted(released_delegation())
    plan_and_send(NOW)
    make_reminder_rule(ana.webinar)
    session = Session.objects.select_related("released").get(number=1)
    at = FIRST_START - HOUR
    return at, lambda: record_answer(ana, session, partstat=Partstat.DECLINED, now=at)


def owed_registration() -> tuple[datetime, Change]:
    delegation = released_delegation("draft")
    a_focal_point(delegation)
    Delivery.objects.all().delete()
    return SOON, lambda: delegation.body.focal_points.update(removed_at=SOON)


def owed_gap_notice() -> tuple[datetime, Change]:
    delegation = released_delegation("draft")
    a_focal_point(delegation)
    rule = make_gap_notice_rule(delegation.webinar)
    return rule.due_at, lambda: Delegation.objects.update(status="submitted")


def owed_receipt() -> tuple[datetime, Change]:
    delegation = released_delegation("draft")
    by = a_focal_point(delegation)
    submit_delegation(delegation, version=1, reason="A post is vacant", by=by, now=NOW)
    return SOON, lambda: return_delegation(delegation, comment="A letter", by=make_staff(), now=SOON)


def owed_decision() -> tuple[datetime, Change]:
    delegation, staff = released_delegation("submitted"), make_staff()
    a_focal_point(delegation)
    accept_delegation(delegation, by=staff, now=NOW, with_gap=True)
    return SOON, lambda: reopen_delegation(delegation, reason="A mistake", by=staff, now=SOON)


def owed_cannot_come() -> tuple[datetime, Change]:
    ana = admitted(released_delegation())
    a_focal_point(ana.delegation)
    plan_and_send(NOW)
    decline_sessions_ahead(ana, reason="", now=SOON)
    session = Session.objects.select_related("released").get(number=1)
    return SOON, lambda: record_answer(ana, session, partstat=Partstat.ACCEPTED, now=SOON)


def owed_links() -> tuple[datetime, Change]:
    ana = admitted(released_delegation())
    plan_and_send(NOW)
    ask_for_links(ana.email, now=SOON)
    return SOON, lambda: Delegate.objects.update(email="corrected@example.org")


def owed_clash_alert() -> tuple[datetime, Change]:
    delegation, staff = released_delegation(), make_staff()
    delegation.history.create(webinar=delegation.webinar, kind="address_clash", at=NOW)
    return SOON, lambda: User.objects.filter(pk=staff.pk).update(is_active=False)


def owed_announcement() -> tuple[datetime, Change]:
    ana, staff = admitted(released_delegation()), make_staff("writer@example.org")
    plan_and_send(NOW)
    details = AnnouncementDetails(
        audience=Audience(), subject_en="Moved", subject_es="Cambio", text_en="See you", text_es="Hasta pronto"
    )
    draft = write_announcement(ana.webinar, details, by=staff, now=NOW)
    send_announcement(draft, version=1, count=1, by=staff, now=NOW)
    return SOON, lambda: withdraw(ana)


def owed_bounce_notice() -> tuple[datetime, Change]:
    ana = admitted(released_delegation())
    a_focal_point(ana.delegation)
    plan_and_send(NOW)
    event = ana.history.create(webinar=ana.webinar, delegation=ana.delegation, kind="bounced", at=NOW)
    make_bounce(Delivery.objects.filter(delegate=ana).earliest("pk"), event=event)
    return SOON, lambda: Delegate.objects.update(email="corrected@example.org")


def owed_test() -> tuple[datetime, Change]:
    staff = make_staff()
    send_test_of_gap_notice(released_delegation("draft"), by=staff, now=NOW)
    return SOON, lambda: User.objects.filter(pk=staff.pk).update(is_staff=False)


# Each function arranges a message of the kind, and returns when it is owed and what makes it wrong then.
ARRANGED: dict[str, Callable[[], tuple[datetime, Change]]] = {
    kind: globals()[f"owed_{kind}"] for kind in DeliveryKind.values
}


@pytest.mark.parametrize("kind", DeliveryKind.values)
def test_a_message_that_is_no_longer_right_when_it_is_to_leave_is_not_sent(kind: str) -> None:
    at, change = ARRANGED[kind]()
    plan(now=at)
    planned = list(Delivery.objects.filter(kind=kind, state=DeliveryState.DUE, may_have_arrived=False))
    before = len(mail.outbox)

    change()
    send_due(clock=lambda: at + HOUR / 2)

    assert planned
    assert {one.state for one in Delivery.objects.filter(pk__in=[one.pk for one in planned])} == {
        DeliveryState.SUPERSEDED
    }
    assert mail.outbox[before:] == []


@pytest.mark.parametrize("kind", DeliveryKind.values)
def test_the_same_message_leaves_where_nothing_changes(kind: str) -> None:
    at, _change = ARRANGED[kind]()
    plan(now=at)
    planned = Delivery.objects.filter(kind=kind, state=DeliveryState.DUE, may_have_arrived=False)
    ids = list(planned.values_list("pk", flat=True))

    send_due(clock=lambda: at + HOUR / 2)

    assert ids
    assert set(Delivery.objects.filter(pk__in=ids).values_list("state", flat=True)) == {DeliveryState.SENT}


@pytest.mark.parametrize("kind", DeliveryKind.values)
def test_what_was_no_longer_right_is_not_owed_again(kind: str) -> None:
    at, change = ARRANGED[kind]()
    plan(now=at)
    planned = list(Delivery.objects.filter(kind=kind, state=DeliveryState.DUE, may_have_arrived=False))
    change()
    send_due(clock=lambda: at + HOUR / 2)

    plan(now=at + HOUR / 2)

    # A message that was never sent frees its key, under which the same could be owed.
    ids, keys = [delivery.pk for delivery in planned], [delivery.key for delivery in planned]
    assert planned
    assert list(Delivery.objects.filter(key__in=keys).exclude(pk__in=ids)) == []


@pytest.mark.parametrize("kind", DeliveryKind.values)
def test_a_second_plan_owes_nothing_more(kind: str) -> None:
    at, _change = ARRANGED[kind]()
    plan(now=at)

    assert plan(now=at).counts == {}


# What the other kinds are built from is loaded for the whole batch. These say how things stand when they leave.
QUERIES_OF_BUILD = {
    "registration": 5,
    "gap_notice": 3,
    "receipt": 3,
    "decision": 5,
    "cannot_come": 1,
    "bounce_notice": 1,
    "links": 2,
    "test": 3,
}


@pytest.mark.parametrize("kind", DeliveryKind.values)
def test_a_claimed_message_is_built_from_what_was_loaded_with_its_batch(
    kind: str, django_assert_max_num_queries: Callable[[int], AbstractContextManager[None]]
) -> None:
    at, _change = ARRANGED[kind]()
    plan(now=at)
    first = message_module(kind).with_related(Delivery.objects.filter(kind=kind, state=DeliveryState.DUE))[0]

    with django_assert_max_num_queries(QUERIES_OF_BUILD.get(kind, 0)):
        message_module(kind).build(first)


def test_a_sender_leaves_the_kinds_of_a_later_version_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    at, _change = owed_cancellation()
    plan(now=at)
    known = [kind for kind in DeliveryKind.values if kind != DeliveryKind.CANCELLATION]
    monkeypatch.setattr(claim, "KNOWN_KINDS", known)

    assert not claim.is_anything_due(now=at)
    assert send_due(clock=lambda: at).sent == 0
    assert set(Delivery.objects.filter(kind=DeliveryKind.CANCELLATION).values_list("state", flat=True)) == {
        DeliveryState.DUE
    }


def test_a_session_that_is_over_cancels_nothing_any_more() -> None:
    ana = admitted(released_delegation())
    plan_and_send(NOW)
    withdraw(ana)
    plan(now=SOON)

    assert send_due(clock=lambda: SESSION_END).sent == 1
    assert send_due(clock=lambda: SESSION_END + 3 * DAY).sent == 0
    states = Delivery.objects.filter(kind=DeliveryKind.CANCELLATION).order_by("session__number").values_list("state")
    assert [state for (state,) in states] == [DeliveryState.SUPERSEDED, DeliveryState.SENT]


def test_a_delegation_that_was_reopened_gets_only_the_mail_about_the_reopening() -> None:
    at, change = owed_decision()
    plan(now=at)

    change()
    plan_and_send(SOON)
    plan_and_send(SOON + HOUR)

    events = Delivery.objects.filter(kind=DeliveryKind.DECISION).order_by("pk").values_list("event__kind", "state")
    assert list(events) == [("accepted_with_gap", "superseded"), ("reopened", "sent")]


def test_not_attending_that_is_taken_back_before_its_mail_leaves_is_mailed_to_nobody() -> None:
    delegation, staff = released_delegation("draft"), make_staff()
    a_focal_point(delegation)
    mark_not_attending(delegation, reason="Elections", by=staff, now=NOW)
    plan(now=NOW)

    mark_attending_again(delegation, by=staff, now=SOON)
    plan_and_send(SOON)
    plan_and_send(SOON + HOUR)

    assert mail.outbox == []


def test_attending_again_is_mailed_where_not_attending_was() -> None:
    delegation, staff = released_delegation("draft"), make_staff()
    a_focal_point(delegation)
    mark_not_attending(delegation, reason="Elections", by=staff, now=NOW)
    plan_and_send(NOW)

    mark_attending_again(delegation, by=staff, now=SOON)
    plan_and_send(SOON)

    events = Delivery.objects.filter(kind=DeliveryKind.DECISION).order_by("pk").values_list("event__kind", "state")
    assert list(events) == [("not_attending", "sent"), ("attending_again", "sent")]


def test_attending_again_is_mailed_where_the_focal_point_had_called_it_off() -> None:
    delegation = released_delegation("draft")
    user = a_focal_point(delegation)
    mark_not_attending(delegation, reason="Elections", by=user, now=NOW)

    mark_attending_again(delegation, by=make_staff(), now=SOON)
    plan_and_send(SOON)

    assert list(Delivery.objects.filter(kind=DeliveryKind.DECISION).values_list("event__kind", flat=True)) == [
        "attending_again"
    ]


def test_an_acceptance_that_waited_while_the_country_did_not_attend_is_mailed_once_it_attends() -> None:
    delegation, staff = released_delegation("submitted"), make_staff()
    user = a_focal_point(delegation)
    accept_delegation(delegation, by=staff, now=NOW, with_gap=True)
    mark_not_attending(delegation, reason="Elections", by=user, now=NOW)
    plan_and_send(SOON)
    before = len(mail.outbox)

    mark_attending_again(delegation, by=user, now=SOON)
    plan_and_send(SOON + HOUR)

    assert (before, len(mail.outbox)) == (0, 1)
    assert Delivery.objects.get(kind=DeliveryKind.DECISION, state=DeliveryState.SENT).event.kind == "accepted_with_gap"
