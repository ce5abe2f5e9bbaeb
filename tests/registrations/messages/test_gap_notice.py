from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registrations.messages import gap_notice
from registrations.models import (
    Delegate,
    Delegation,
    Delivery,
    DeliveryKind,
    DeliveryState,
    FocalPoint,
    GapNoticeRule,
    Quota,
    RegistrationPolicy,
    User,
)
from registrations.services.delegations import waive_seats
from registrations.services.delivering.plan import plan
from registrations.services.delivering.send import send_due
from sessions_app.models import Webinar
from sessions_app.releases import release_webinar
from tests.factories import (
    NOW,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_gap_notice_rule,
    make_letter,
    make_organisation,
    make_profiles,
    make_quotas,
    make_staff,
    make_webinar,
)
from tests.registrations.services.deliveries import sent_by

pytestmark = pytest.mark.django_db
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
# Registration closes on Fri 6 Nov, 09:00 in San José; five days before is Sunday.
CLOSES = NOW + 11 * DAY
FIVE_BEFORE = datetime(2026, 11, 1, 15, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)


@pytest.fixture
def honduras() -> Delegation:
    """A draft that lacks one of border control and both prosecutors, at a released webinar with a rule of 5 days."""
    webinar = make_webinar()
    make_quotas(webinar)
    release_webinar(webinar, by=None, now=NOW)
    make_gap_notice_rule(webinar, 5)
    delegation = make_delegation(webinar, make_country("HN", name_en="Honduras"))
    make_focal_point(delegation.body, make_user_of("honduras"))
    for profile in ("immigration-control", "investigation-units"):
        name_two(delegation, profile)
    make_delegate(delegation, "border-control")
    return delegation


def make_user_of(country: str) -> User:
    return User.objects.create_user(f"focal.{country}@example.org", language="en")


def name_two(delegation: Delegation, profile: str) -> None:
    make_delegate(delegation, profile)
    make_delegate(delegation, profile)


def close_the_gaps(delegation: Delegation) -> None:
    name_two(delegation, "prosecutors")
    make_delegate(delegation, "border-control")


def subjects(now: datetime) -> list[str]:
    return [message.subject for message in sent_by(now)]


def recipients(now: datetime) -> list[str]:
    return sorted(message.to[0] for message in sent_by(now))


def states() -> list[str]:
    return list(Delivery.objects.filter(kind=DeliveryKind.GAP_NOTICE).order_by("pk").values_list("state", flat=True))


def reopen_the_gaps(delegation: Delegation) -> None:
    Delegate.objects.filter(delegation=delegation, profile__code="prosecutors").update(
        status="withdrawn", withdrawn_at=NOW
    )


# When -------------------------------------------------------------------------------------------


def test_a_focal_point_gets_one_notice_on_the_day_of_the_rule(honduras: Delegation) -> None:
    assert subjects(FIVE_BEFORE - MINUTE) == []
    assert subjects(FIVE_BEFORE) == ["Honduras: prosecutors 0 of 2, border control 1 of 2; 5 days left"]
    assert subjects(FIVE_BEFORE + MINUTE) == []
    assert subjects(FIVE_BEFORE + DAY) == []


def test_a_gap_that_closes_and_opens_again_on_the_day_gets_a_notice(honduras: Delegation) -> None:
    plan(now=FIVE_BEFORE)
    close_the_gaps(honduras)
    send_due(clock=lambda: FIVE_BEFORE + MINUTE)
    reopen_the_gaps(honduras)

    assert subjects(FIVE_BEFORE + HOUR) == ["Honduras: prosecutors 0 of 2; 5 days left"]
    assert subjects(FIVE_BEFORE + 2 * HOUR) == []


def test_the_whole_day_will_do_but_not_the_next(honduras: Delegation) -> None:
    make_gap_notice_rule(honduras.webinar, 4)

    assert subjects(MIDNIGHT - MINUTE) == ["Honduras: prosecutors 0 of 2, border control 1 of 2; 5 days left"]
    assert subjects(MIDNIGHT) == []
    assert subjects(FIVE_BEFORE + DAY) == ["Honduras: prosecutors 0 of 2, border control 1 of 2; 4 days left"]


def test_a_delegation_that_becomes_incomplete_on_the_day_gets_a_notice_then(honduras: Delegation) -> None:
    close_the_gaps(honduras)
    assert subjects(FIVE_BEFORE) == []

    Quota.objects.filter(profile__code="border-control").update(minimum=3)

    assert subjects(FIVE_BEFORE + HOUR) == ["Honduras: border control 2 of 3; 5 days left"]


