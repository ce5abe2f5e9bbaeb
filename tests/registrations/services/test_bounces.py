from datetime import timedelta

import pytest
from django.core import mail

from registrations.models import (
    Bounce,
    BounceAction,
    BounceReason,
    Delegate,
    Delivery,
    DeliveryKind,
    DeliveryState,
    HistoryEvent,
    HistoryKind,
)
from registrations.services.bounces import RETRIES_OF_FULL_MAILBOX, find_delivery, record_bounce
from registrations.services.deliveries import send_invitations_again, stop_deliveries
from registrations.services.inbox.bounces import BounceReport
from tests.factories import (
    FIRST_START,
    make_focal_point,
    make_incoming_mail,
    make_message,
    make_staff,
    make_user,
)
from tests.registrations.services.deliveries import SOON, move_session, plan_and_send, sent_by
from tests.registrations.services.reminding import MINUTE, invited

pytestmark = pytest.mark.django_db
LATER = SOON + 10 * MINUTE


def report(
    action: BounceAction = BounceAction.FAILED,
    reason: BounceReason = BounceReason.UNKNOWN_ADDRESS,
    *,
    tokens: tuple[str, ...] = (),
    message_ids: tuple[str, ...] = (),
) -> BounceReport:
    return BounceReport(
        action=action, reason=reason, status="5.1.1", tokens=tokens, message_ids=message_ids, addresses=()
    )


def invitation_of(person: Delegate) -> Delivery:
    return Delivery.objects.filter(delegate=person, kind=DeliveryKind.INVITATION).earliest("pk")


def came_back(delivery: Delivery, found: BounceReport | None = None, now=LATER) -> Bounce | None:
    """Record that `delivery`, as it was last sent, came back; return what is stored of it."""
    delivery.refresh_from_db()
    found = found or report()
    record_bounce(make_incoming_mail(), delivery, found, message_id=delivery.message_id, now=now)
    delivery.refresh_from_db()
    return Bounce.objects.filter(delivery=delivery).first()


def notices(now=LATER) -> list[str]:
    """The recipients of the notices that leave at `now`."""
    sent = Delivery.objects.filter(kind=DeliveryKind.BOUNCE_NOTICE, state=DeliveryState.SENT)
    before = list(sent.values_list("pk", flat=True))
    plan_and_send(now)
    return sorted(sent.exclude(pk__in=before).values_list("email", flat=True))


def token_of(delivery: Delivery) -> str:
    return delivery.message_id.strip("<>").partition("@")[0]


def test_a_bounce_is_known_by_its_token_before_its_message_ids():
    person = invited()
    first, second = Delivery.objects.filter(delegate=person).order_by("pk")
    found = report(tokens=(token_of(second),), message_ids=(first.message_id,))

    assert find_delivery(found, domain="example.org") == (second, second.message_id)


def test_a_forged_token_proves_nothing_and_the_first_message_id_that_is_ours_counts():
    invitation = invitation_of(invited())
    forged = report(tokens=("0" * 32 + ".0",), message_ids=("<other@example.com>", invitation.message_id))

    assert find_delivery(forged, domain="example.org") == (invitation, invitation.message_id)
    assert find_delivery(report(tokens=("0" * 32 + ".0",)), domain="example.org") == (None, "")
    assert find_delivery(report(), domain="example.org") == (None, "")


def test_a_delivery_that_failed_came_back_and_the_person_has_a_wrong_address():
    invitation = invitation_of(invited(email="Wrong@example.org"))

    bounce = came_back(invitation)

    assert (bounce.address, bounce.action, bounce.reason) == ("wrong@example.org", "failed", "unknown_address")
    assert invitation.state == DeliveryState.BOUNCED
    assert list(Bounce.objects.of_wrong_addresses().current()) == [bounce]


def test_a_delay_is_a_note_and_a_delivery_after_it_ends_it():
    invitation = invitation_of(invited())

    delayed = came_back(invitation, report(BounceAction.DELAYED, BounceReason.TEMPORARY))
    assert (delayed.action, invitation.state) == ("delayed", "sent")

    delivered = came_back(invitation, report(BounceAction.DELIVERED, BounceReason.OTHER))
    assert (delivered.action, invitation.state) == ("delivered", "sent")
    assert not Bounce.objects.unresolved().exists()


@pytest.mark.parametrize("later", [BounceAction.DELAYED, BounceAction.DELIVERED, BounceAction.FAILED])
def test_of_several_reports_about_one_sending_the_failure_stays(later):
    invitation = invitation_of(invited())
    first = came_back(invitation)

    again = came_back(invitation, report(later, BounceReason.POLICY), now=LATER + MINUTE)

    assert (again.action, again.reason, again.reported_at) == ("failed", "unknown_address", LATER)
    assert again.mail == first.mail
    assert HistoryEvent.objects.filter(kind=HistoryKind.BOUNCED).count() == 1


