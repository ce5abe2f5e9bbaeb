from datetime import timedelta

import pytest

from registrations.queries import last_session_end
from registrations.queries.webinar_end import webinars_over
from sessions_app.models import Session, Webinar
from tests.factories import FIRST_START, NOW, make_session, make_webinar
from tests.registrations.queries.mailboxes import make_release


def test_a_webinar_ends_with_its_last_session(delegation):
    assert last_session_end(delegation.webinar) == FIRST_START + timedelta(days=1, hours=2)


@pytest.mark.django_db
def test_a_webinar_without_sessions_has_no_end():
    assert last_session_end(make_webinar(sessions=0)) is None


def test_released_hours_rule_over_those_being_edited(delegation):
    make_release(delegation.webinar)
    Session.objects.update(starts_at=FIRST_START + timedelta(days=9))
    make_session(delegation.webinar, number=3, starts_at=FIRST_START + timedelta(days=10))

    assert last_session_end(delegation.webinar) == FIRST_START + timedelta(days=1, hours=2)


def test_a_cancelled_last_session_does_not_prolong_the_webinar(delegation):
    Session.objects.filter(number=2).update(cancelled_at=NOW)
    assert last_session_end(delegation.webinar) == FIRST_START + timedelta(hours=2)

    Session.objects.update(cancelled_at=NOW)
    assert last_session_end(delegation.webinar) == FIRST_START + timedelta(days=1, hours=2)


def test_the_end_is_one_query_for_one_session_as_for_twenty(delegation, django_assert_num_queries):
    webinar = delegation.webinar
    with django_assert_num_queries(1):
        last_session_end(webinar)
    for number in range(3, 23):
        make_session(webinar, number=number)
    make_release(webinar)

    with django_assert_num_queries(1):
        assert last_session_end(webinar) == FIRST_START + timedelta(days=21, hours=2)


def test_which_of_many_are_over_is_one_query_and_agrees_with_the_end_of_each(delegation, django_assert_num_queries):
    half_cancelled, moved, unreleased, empty = (
        make_webinar(slug, sessions=count) for slug, count in (("half", 2), ("moved", 2), ("draft", 1), ("empty", 0))
    )
    half_cancelled.sessions.filter(number=2).update(cancelled_at=NOW)
    make_release(moved)
    moved.sessions.update(starts_at=FIRST_START + timedelta(days=9))
    webinars = Webinar.objects.order_by("pk")
    ends = {pk: last_session_end(Webinar.objects.get(pk=pk)) for pk in webinars.values_list("pk", flat=True)}
    moments = [end + shift for end in ends.values() if end for shift in (-timedelta(seconds=1), timedelta(0))]

    for now in moments:
        with django_assert_num_queries(1):
            over = webinars_over(webinars.values("pk"), now=now)

        assert over == {pk for pk, end in ends.items() if end and end <= now}
    assert {half_cancelled.pk, unreleased.pk} == webinars_over(webinars.values("pk"), now=ends[unreleased.pk])
    assert ends[empty.pk] is None