def rule_is_too_young() -> None:
    GapNoticeRule.objects.update(created_at=FIVE_BEFORE)


def registration_is_not_open_yet() -> None:
    RegistrationPolicy.objects.update(opens_at=FIVE_BEFORE + HOUR)


def registration_has_closed() -> None:
    RegistrationPolicy.objects.update(closes_at=FIVE_BEFORE)


def webinar_is_cancelled() -> None:
    Webinar.objects.update(cancelled_at=NOW)


def every_session_is_cancelled() -> None:
    webinar = Webinar.objects.get()
    webinar.sessions.update(cancelled_at=NOW)
    release_webinar(webinar, by=None, now=NOW)


@pytest.mark.parametrize(
    "hindrance",
    [
        rule_is_too_young,
        registration_is_not_open_yet,
        registration_has_closed,
        webinar_is_cancelled,
        every_session_is_cancelled,
    ],
)
@pytest.mark.usefixtures("honduras")
def test_nobody_is_chased_where_nothing_can_or_need_be_done(hindrance: Callable[[], None]) -> None:
    hindrance()

    assert subjects(FIVE_BEFORE) == []


def test_nobody_is_chased_before_the_first_release() -> None:
    webinar = make_webinar()
    make_quotas(webinar)
    make_gap_notice_rule(webinar, 5)
    make_focal_point(make_delegation(webinar).body)

    assert subjects(FIVE_BEFORE) == []


# Whom -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "is_chased"),
    [
        ("draft", True),
        ("returned", True),
        ("reopened", True),
        ("accepted", True),
        ("submitted", False),
        ("not_attending", False),
    ],
)
def test_only_delegations_that_do_not_wait_for_a_decision_get_notices(
    honduras: Delegation, status: str, is_chased: bool
) -> None:
    Delegation.objects.update(status=status)

    assert recipients(FIVE_BEFORE) == (["focal.honduras@example.org"] if is_chased else [])


def test_only_the_focal_points_of_incomplete_delegations_get_a_notice(honduras: Delegation) -> None:
    panama = make_delegation(honduras.webinar, make_country("PA", name_en="Panama"))
    make_focal_point(panama.body, make_user_of("panama"))
    close_the_gaps(panama)
    name_two(panama, "immigration-control")
    name_two(panama, "investigation-units")
    make_delegate(panama, "border-control")
    organisation = make_delegation(honduras.webinar, make_organisation())
    make_focal_point(organisation.body)
    make_focal_point(honduras.body, make_user_of("alternate"))
    make_focal_point(honduras.body, make_user_of("removed"), removed_at=NOW)
    User.objects.filter(pk=make_focal_point(honduras.body).user_id).update(is_active=False)

    assert recipients(FIVE_BEFORE) == ["focal.alternate@example.org", "focal.honduras@example.org"]


def test_a_waived_seat_is_not_missed(honduras: Delegation) -> None:
    waive_seats(
        honduras,
        profile=make_profiles()["prosecutors"],
        seats=1,
        reason="One alone",
        by=make_staff(),
        now=NOW,
    )

    notices = [subject for subject in subjects(FIVE_BEFORE) if "left" in subject]

    assert notices == ["Honduras: prosecutors 0 of 1, border control 1 of 2; 5 days left"]


# Once -------------------------------------------------------------------------------------------


def test_a_rule_that_is_made_anew_sends_no_second_notice_on_the_same_day(honduras: Delegation) -> None:
    assert len(subjects(FIVE_BEFORE)) == 1

    GapNoticeRule.objects.all().delete()
    make_gap_notice_rule(honduras.webinar, 5)

    assert subjects(FIVE_BEFORE + HOUR) == []


def test_a_clock_that_is_set_back_an_hour_sends_no_notice_twice(honduras: Delegation) -> None:
    assert len(subjects(FIVE_BEFORE + MINUTE)) == 1

    assert [subjects(FIVE_BEFORE + minutes * MINUTE) for minutes in (-59, -1, 0, 1, 2)] == [[]] * 5


def test_a_moved_closing_moves_what_is_unsent(honduras: Delegation) -> None:
    plan(now=FIVE_BEFORE)

    RegistrationPolicy.objects.update(closes_at=CLOSES + 2 * DAY)

    assert subjects(FIVE_BEFORE + MINUTE) == []
    assert states() == [DeliveryState.SUPERSEDED]
    assert subjects(FIVE_BEFORE + 2 * DAY) == ["Honduras: prosecutors 0 of 2, border control 1 of 2; 5 days left"]