def test_a_report_about_an_earlier_sending_changes_nothing():
    person = invited()
    invitation = invitation_of(person)
    earlier = invitation.message_id
    send_invitations_again(person, by=make_user(), now=LATER)

    for _still_waiting_then_sent in range(2):
        invitation.refresh_from_db()
        record_bounce(make_incoming_mail(), invitation, report(), message_id=earlier, now=LATER + MINUTE)
        plan_and_send(LATER + MINUTE)

    assert not Bounce.objects.exists()


def test_the_country_is_told_once_per_address_and_day():
    person = invited(email="wrong@example.org")
    focal_point = make_focal_point(person.delegation.body)
    first, second = Delivery.objects.filter(delegate=person).order_by("pk")

    came_back(first)
    assert notices() == [focal_point.user.email]
    came_back(second)
    assert notices(LATER + MINUTE) == []

    send_invitations_again(person, by=make_user(), now=LATER + timedelta(days=1))
    plan_and_send(LATER + timedelta(days=1))
    came_back(first, now=LATER + timedelta(days=1, minutes=1))
    assert notices(LATER + timedelta(days=1, minutes=1)) == [focal_point.user.email]


def test_the_notice_names_the_person_the_reason_and_where_to_correct_it():
    person = invited(email="wrong@example.org", name="Ana Paz")
    make_focal_point(person.delegation.body, make_user(language="en"))
    came_back(invitation_of(person))

    (notice,) = sent_by(LATER)

    assert "A message to Ana Paz (wrong@example.org) came back to us." in notice.body
    assert "There is no mailbox with this address." in notice.body
    assert f"{person.delegation.get_absolute_url()}#delegate-{person.pk}" in notice.body


def test_a_notice_is_dropped_once_the_address_was_corrected():
    person = invited(email="wrong@example.org")
    make_focal_point(person.delegation.body)
    came_back(invitation_of(person))

    Delegate.objects.filter(pk=person.pk).update(email="right@example.org")

    assert notices() == []


def test_without_a_focal_point_the_secretariat_is_told():
    staff = make_staff()
    came_back(invitation_of(invited()))

    assert notices() == [staff.email]


def test_what_our_server_did_wrong_is_told_to_staff_once_per_webinar_and_day():
    person, staff = invited(), make_staff()
    make_focal_point(person.delegation.body)
    first, second = Delivery.objects.filter(delegate=person).order_by("pk")

    came_back(first, report(reason=BounceReason.POLICY))
    came_back(second, report(reason=BounceReason.CONTENT_REFUSED))

    assert notices() == [staff.email]
    assert set(HistoryEvent.objects.filter(kind=HistoryKind.BOUNCED).values_list("delegation", "delegate")) == {
        (None, None)
    }


def test_a_notice_that_came_back_is_told_to_staff_and_theirs_to_nobody():
    person, staff = invited(email="wrong@example.org"), make_staff()
    make_focal_point(person.delegation.body)
    came_back(invitation_of(person))
    notices()

    came_back(Delivery.objects.get(kind=DeliveryKind.BOUNCE_NOTICE), now=LATER + MINUTE)
    assert notices(LATER + MINUTE) == [staff.email]

    to_staff = Delivery.objects.get(kind=DeliveryKind.BOUNCE_NOTICE, user=staff)
    came_back(to_staff, now=LATER + 2 * MINUTE)
    assert notices(LATER + 2 * MINUTE) == []
    assert to_staff.state == DeliveryState.BOUNCED


def test_a_bounce_of_an_older_address_touches_nothing():
    person = invited(email="wrong@example.org")
    make_focal_point(person.delegation.body)
    old = invitation_of(person)
    Delegate.objects.filter(pk=person.pk).update(email="right@example.org")
    plan_and_send()

    came_back(old)

    assert notices() == []
    assert not Bounce.objects.current().exists()
    assert set(Delivery.objects.filter(email="right@example.org").values_list("state", flat=True)) == {"sent"}


def test_the_corrected_address_gets_the_invitation_at_once():
    person = invited(email="wrong@example.org")
    came_back(invitation_of(person))

    Delegate.objects.filter(pk=person.pk).update(email="right@example.org")
    mail.outbox.clear()
    plan_and_send(LATER)

    assert "right@example.org" in {one.to[0].rpartition("<")[2].rstrip(">") for one in mail.outbox}


FULL = report(reason=BounceReason.MAILBOX_FULL)


def test_a_full_mailbox_is_tried_again_later_and_three_times():
    person = invited()
    make_focal_point(person.delegation.body)
    invitation, now = invitation_of(person), LATER
    message_ids = {invitation.message_id}

    for wait in RETRIES_OF_FULL_MAILBOX:
        bounce = came_back(invitation, FULL, now=now)
        assert (invitation.state, bounce.retry_at) == (DeliveryState.BOUNCED, now + wait)
        assert list(Bounce.objects.unresolved()) == [bounce]
        assert notices(now + wait - MINUTE) == []
        now += wait
        plan_and_send(now)
        invitation.refresh_from_db()
        assert invitation.state == DeliveryState.SENT
        message_ids.add(invitation.message_id)
        assert not Bounce.objects.unresolved().exists()

    assert came_back(invitation, FULL, now=now).retry_at is None
    assert len(notices(now)) == 1
    assert len(message_ids) == 4


