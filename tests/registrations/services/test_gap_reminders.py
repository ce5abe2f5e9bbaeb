"""Reminding the countries with gaps by hand."""

from datetime import timedelta
from typing import Any

import pytest

from registrations.exceptions import NotPossibleNow, RecipientCountChanged, RuleBroken
from registrations.models import (
    Delegation,
    Delivery,
    DeliveryKind,
    FocalPoint,
    GapReminder,
    HistoryEvent,
    RegistrationPolicy,
    User,
)
from registrations.queries.gap_reminders import countries_with_gaps
from registrations.services.delivering.plan import plan
from registrations.services.delivering.send import send_due
from registrations.services.gap_reminders import remind_countries, send_test_of_gap_notice
from sessions_app.models import Webinar
from sessions_app.releases import release_webinar
from tests.factories import (
    NOW,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_gap_notice_rule,
    make_quotas,
    make_user,
    make_webinar,
)
from tests.registrations.services.deliveries import sent_by

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def honduras() -> Delegation:
    """A draft that lacks everybody, with two focal points who read English and Spanish, at a released webinar."""
    webinar = make_webinar()
    make_quotas(webinar, minimum=1)
    release_webinar(webinar, by=None, now=NOW)
    delegation = make_delegation(webinar, make_country("HN", name_en="Honduras", name_es="Honduras"))
    make_focal_point(delegation.body, make_user("english@example.org", language="en"))
    make_focal_point(delegation.body, make_user("spanish@example.org", language="es"))
    return delegation


def complete(delegation: Delegation) -> None:
    for profile in ("prosecutors", "immigration-control", "border-control", "investigation-units"):
        make_delegate(delegation, profile)


def gap_reminder(
    webinar: Webinar, staff: User, *, count: int, now: Any = NOW, again: bool = False, only: list[int] | None = None
) -> GapReminder:
    everyone = [one.delegation.pk for one in countries_with_gaps(webinar)]
    return remind_countries(
        webinar,
        delegations=everyone if only is None else only,
        count=count,
        is_meant_again=again,
        by=staff,
        now=now,
    )


def test_the_focal_points_of_a_country_with_gaps_are_reminded_in_their_language(
    honduras: Delegation, staff: User
) -> None:
    gap_reminder(honduras.webinar, staff, count=2)
    messages = sent_by(NOW + HOUR)

    assert {one.to[0]: one.subject for one in messages} == {
        "english@example.org": "Honduras: prosecutors 0 of 1, immigration control 0 of 1, border control 0 of 1, "
        "investigation units 0 of 1; 11 days left",
        "spanish@example.org": next(one.subject for one in messages if one.to == ["spanish@example.org"]),
    }
    assert "11 días" in next(one.subject for one in messages if one.to == ["spanish@example.org"])
    kept = GapReminder.objects.get()
    assert (kept.confirmed_by, kept.confirmed_at, kept.body_count, kept.confirmed_count) == (staff, NOW, 1, 2)
    event = HistoryEvent.objects.get()
    assert (event.kind, event.delegation, event.actor) == ("chased", honduras, staff)
    assert event.changes == {"recipients": [None, 2]}


def test_only_incomplete_countries_that_do_not_wait_for_a_decision_are_chosen(
    honduras: Delegation, django_assert_num_queries: Any
) -> None:
    for code, status in (("PA", "submitted"), ("SV", "not_attending"), ("GT", "returned"), ("MX", "accepted")):
        make_delegation(honduras.webinar, make_country(code), status=status)
    complete(Delegation.objects.get(body__iso_code="MX"))

    with django_assert_num_queries(5):
        chosen = countries_with_gaps(honduras.webinar)

    assert [one.delegation.body.iso_code for one in chosen] == ["GT", "HN"]
    assert [len(one.focal_points) for one in chosen] == [0, 2]


def test_some_of_the_countries_can_be_chosen(honduras: Delegation, staff: User) -> None:
    panama = make_delegation(honduras.webinar, make_country("PA"))
    make_focal_point(panama.body, make_user("panama@example.org"))

    gap_reminder(honduras.webinar, staff, count=1, only=[panama.pk])

    assert [one.to for one in sent_by(NOW + HOUR)] == [["panama@example.org"]]


def test_another_number_than_the_one_that_was_confirmed_sends_nothing(honduras: Delegation, staff: User) -> None:
    with pytest.raises(RecipientCountChanged):
        gap_reminder(honduras.webinar, staff, count=3)

    assert not Delivery.objects.filter(kind=DeliveryKind.GAP_NOTICE).exists()


