from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registrations.models import Delegate, Delegation, RegistrationPolicy
from sessions_app.models import Session
from sessions_app.worded import DAY, INSTANT, NUMBER, TEXT, Worded
from tests.factories import NOW, make_delegate, make_delegation, make_webinar

pytestmark = pytest.mark.django_db

LATER_OF_AN_ADDRESS = Worded(
    lambda: Delegate.objects.filter(webinar=NUMBER, email=TEXT, registered_at__gt=INSTANT).values_list("pk")
)


def asked(person: Delegate, **changes: object) -> list[tuple[int]]:
    values = {"webinar": person.webinar_id, "email": person.email, "since": NOW - timedelta(days=1)} | changes
    return LATER_OF_AN_ADDRESS.ask({NUMBER: values["webinar"], TEXT: values["email"], INSTANT: values["since"]})


def test_a_question_is_answered_for_the_values_of_each_asking() -> None:
    delegation = make_delegation()
    ana, ben = (make_delegate(delegation, registered_at=NOW) for _ in range(2))

    assert [asked(ana), asked(ben)] == [[(ana.pk,)], [(ben.pk,)]]
    assert asked(ana, since=NOW + timedelta(days=1)) == []
    assert asked(ana, webinar=0) == []
    assert asked(ana, email="o'brien%s@example.org") == []


def test_answers_are_the_values_of_python_whatever_the_driver_gives() -> None:
    session = make_delegation().webinar.sessions.get(number=1)
    columns = ("starts_at", "ical_uid", "title_en")
    of_a_session = Worded(lambda: Session.objects.filter(pk=NUMBER).values_list(*columns))

    rows = of_a_session.ask({NUMBER: session.pk})

    assert rows == [(session.starts_at, session.ical_uid, session.title_en)]


def test_objects_come_with_those_that_are_selected_with_them_and_without_where_there_is_none() -> None:
    delegation = make_delegation()
    without_policy = make_delegation(make_webinar("other", with_policy=False), delegation.body)
    of_an_id = Worded(lambda: Delegation.objects.filter(pk=NUMBER).select_related("webinar__policy", "body"))

    with CaptureQueriesContext(connection) as captured:
        (found,), (other,), none = (of_an_id.find({NUMBER: pk}) for pk in (delegation.pk, without_policy.pk, 0))
        related = (found.webinar, found.webinar.policy, found.body)

    assert len(captured) == 3
    assert (found, *related) == (delegation, delegation.webinar, delegation.webinar.policy, delegation.body)
    assert (found.webinar.policy.closes_at, found._state.adding) == (delegation.webinar.policy.closes_at, False)
    assert (other.webinar, getattr(other.webinar, "policy", None), none) == (without_policy.webinar, None, [])


def test_a_question_may_hold_a_day() -> None:
    webinar = make_delegation().webinar
    kept_on = Worded(lambda: RegistrationPolicy.objects.filter(purge_on__gt=DAY).values_list("webinar_id"))
    purge_on = webinar.policy.purge_on

    assert kept_on.ask({DAY: purge_on - timedelta(days=1)}) == [(webinar.pk,)]
    assert kept_on.ask({DAY: purge_on}) == []
