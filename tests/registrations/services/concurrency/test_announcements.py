"""Two people of the secretariat confirm at the same moment, on PostgreSQL with real locks."""

from functools import partial

import pytest

from registrations.models import Announcement, Delivery, DeliveryKind, GapReminder
from registrations.services.announcements import send_announcement
from registrations.services.gap_reminders import remind_countries
from tests.factories import NOW, make_announcement, make_focal_point, make_staff
from tests.races import ROUNDS, kinds_of, two_writers
from tests.registrations.services.deliveries import admitted, released_delegation

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_of_two_who_send_an_announcement_one_does():
    delegation, staff = released_delegation(), make_staff()
    admitted(delegation)

    with two_writers() as race:
        for round_ in range(1, ROUNDS // 4 + 1):
            draft = make_announcement(delegation.webinar, by=staff)
            send = partial(send_announcement, draft, version=1, count=1, by=staff, now=NOW)

            outcomes = race(send, send)

            assert kinds_of(outcomes) == ["NotPossibleNow", "done"]
            assert Delivery.objects.filter(kind=DeliveryKind.ANNOUNCEMENT).count() == round_
    assert not Announcement.objects.filter(confirmed_at=None).exists()


def test_of_two_who_remind_the_countries_the_second_is_told_of_the_first():
    delegation, staff = released_delegation("draft"), make_staff()
    make_focal_point(delegation.body)

    with two_writers() as race:
        for _ in range(ROUNDS // 4):
            Delivery.objects.filter(kind=DeliveryKind.GAP_NOTICE).delete()
            GapReminder.objects.all().delete()
            remind = partial(
                remind_countries,
                delegation.webinar,
                delegations=[delegation.pk],
                count=1,
                is_meant_again=False,
                by=staff,
                now=NOW,
            )

            outcomes = race(remind, remind)

            assert kinds_of(outcomes) == ["RuleBroken", "done"]
            assert GapReminder.objects.count() == 1
