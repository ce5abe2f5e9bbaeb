from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from registrations.models import CalendarEntry, DelegationStatus, Delivery, DeliveryState, IcalMethod
from registrations.queries.release_recipients import count_recipients
from registrations.services.delivering.plan import plan
from sessions_app.editing import cancel_session
from sessions_app.models import Session, Webinar
from sessions_app.releases import draft_of, release_webinar
from tests.factories import FIRST_START, NOW, make_country, make_delegate, make_delegates, make_delegation

pytestmark = pytest.mark.django_db


@pytest.fixture
def webinar() -> Webinar:
    """Three people are invited to its two sessions; a fourth is not admitted, a fifth's country does not attend."""
    delegation = make_delegation()
    make_delegates(3, delegation, admitted_at=NOW, mail_not_before=NOW)
    make_delegate(delegation)
    absent = make_delegation(delegation.webinar, make_country("PA"), status=DelegationStatus.NOT_ATTENDING)
    make_delegate(absent, admitted_at=NOW, mail_not_before=NOW)
    return delegation.webinar


def recipient_counts(webinar: Webinar) -> dict[int, int]:
    return dict(count_recipients(webinar, draft_of(webinar).changes, now=NOW))


def test_a_first_release_would_mail_every_invited_person_about_each_session(webinar: Webinar) -> None:
    assert recipient_counts(webinar) == {1: 3, 2: 3}


def test_only_changed_sessions_are_counted(webinar: Webinar) -> None:
    release_webinar(webinar, by=None, now=NOW)
    webinar.sessions.filter(number=2).update(title_en="Tools")

    assert recipient_counts(webinar) == {2: 3}


def test_a_cancellation_would_mail_the_mailboxes_that_hold_the_session(webinar: Webinar) -> None:
    release_webinar(webinar, by=None, now=NOW)
    plan(now=NOW)
    nothing_held = CalendarEntry.objects.filter(session__number=1).order_by("pk")[:1]
    CalendarEntry.objects.filter(pk__in=nothing_held).update(planned_method=IcalMethod.NONE)

    cancel_session(webinar.sessions.get(number=1), now=NOW)

    assert recipient_counts(webinar) == {1: 2}


def test_nobody_is_mailed_about_a_session_that_is_over(webinar: Webinar) -> None:
    Session.objects.filter(webinar=webinar, number=1).update(starts_at=FIRST_START - timedelta(days=60))

    assert recipient_counts(webinar) == {1: 0, 2: 3}


def test_the_recipient_count_equals_what_the_planner_plans(webinar: Webinar) -> None:
    release_webinar(webinar, by=None, now=NOW)
    plan(now=NOW)
    Delivery.objects.update(state=DeliveryState.SENT, sent_at=NOW, may_have_arrived=True)
    webinar.sessions.filter(number=1).update(title_en="Other")
    cancel_session(webinar.sessions.get(number=2), now=NOW)
    expected = recipient_counts(webinar)

    release_webinar(webinar, by=None, now=NOW + timedelta(minutes=1))
    before = dict(CalendarEntry.objects.values_list("pk", "sequence"))
    plan(now=NOW + timedelta(minutes=1))

    planned = [entry.session.number for entry in CalendarEntry.objects.all() if entry.sequence > before[entry.pk]]
    assert expected == {1: planned.count(1), 2: planned.count(2)} == {1: 3, 2: 3}


def test_counting_costs_two_queries_however_much_changes(
    webinar: Webinar, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    changes = draft_of(webinar).changes

    with django_assert_num_queries(2):
        count_recipients(webinar, changes, now=NOW)
