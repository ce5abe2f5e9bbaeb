"""Two people press at the same moment, on PostgreSQL with real locks."""

import time
from functools import partial
from threading import Event

import pytest
from django.db import transaction

from registrations.models import Delivery, DeliveryState, HistoryEvent
from registrations.services.deliveries import resend_deliveries, send_invitations_again, stop_deliveries
from registrations.services.delivering.plan import plan
from registrations.services.nominations import withdraw_delegate
from registrations.services.nominations.undoing import restore_delegate
from tests.factories import make_staff, make_user
from tests.races import ROUNDS, kinds_of, two_writers
from tests.registrations.services.deliveries import SOON, admitted, move_session, plan_and_send, released_delegation

END = {"mail_stopped": "stopped", "mail_sent_again": "due"}

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_of_two_who_send_again_one_does_and_the_history_says_so_once():
    ana, user = admitted(released_delegation()), make_user()
    plan_and_send()

    with two_writers() as race:
        for _ in range(ROUNDS // 4):
            Delivery.objects.update(state=DeliveryState.FAILED)
            HistoryEvent.objects.all().delete()
            again = partial(send_invitations_again, ana, by=user, now=SOON)

            outcomes = race(again, again)

            assert kinds_of(outcomes) == ["NotPossibleNow", "done"]
            assert HistoryEvent.objects.count() == 1


def test_what_one_stops_and_another_sends_again_ends_as_the_last_one_says():
    admitted(released_delegation())
    plan_and_send()
    staff = make_staff()
    deliveries = list(Delivery.objects.values_list("pk", flat=True))

    with two_writers() as race:
        for _ in range(ROUNDS // 4):
            Delivery.objects.update(state=DeliveryState.FAILED, sent_at=None)

            stopped, resent = race(
                partial(stop_deliveries, deliveries, by=staff, now=SOON),
                partial(resend_deliveries, deliveries, by=staff, now=SOON),
            )

            last = HistoryEvent.objects.order_by("-pk").values_list("kind", flat=True)[0]
            assert (stopped, resent) == (2, 2)
            assert set(Delivery.objects.values_list("state", flat=True)) == {END[last]}


def test_sending_again_what_waits_for_a_planner_sees_what_it_planned():
    delegation = released_delegation()
    bob, ana, staff = admitted(delegation), admitted(delegation), make_staff()
    plan_and_send()
    refused = Delivery.objects.get(delegate=bob, session__number=1)
    Delivery.objects.filter(pk=refused.pk).update(state=DeliveryState.FAILED, may_have_arrived=False, sent_at=None)
    withdraw_delegate(ana, version=1, by=staff, now=SOON, reason="Ill")
    plan(now=SOON)
    cancel = Delivery.objects.get(ical_method="CANCEL", session__number=1)
    stop_deliveries([cancel.pk], by=staff, now=SOON)
    ana.refresh_from_db()
    restore_delegate(ana, by=staff, now=SOON)
    move_session(delegation.webinar, 1, hours=1)
    planned, waits = Event(), Event()

    def planner():
        with transaction.atomic():
            plan(now=SOON)
            planned.set()
            # Nobody can say that it waits already: it began, and has nothing else to do.
            waits.wait(timeout=10)
            time.sleep(0.5)

    def sends_again():
        planned.wait(timeout=10)
        waits.set()
        return resend_deliveries([refused.pk, cancel.pk], by=staff, now=SOON)

    with two_writers() as race:
        _nothing, count = race(planner, sends_again)

    assert count == 0
    assert Delivery.objects.get(pk=cancel.pk).state == DeliveryState.STOPPED
    newest = Delivery.objects.filter(delegate=ana, session__number=1).order_by("-ical_sequence")[0]
    assert (newest.ical_method, newest.state) == ("REQUEST", DeliveryState.DUE)
