from datetime import timedelta

import pytest

from registrations.models import Delegate, Delivery, DeliveryKind, DeliveryState
from registrations.services.announcements import send_announcement
from registrations.services.deliveries import send_invitations_again
from tests.factories import make_announcement, make_bounce, make_staff, make_user
from tests.registrations.services.deliveries import (
    SOON,
    admitted,
    move_session,
    plan_and_send,
    sent_by,
)
from tests.registrations.services.reminding import HOUR_BEFORE, MINUTE, invited, recipients, remind

pytestmark = pytest.mark.django_db


def bounce_of(person: Delegate) -> None:
    """The first invitation of `person` comes back, since there is no such mailbox."""
    make_bounce(Delivery.objects.filter(delegate=person, kind=DeliveryKind.INVITATION).earliest("pk"))


def states(kind: DeliveryKind) -> list[str]:
    return list(Delivery.objects.filter(kind=kind).order_by("pk").values_list("state", flat=True))


def test_a_reminder_to_an_address_that_is_wrong_is_held():
    bounce_of(invited(email="wrong@example.org"))
    remind()

    assert recipients(HOUR_BEFORE) == []
    assert states(DeliveryKind.REMINDER) == [DeliveryState.HELD]


def test_an_announcement_to_an_address_that_is_wrong_is_held_and_the_others_get_it():
    person, staff = invited(email="wrong@example.org"), make_staff()
    admitted(person.delegation, email="right@example.org")
    plan_and_send()
    bounce_of(person)
    announcement = make_announcement(person.webinar, by=staff)

    send_announcement(announcement, version=announcement.version, count=2, by=staff, now=SOON)

    assert recipients(SOON + MINUTE) == ["right@example.org"]
    assert states(DeliveryKind.ANNOUNCEMENT) == [DeliveryState.HELD, DeliveryState.SENT]


def test_what_is_held_goes_to_the_corrected_address():
    person, staff = invited(email="wrong@example.org"), make_staff()
    bounce_of(person)
    announcement = make_announcement(person.webinar, by=staff)
    send_announcement(announcement, version=announcement.version, count=1, by=staff, now=SOON)
    plan_and_send(SOON + MINUTE)

    Delegate.objects.filter(pk=person.pk).update(email="right@example.org")

    sent = [message.to[0] for message in sent_by(SOON + 2 * MINUTE) if message.subject == "The room has moved"]
    assert [address.partition("<")[2] for address in sent] == ["right@example.org>"]


def test_what_is_held_is_sent_once_somebody_sends_to_the_address_on_purpose():
    person = invited(email="right.after.all@example.org")
    bounce_of(person)
    remind()
    plan_and_send(HOUR_BEFORE)

    send_invitations_again(person, by=make_user(), now=HOUR_BEFORE + MINUTE)

    plan_and_send(HOUR_BEFORE + 2 * MINUTE)
    assert states(DeliveryKind.REMINDER) == [DeliveryState.SENT]


@pytest.mark.parametrize("reason", ["mailbox_full", "policy", "temporary"])
def test_another_reason_than_a_wrong_address_holds_nothing(reason):
    person = invited()
    make_bounce(Delivery.objects.filter(delegate=person).earliest("pk"), reason=reason)
    remind()

    assert recipients(HOUR_BEFORE) == [person.email]


def test_updates_and_cancellations_go_to_an_address_that_is_wrong():
    person = invited(email="wrong@example.org")
    bounce_of(person)

    move_session(person.webinar, 1, hours=1)
    assert recipients(SOON + MINUTE) == ["wrong@example.org"]

    Delegate.objects.filter(pk=person.pk).update(email="right@example.org")
    updated = sent_by(SOON + timedelta(minutes=2))
    assert {(one.to[0].partition("<")[2] or one.to[0]).rstrip(">") for one in updated} == {
        "right@example.org",
        "wrong@example.org",
    }
