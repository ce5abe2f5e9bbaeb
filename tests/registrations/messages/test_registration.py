"""Each focal point is asked once, by mail, to register each delegation (rules 12, 14 and 18)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registrations.messages import registration
from registrations.models import Delegation, Delivery, DeliveryState, FocalPoint, RegistrationPolicy, User
from registrations.services.deliveries import RESEND_PAUSE, resend_deliveries, stop_deliveries
from registrations.services.delivering.plan import plan
from registrations.services.delivering.send import send_due
from registrations.services.focal_points import appoint_focal_point, remove_focal_point
from sessions_app.models import Webinar
from sessions_app.releases import release_webinar
from tests.factories import NOW, make_country, make_delegation, make_staff, make_user, make_webinar
from tests.registrations.services.deliveries import SOON, released_delegation, sent_by

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
LATER = SOON + MINUTE


@pytest.fixture
def honduras() -> Delegation:
    return released_delegation("draft")


@pytest.fixture
def ana(honduras: Delegation) -> FocalPoint:
    return appoint_focal_point(honduras.body, email="ana@example.org", name="Ana Ejemplo", language="en")


def recipients() -> list[str]:
    """Who is written to in the minute after the planner noticed."""
    plan(now=SOON)
    return [message.to[0] for message in sent_by(LATER)]


def test_an_appointed_focal_point_is_asked_once(ana: FocalPoint) -> None:
    assert recipients() == ["Ana Ejemplo <ana@example.org>"]
    assert recipients() == []
    assert sent_by(LATER + timedelta(days=3)) == []


def test_an_appointment_is_held_back_so_that_a_wrong_address_can_be_removed(ana: FocalPoint) -> None:
    plan(now=SOON)

    at_once = sent_by(SOON + timedelta(seconds=19))
    remove_focal_point(ana, now=SOON + timedelta(seconds=19))

    assert (at_once, sent_by(LATER)) == ([], [])
    assert Delivery.objects.get().state == DeliveryState.SUPERSEDED


def test_each_focal_point_is_asked_and_each_delegation_has_its_mail(ana: FocalPoint, honduras: Delegation) -> None:
    appoint_focal_point(honduras.body, email="luis@example.org")
    appoint_focal_point(make_country("PA"), email="eva@example.org")
    second = make_webinar("second")
    release_webinar(second, by=None, now=NOW)
    make_delegation(second, honduras.body)

    assert sorted(recipients()) == ["Ana Ejemplo <ana@example.org>"] * 2 + ["luis@example.org"] * 2


def test_a_focal_point_who_is_appointed_anew_is_invited_anew(ana: FocalPoint, honduras: Delegation) -> None:
    recipients()
    remove_focal_point(ana, now=LATER)
    appoint_focal_point(honduras.body, email="ana@example.org")

    assert recipients() == ["Ana Ejemplo <ana@example.org>"]


def before_registration_opens(delegation: Delegation) -> None:
    RegistrationPolicy.objects.update(opens_at=LATER + MINUTE)


def without_registration(delegation: Delegation) -> None:
    RegistrationPolicy.objects.all().delete()


def webinar_cancelled(delegation: Delegation) -> None:
    Webinar.objects.update(cancelled_at=NOW)


def everything_over(delegation: Delegation) -> None:
    delegation.webinar.sessions.update(starts_at=NOW - timedelta(days=2))
    release_webinar(delegation.webinar, by=None, now=NOW)


def not_attending(delegation: Delegation) -> None:
    Delegation.objects.update(status="not_attending")


def account_closed(delegation: Delegation) -> None:
    User.objects.update(is_active=False)


NOBODY_IS_ASKED = [
    before_registration_opens, without_registration, webinar_cancelled, everything_over, not_attending, account_closed
]  # fmt: skip


@pytest.mark.parametrize("end", NOBODY_IS_ASKED)
def test_nobody_is_asked_for_what_cannot_be_registered(
    ana: FocalPoint, honduras: Delegation, end: Callable[[Delegation], None]
) -> None:
    end(honduras)

    assert recipients() == []
    assert not Delivery.objects.exists()


def test_nobody_is_asked_before_the_first_release(db: None) -> None:
    delegation = make_delegation()
    appoint_focal_point(delegation.body, email="ana@example.org")

    assert recipients() == []
    release_webinar(delegation.webinar, by=None, now=SOON)
    assert recipients() == ["ana@example.org"]


@pytest.mark.parametrize("end", [webinar_cancelled, everything_over, not_attending, account_closed])
def test_what_ends_between_plan_and_sending_sends_nothing(
    ana: FocalPoint, honduras: Delegation, end: Callable[[Delegation], None]
) -> None:
    registration.owed(now=SOON)
    end(honduras)

    send_due(clock=lambda: LATER)

    assert Delivery.objects.get().state == DeliveryState.SUPERSEDED


def test_an_address_that_is_corrected_before_the_mail_leaves_gets_it(ana: FocalPoint) -> None:
    plan(now=SOON)
    User.objects.update(email="correct@example.org")

    assert [message.to for message in sent_by(LATER)] == [["Ana Ejemplo <correct@example.org>"]]
    assert Delivery.objects.get().email == "correct@example.org"


def test_a_delegation_that_attends_after_all_is_invited_to_register(ana: FocalPoint, honduras: Delegation) -> None:
    plan(now=SOON)
    not_attending(honduras)
    send_due(clock=lambda: LATER)
    Delegation.objects.update(status="draft")
    plan(now=LATER)

    assert [message.to for message in sent_by(LATER + MINUTE)] == [["Ana Ejemplo <ana@example.org>"]]


def test_after_registration_has_closed_a_new_focal_point_is_still_asked(ana: FocalPoint) -> None:
    RegistrationPolicy.objects.update(closes_at=SOON)

    assert recipients() == ["Ana Ejemplo <ana@example.org>"]


def test_the_secretariat_sends_it_again_after_a_pause_and_stops_it(ana: FocalPoint) -> None:
    recipients()
    (first,), staff = Delivery.objects.all(), make_staff()

    assert resend_deliveries([first.pk], by=staff, now=LATER + MINUTE) == 0
    again = LATER + RESEND_PAUSE
    assert resend_deliveries([first.pk], by=staff, now=again) == 1
    assert resend_deliveries([first.pk], by=staff, now=again) == 0
    assert stop_deliveries([first.pk], by=staff, now=again) == 1
    assert resend_deliveries([first.pk], by=staff, now=again) == 1
    (message,) = sent_by(again)
    first.refresh_from_db()
    assert (first.resend_count, message.extra_headers["Message-ID"]) == (2, first.message_id)


def test_the_planner_asks_three_questions_however_many_there_are(honduras: Delegation) -> None:
    with CaptureQueriesContext(connection) as none:
        registration.owed(now=SOON)
    for code in ("PA", "GT", "CR", "MX"):
        make_delegation(honduras.webinar, make_country(code))
    for delegation in Delegation.objects.all():
        FocalPoint.objects.create(body=delegation.body, user=make_user())

    with CaptureQueriesContext(connection) as many:
        planned = registration.owed(now=SOON)
    with CaptureQueriesContext(connection) as known:
        registration.owed(now=SOON)

    assert planned == 5
    # One more that inserts what is new.
    assert (len(none), len(many), len(known)) == (2, 4, 3)
