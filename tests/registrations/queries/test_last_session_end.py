from datetime import timedelta

import pytest

from registrations.queries import last_session_end
from sessions_app.models import Session
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
