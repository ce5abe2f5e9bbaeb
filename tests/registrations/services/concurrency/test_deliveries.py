"""Two people press at the same moment, on PostgreSQL with real locks."""

from functools import partial

import pytest

from registrations.models import Delivery, DeliveryState, HistoryEvent
from registrations.services.deliveries import resend_deliveries, send_invitations_again, stop_deliveries
from tests.factories import make_staff, make_user
from tests.races import ROUNDS, kinds_of, two_writers
from tests.registrations.services.deliveries import SOON, admitted, plan_and_send, released_delegation

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