def test_a_full_mailbox_is_not_tried_again_with_a_message_that_is_no_longer_the_latest():
    person = invited()
    invitation = invitation_of(person)
    move_session(person.webinar, 1, hours=1)
    plan_and_send(LATER)

    assert came_back(invitation, FULL).retry_at is None


def test_a_retry_that_a_newer_message_overtook_does_not_leave_and_delays_nothing():
    person = invited()
    invitation = invitation_of(person)
    bounce = came_back(invitation, FULL)
    move_session(person.webinar, 1, hours=1, now=LATER)

    assert len(sent_by(LATER + MINUTE)) == 1
    plan_and_send(bounce.retry_at)

    invitation.refresh_from_db()
    assert (invitation.state, invitation.resend_count) == (DeliveryState.BOUNCED, 0)
    assert not Bounce.objects.unresolved().exists()


def test_a_full_mailbox_is_told_at_once_where_a_retry_would_come_too_late():
    person = invited()
    make_focal_point(person.delegation.body)
    shortly_before = FIRST_START - timedelta(hours=3)

    assert came_back(invitation_of(person), FULL, now=shortly_before).retry_at is None
    assert len(notices(shortly_before)) == 1


def test_a_message_that_waits_for_its_retry_can_be_sent_again_at_once():
    person = invited()
    bounce = came_back(invitation_of(person), FULL)

    assert send_invitations_again(person, by=make_user(), now=LATER + MINUTE) == 1
    plan_and_send(LATER + MINUTE)
    plan_and_send(bounce.retry_at)

    invitation = invitation_of(person)
    assert (invitation.state, invitation.resend_count) == (DeliveryState.SENT, 1)


def test_a_message_that_is_stopped_before_it_is_sent_again_has_still_come_back():
    person, staff = invited(email="wrong@example.org"), make_staff()
    invitation = invitation_of(person)
    bounce = came_back(invitation)
    send_invitations_again(person, by=staff, now=LATER + MINUTE)

    stop_deliveries([invitation.pk], by=staff, now=LATER + MINUTE)

    invitation.refresh_from_db()
    assert invitation.state == DeliveryState.BOUNCED
    assert list(Bounce.objects.of_wrong_addresses()) == [bounce]


def test_a_message_that_came_back_twice_says_so_after_the_second_time():
    """The first report came before the worker that died had recorded its sending."""
    invitation = invitation_of(invited())
    Delivery.objects.filter(pk=invitation.pk).update(state=DeliveryState.DUE)
    came_back(invitation)
    Delivery.objects.filter(pk=invitation.pk).update(state=DeliveryState.SENT)

    came_back(invitation, now=LATER + MINUTE)

    assert invitation.state == DeliveryState.BOUNCED


def test_nobody_is_told_of_mail_to_a_person_who_left():
    person = invited()
    make_focal_point(person.delegation.body)
    Delegate.objects.filter(pk=person.pk).update(status="withdrawn", withdrawn_at=LATER)

    came_back(invitation_of(person))

    assert notices() == []


def test_the_country_is_not_told_after_the_webinar():
    person = invited()
    make_focal_point(person.delegation.body)
    afterwards = FIRST_START + timedelta(days=3)

    came_back(invitation_of(person), now=afterwards)

    assert notices(afterwards) == []


def test_staff_are_told_of_each_focal_points_address():
    person, staff = invited(), make_staff()
    users = [make_focal_point(person.delegation.body).user for _ in range(2)]
    came_back(invitation_of(person), report(reason=BounceReason.POLICY))

    for user in users:
        came_back(make_message(f"notice {user.pk}", user=user, email=user.email, state="sent", message_id="<a.0@b>"))

    assert notices() == [staff.email] * 3


def test_a_bounce_after_the_personal_data_ended_stores_nothing():
    invitation = invitation_of(invited())
    Delivery.objects.filter(pk=invitation.pk).update(email="1@anonymised.invalid")

    assert came_back(invitation) is None


def test_a_message_id_without_a_number_is_of_the_first_sending():
    invitation = invitation_of(invited())
    Delivery.objects.filter(pk=invitation.pk).update(message_id="<old@example.org>")

    assert came_back(invitation).resend_count == 0


def test_a_bounce_while_the_message_is_being_sent_again_is_noted_and_stops_nothing():
    invitation = invitation_of(invited())
    Delivery.objects.filter(pk=invitation.pk).update(state=DeliveryState.DUE)

    bounce = came_back(invitation)

    assert invitation.state == DeliveryState.DUE
    assert bounce.action == "failed"
