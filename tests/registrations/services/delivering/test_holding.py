from datetime import timedelta

import pytest

from registrations.models import Delegate, Delivery, DeliveryKind, DeliveryState
from registrations.services.announcements import send_announcement
from registrations.services.deliveries import resend_deliveries, send_invitations_again
from registrations.services.delivering.plan import plan
from registrations.services.delivering.send import send_due
from sessions_app.releases import release_webinar
from tests.factories import make_announcement, make_bounce, make_delegation, make_staff, make_user, make_webinar
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


def held_announcement(person: Delegate) -> None:
    """An announcement to `person` is held."""
    staff = make_staff("writer@example.org")
    announcement = make_announcement(person.webinar, by=staff)
    count = Delegate.objects.to_be_mailed().filter(webinar=person.webinar).count()
    send_announcement(announcement, version=announcement.version, count=count, by=staff, now=SOON)
    plan_and_send(SOON + MINUTE)
    assert DeliveryState.HELD in states(DeliveryKind.ANNOUNCEMENT)


def test_what_is_held_waits_until_the_secretariat_releases_the_mail_of_the_person():
    person = invited(email="wrong@example.org")
    bounce_of(person)
    held_announcement(person)

    Delegate.objects.filter(pk=person.pk).update(email="outsider@example.net", mail_held_at=SOON)
    plan_and_send(SOON + 2 * MINUTE)
    assert states(DeliveryKind.ANNOUNCEMENT) == [DeliveryState.HELD]

    Delegate.objects.filter(pk=person.pk).update(mail_held_at=None)
    plan_and_send(SOON + 3 * MINUTE)
    assert states(DeliveryKind.ANNOUNCEMENT) == [DeliveryState.SENT]


def test_what_is_held_waits_until_a_correction_can_no_longer_be_undone():
    person = invited(email="wrong@example.org")
    bounce_of(person)
    held_announcement(person)
    Delegate.objects.filter(pk=person.pk).update(email="typo@example.org", mail_not_before=SOON + 3 * MINUTE)

    plan_and_send(SOON + 2 * MINUTE)
    assert states(DeliveryKind.ANNOUNCEMENT) == [DeliveryState.HELD]
    plan_and_send(SOON + 3 * MINUTE)
    assert states(DeliveryKind.ANNOUNCEMENT) == [DeliveryState.SENT]


@pytest.mark.parametrize("later", [timedelta(days=7, minutes=1), timedelta(days=60)], ids=["a week", "after the end"])
def test_what_was_held_for_long_is_dropped(later):
    person = invited(email="wrong@example.org")
    bounce_of(person)
    held_announcement(person)
    Delegate.objects.filter(pk=person.pk).update(email="right@example.org")

    plan_and_send(SOON + later)

    assert states(DeliveryKind.ANNOUNCEMENT) == [DeliveryState.SUPERSEDED]


def test_mail_of_another_webinar_says_nothing_of_an_address():
    person = invited(email="both@example.org")
    elsewhere = make_webinar("other")
    release_webinar(elsewhere, by=None, now=SOON)
    admitted(make_delegation(elsewhere, person.delegation.body, status="accepted"), email="both@example.org")
    plan_and_send()
    bounce_of(person)
    staff = make_staff()
    announcement = make_announcement(elsewhere, by=staff)

    send_announcement(announcement, version=announcement.version, count=1, by=staff, now=SOON)
    plan_and_send(SOON + MINUTE)

    assert states(DeliveryKind.ANNOUNCEMENT) == [DeliveryState.SENT]


def test_a_batch_that_is_held_whole_keeps_nobody_from_getting_theirs():
    person = invited(email="wrong@example.org")
    right = admitted(person.delegation, email="right@example.org")
    plan_and_send()
    bounce_of(person)
    staff = make_staff()
    announcement = make_announcement(person.webinar, by=staff)
    send_announcement(announcement, version=announcement.version, count=2, by=staff, now=SOON)
    plan(now=SOON)

    assert send_due(clock=lambda: SOON + MINUTE, batch_size=1).sent == 1

    assert Delivery.objects.get(kind=DeliveryKind.ANNOUNCEMENT, state=DeliveryState.SENT).delegate == right


def test_staff_may_send_what_is_held_which_takes_the_address_for_right():
    person, staff = invited(email="right.after.all@example.org"), make_staff()
    bounce_of(person)
    held_announcement(person)
    (held,) = Delivery.objects.filter(state=DeliveryState.HELD)

    assert resend_deliveries([held.pk], by=staff, now=SOON + 2 * MINUTE) == 1
    plan_and_send(SOON + 2 * MINUTE)

    assert states(DeliveryKind.ANNOUNCEMENT) == [DeliveryState.SENT]
