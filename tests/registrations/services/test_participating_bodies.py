"""Countries are added to a webinar; one is removed as long as it has nobody there."""

from datetime import timedelta
from uuid import uuid4

import pytest

from registrations.exceptions import NotPossibleNow, WebinarOver
from registrations.models import Delegation, Delivery
from registrations.services.delegations import waive_seats
from registrations.services.delivering.plan import plan
from registrations.services.participating_bodies import add_bodies, remove_body
from sessions_app.releases import release_webinar
from tests.factories import (
    NOW,
    make_call_note,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_organisation,
    make_user,
)


def test_several_bodies_are_added_at_once_and_one_that_takes_part_stays_as_it_is(delegation, staff, now):
    Delegation.objects.update(status="accepted")
    bodies = [delegation.body, make_country("PA"), make_organisation()]

    added = add_bodies(delegation.webinar, bodies, by=staff, now=now)
    again = add_bodies(delegation.webinar, bodies, by=staff, now=now)

    assert [new.body for new in added] == bodies[1:]
    assert again == []
    assert set(Delegation.objects.values_list("slug", "status")) == {
        ("flows-country-hn", "accepted"),
        ("flows-country-pa", "draft"),
        ("flows-unodc", "draft"),
    }


def test_the_focal_points_of_an_added_country_are_invited_by_the_next_plan(delegation, staff, now):
    release_webinar(delegation.webinar, by=staff, now=now)
    body = make_country("PA")
    make_focal_point(body)

    (added,) = add_bodies(delegation.webinar, [body], by=staff, now=now)
    plan(now=now)

    assert list(Delivery.objects.values_list("kind", "delegation")) == [("registration", added.pk)]


def test_a_country_with_nobody_is_removed_with_the_invitations_that_wait(delegation, staff, now):
    make_focal_point(delegation.body)
    Delivery.objects.update(state="due", sent_at=None, may_have_arrived=False)

    remove_body(delegation, by=staff, now=now)
    remove_body(delegation, by=staff, now=now)

    assert not Delegation.objects.exists()
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("withdrawn", "Country HN has or had people at this webinar, so it stays. It can be marked as not attending."),
        ("waiver", "Something was decided about Country HN at this webinar, so it stays."),
        ("submitted", "Something was decided about Country HN at this webinar, so it stays."),
        ("call", "There are notes of calls with Country HN about this webinar, so it stays."),
    ],
)
def test_a_country_that_has_something_is_not_removed(delegation, profiles, staff, now, what, message):
    match what:
        case "withdrawn":
            make_delegate(delegation, status="withdrawn", withdrawn_at=now)
        case "waiver":
            waive_seats(delegation, profile=profiles["prosecutors"], seats=1, reason="Small", by=staff, now=now)
        case "submitted":
            Delegation.objects.update(status="submitted")
        case "call":
            make_call_note(delegation, by=staff)

    with pytest.raises(NotPossibleNow) as refused:
        remove_body(delegation, by=staff, now=now)

    assert str(refused.value.message).startswith(message)
    assert Delegation.objects.exists()


@pytest.mark.parametrize(
    "state",
    [
        {"state": "sent"},
        {"state": "claimed", "claim_token": uuid4(), "lease_expires_at": NOW},
        {"state": "failed", "may_have_arrived": True},
    ],
)
def test_a_country_that_was_written_to_is_not_removed(delegation, staff, now, state):
    make_focal_point(delegation.body)
    Delivery.objects.update(**{"may_have_arrived": False} | state)

    with pytest.raises(NotPossibleNow) as refused:
        remove_body(delegation, by=staff, now=now)

    assert str(refused.value.message) == (
        "Country HN was written to about this webinar, so it stays. It can be marked as not attending."
    )
    assert Delivery.objects.get().delegation == delegation


def test_nothing_is_added_or_removed_after_the_webinar(delegation, staff, now):
    later = now + timedelta(days=60)

    with pytest.raises(WebinarOver):
        add_bodies(delegation.webinar, [make_country("PA")], by=staff, now=later)
    with pytest.raises(WebinarOver):
        remove_body(delegation, by=staff, now=later)

    assert list(Delegation.objects.all()) == [delegation]


def test_a_user_of_a_removed_country_is_told_so(delegation, profiles, staff, now):
    remove_body(Delegation.objects.get(), by=staff, now=now)

    with pytest.raises(NotPossibleNow, match=r"The secretariat has removed this country from the webinar."):
        waive_seats(delegation, profile=profiles["prosecutors"], seats=1, reason="Small", by=make_user(), now=now)


def test_a_webinar_keeps_its_other_countries(delegation, staff, now):
    other = make_delegation(delegation.webinar, make_country("PA"))

    remove_body(delegation, by=staff, now=now)

    assert list(Delegation.objects.all()) == [other]