def test_a_country_that_lacks_nothing_by_now_is_reported_although_the_number_is_the_same(
    honduras: Delegation, staff: User
) -> None:
    panama = make_delegation(honduras.webinar, make_country("PA"), status="submitted")

    with pytest.raises(RecipientCountChanged, match="lack nothing by now"):
        gap_reminder(honduras.webinar, staff, count=2, only=[honduras.pk, panama.pk])

    assert not Delivery.objects.filter(kind=DeliveryKind.GAP_NOTICE).exists()


def test_nobody_is_reminded_where_no_country_is_chosen(honduras: Delegation, staff: User) -> None:
    with pytest.raises(NotPossibleNow, match="at least one country"):
        gap_reminder(honduras.webinar, staff, count=0, only=[])


def test_within_a_day_a_second_reminder_has_to_be_meant(honduras: Delegation, staff: User) -> None:
    gap_reminder(honduras.webinar, staff, count=2)

    with pytest.raises(RuleBroken) as refused:
        gap_reminder(honduras.webinar, staff, count=2, now=NOW + DAY - HOUR)
    assert refused.value.field == "again"
    gap_reminder(honduras.webinar, staff, count=2, now=NOW + DAY - HOUR, again=True)
    gap_reminder(honduras.webinar, staff, count=2, now=NOW + 2 * DAY)

    assert Delivery.objects.filter(kind=DeliveryKind.GAP_NOTICE).count() == 6


def test_a_notice_of_a_rule_counts_as_a_reminder_and_is_not_repeated_on_its_day(
    honduras: Delegation, staff: User
) -> None:
    make_gap_notice_rule(honduras.webinar, 5, created_at=NOW - DAY)
    day = NOW + 6 * DAY
    plan(now=day)
    with pytest.raises(RuleBroken):
        gap_reminder(honduras.webinar, staff, count=2, now=day + HOUR)
    gap_reminder(honduras.webinar, staff, count=2, now=day + HOUR, again=True)

    plan(now=day + 2 * HOUR)

    assert Delivery.objects.filter(kind=DeliveryKind.GAP_NOTICE).count() == 4


def close_the_gaps(delegation: Delegation) -> None:
    complete(delegation)


def submit(delegation: Delegation) -> None:
    Delegation.objects.update(status="submitted")


def remove_everybody(delegation: Delegation) -> None:
    FocalPoint.objects.update(removed_at=NOW)


def close_registration(delegation: Delegation) -> None:
    RegistrationPolicy.objects.update(closes_at=NOW + HOUR / 2)


def cancel_the_webinar(delegation: Delegation) -> None:
    Webinar.objects.update(cancelled_at=NOW)


@pytest.mark.parametrize("what", [close_the_gaps, submit, remove_everybody, close_registration, cancel_the_webinar])
def test_it_is_not_sent_where_it_is_no_longer_so_by_then(what: Any, honduras: Delegation, staff: User) -> None:
    gap_reminder(honduras.webinar, staff, count=2)
    what(honduras)
    send_due(clock=lambda: NOW + HOUR)

    states = Delivery.objects.filter(kind=DeliveryKind.GAP_NOTICE).values_list("state", flat=True)
    assert list(states) == ["superseded"] * 2


@pytest.mark.parametrize("what", [close_registration, cancel_the_webinar, close_the_gaps, remove_everybody])
def test_nobody_is_reminded_where_nothing_is_to_be_done(what: Any, honduras: Delegation, staff: User) -> None:
    what(honduras)

    with pytest.raises(NotPossibleNow):
        gap_reminder(honduras.webinar, staff, count=0, now=NOW + HOUR)


def test_nobody_is_reminded_before_the_release(staff: User) -> None:
    delegation = make_delegation()
    make_focal_point(delegation.body)

    with pytest.raises(NotPossibleNow):
        gap_reminder(delegation.webinar, staff, count=1)


def test_a_test_goes_to_oneself_in_both_languages(honduras: Delegation, staff: User) -> None:
    assert send_test_of_gap_notice(honduras, by=staff, now=NOW) == 2
    send_due(clock=lambda: NOW + HOUR)

    sent = Delivery.objects.filter(kind=DeliveryKind.TEST)
    assert sorted(sent.values_list("email", "language", "state")) == [
        (staff.email, "en", "sent"),
        (staff.email, "es", "sent"),
    ]
    gap_reminder(honduras.webinar, staff, count=2)
