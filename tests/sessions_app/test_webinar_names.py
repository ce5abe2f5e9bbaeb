from datetime import datetime, timedelta

import pytest
from django.utils import translation
from pytest_django import DjangoAssertNumQueries

from registrations.models import RegistrationPolicy
from sessions_app.cancelling import cancel_webinar
from sessions_app.models import ReleasedSession, Session, Webinar
from sessions_app.releases import release_webinar
from sessions_app.webinar_names import (
    load_name,
    names_by_id,
    webinar_choices,
    webinars_ahead,
    webinars_past,
    with_words,
)
from tests.factories import FIRST_START, NOW, make_session, make_webinar

pytestmark = pytest.mark.django_db
AFTERWARDS = FIRST_START + timedelta(days=30)


def state_of(webinar: Webinar, now: datetime = NOW) -> str:
    return load_name(webinar, now=now).state.value


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "16–17 Nov 2026 · Mass intra-regional flows · registration open"),
        ("es", "16–17 nov 2026 · Flujos masivos intrarregionales · registro abierto"),
    ],
)
def test_a_name_has_the_days_before_the_title_and_then_the_state(language: str, expected: str) -> None:
    name = load_name(make_webinar(), now=NOW)

    with translation.override(language):
        assert str(name) == expected


def test_the_days_are_those_of_the_zone_of_the_webinar() -> None:
    webinar = make_webinar(timezone="Pacific/Auckland", sessions=1)

    assert load_name(webinar, now=NOW).days == "17 Nov 2026"


def test_a_webinar_without_sessions_has_no_date_yet_and_is_the_last_of_those_ahead() -> None:
    empty, other = make_webinar("empty", sessions=0), make_webinar("other")

    assert load_name(empty, now=NOW).days == "no date yet"
    assert [row.slug for row in webinars_ahead(now=NOW)] == [other.slug, empty.slug]


def test_a_cancelled_session_counts_for_the_days_only_if_no_other_is_left() -> None:
    webinar = make_webinar(sessions=2)
    webinar.sessions.filter(number=2).update(cancelled_at=NOW)
    without_one = load_name(webinar, now=NOW).days
    webinar.sessions.update(cancelled_at=NOW)

    assert (without_one, load_name(webinar, now=NOW).days) == ("16 Nov 2026", "16–17 Nov 2026")


def test_the_state_follows_a_webinar_from_the_draft_to_its_end() -> None:
    webinar = make_webinar()
    policy = RegistrationPolicy.objects.get(webinar=webinar)
    opens_at, closes_at = policy.opens_at, policy.closes_at
    assert opens_at is not None
    RegistrationPolicy.objects.update(opens_at=None)

    draft = state_of(webinar)
    release_webinar(webinar, by=None, now=NOW)
    released = state_of(webinar)
    RegistrationPolicy.objects.update(opens_at=opens_at)

    assert (draft, released) == ("draft", "released")
    assert state_of(webinar, opens_at - timedelta(seconds=1)) == "released"
    assert state_of(webinar, opens_at) == "registration_open"
    assert state_of(webinar, closes_at) == "registration_closed"
    assert state_of(webinar, AFTERWARDS) == "over"


def test_a_webinar_under_way_is_still_ahead() -> None:
    webinar = make_webinar(sessions=1)
    release_webinar(webinar, by=None, now=NOW)
    end = ReleasedSession.objects.get().ends_at

    assert state_of(webinar, end - timedelta(seconds=1)) == "registration_closed"
    assert state_of(webinar, end) == "over"


def test_a_cancelled_webinar_is_no_longer_ahead() -> None:
    webinar = make_webinar()
    release_webinar(webinar, by=None, now=NOW)
    cancel_webinar(webinar, by=None, now=NOW, reason="Flood")

    assert state_of(webinar) == "cancelled"
    assert (list(webinars_ahead(now=NOW)), list(webinars_past(now=NOW))) == ([], [webinar])


def test_what_is_ahead_comes_in_its_order_and_what_is_past_in_reverse() -> None:
    for days in (5, -40, 1, -60):
        webinar = make_webinar(f"in-{days}" if days > 0 else f"ago-{-days}", sessions=0)
        make_session(webinar, starts_at=NOW + timedelta(days=days))

    assert [row.slug for row in webinars_ahead(now=NOW)] == ["in-1", "in-5"]
    assert [row.slug for row in webinars_past(now=NOW)] == ["ago-40", "ago-60"]


def test_names_take_one_query_however_many_there_are(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    webinars = [make_webinar(f"webinar-{number}") for number in range(5)]

    with django_assert_num_queries(1):
        names = names_by_id([webinar.pk for webinar in webinars] * 3, now=NOW)
        assert len({str(name) for name in names.values()}) == 1
    with django_assert_num_queries(0):
        assert names_by_id([], now=NOW) == {}


def test_choices_are_grouped_in_what_is_ahead_and_what_is_past() -> None:
    ahead, past = make_webinar("ahead", sessions=1), make_webinar("past", sessions=1)
    Session.objects.filter(webinar=past).update(starts_at=NOW - timedelta(days=30))

    choices = webinar_choices(now=NOW, value="slug", empty="All")

    assert choices == [
        ("", "All"),
        ("Ahead", [(ahead.slug, "16 Nov 2026 · Mass intra-regional flows · registration open")]),
        ("Past", [(past.slug, "26 Sep 2026 · Mass intra-regional flows · over")]),
    ]


def test_each_word_is_searched_in_both_titles() -> None:
    make_webinar("one", title_en="Border posts", title_es="Puestos de frontera")
    make_webinar("two", title_en="Border evidence", title_es="Pruebas en la frontera")

    found = with_words(Webinar.objects.all(), "border PUESTOS")

    assert [row.slug for row in found] == ["one"]