def test_a_closing_that_is_moved_nearer_brings_no_second_notice_that_day(honduras: Delegation) -> None:
    make_gap_notice_rule(honduras.webinar, 3)
    assert len(subjects(FIVE_BEFORE)) == 1

    RegistrationPolicy.objects.update(closes_at=CLOSES - 2 * DAY)

    assert subjects(FIVE_BEFORE + HOUR) == []


# The last look ----------------------------------------------------------------------------------


def gaps_are_closed() -> None:
    close_the_gaps(Delegation.objects.get())


def delegation_is_submitted() -> None:
    Delegation.objects.update(status="submitted")


def focal_point_is_removed() -> None:
    FocalPoint.objects.update(removed_at=FIVE_BEFORE)


def account_is_closed() -> None:
    User.objects.update(is_active=False)


def rule_is_deleted() -> None:
    GapNoticeRule.objects.all().delete()


@pytest.mark.parametrize(
    "change",
    [
        gaps_are_closed,
        delegation_is_submitted,
        focal_point_is_removed,
        account_is_closed,
        rule_is_deleted,
        registration_has_closed,
        webinar_is_cancelled,
    ],
)
@pytest.mark.usefixtures("honduras")
def test_a_notice_that_is_no_longer_right_is_not_sent(change: Callable[[], None]) -> None:
    plan(now=FIVE_BEFORE)

    change()

    assert send_due(clock=lambda: FIVE_BEFORE + MINUTE).sent == 0
    assert states() == [DeliveryState.SUPERSEDED]


def test_a_notice_lists_what_is_missing_when_it_is_sent(honduras: Delegation) -> None:
    plan(now=FIVE_BEFORE)

    name_two(honduras, "prosecutors")

    assert subjects(FIVE_BEFORE + MINUTE) == ["Honduras: border control 1 of 2; 5 days left"]


@pytest.mark.parametrize(
    ("sent_at", "left"),
    [
        (CLOSES - 2 * DAY, "2 days left"),
        (CLOSES - 12 * HOUR, "1 day left"),
        (CLOSES - 3 * HOUR, "today is the last day"),
    ],
)
def test_a_notice_that_the_mail_server_kept_waiting_tells_the_days_that_are_left(
    honduras: Delegation, sent_at: datetime, left: str
) -> None:
    plan(now=FIVE_BEFORE)

    assert subjects(sent_at) == [f"Honduras: prosecutors 0 of 2, border control 1 of 2; {left}"]


def test_no_notice_leaves_after_closing(honduras: Delegation) -> None:
    plan(now=FIVE_BEFORE)

    assert subjects(CLOSES) == []


# What it asks of the database -------------------------------------------------------------------


def test_on_other_days_the_planner_asks_one_question(honduras: Delegation, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        assert gap_notice.owed(now=FIVE_BEFORE - MINUTE) == 0


def test_notices_take_the_same_number_of_questions_for_one_delegation_and_for_many(honduras: Delegation) -> None:
    def questions() -> int:
        Delivery.objects.all().delete()
        with CaptureQueriesContext(connection) as queries:
            gap_notice.owed(now=FIVE_BEFORE)
        return len(queries)

    with_one = questions()
    for letter in "ABCDEFGHIJ":
        delegation = make_delegation(honduras.webinar, make_country(f"X{letter}"))
        make_focal_point(delegation.body)
        make_delegate(delegation)

    assert (questions(), len(states())) == (with_one, 11)


def test_a_required_letter_that_is_missing_is_chased_until_it_arrives(honduras: Delegation) -> None:
    close_the_gaps(honduras)
    assert subjects(FIVE_BEFORE) == []
    RegistrationPolicy.objects.update(requires_letter=True)

    chased = subjects(FIVE_BEFORE)

    assert chased == ["Honduras: the nomination letter; 5 days left"]


def test_a_notice_that_waits_is_not_sent_once_the_letter_has_arrived(honduras: Delegation) -> None:
    close_the_gaps(honduras)
    RegistrationPolicy.objects.update(requires_letter=True)
    plan(now=FIVE_BEFORE)
    assert Delivery.objects.filter(kind=DeliveryKind.GAP_NOTICE).count() == 1

    make_letter(honduras, by=make_staff())

    assert subjects(FIVE_BEFORE) == []
