import pytest

from sessions_app.editing import cancel_session, next_session_number, order_items, restore_session
from sessions_app.models import Session, Webinar
from tests.factories import NOW, make_session, make_webinar

pytestmark = pytest.mark.django_db


@pytest.fixture
def webinar() -> Webinar:
    return make_webinar(sessions=1)


def titles(session: Session) -> list[tuple[int, str]]:
    return list(session.items.order_by("position").values_list("position", "title_en"))


def test_the_next_session_gets_the_number_after_the_highest(webinar: Webinar) -> None:
    make_session(webinar, number=4)

    assert next_session_number(webinar) == 5


def test_items_are_reordered(webinar: Webinar) -> None:
    session = webinar.sessions.get()
    first, second = session.items.order_by("position")

    order_items(session, [second.pk, first.pk])

    assert titles(session) == [(1, "Panel"), (2, "Opening remarks")]


def test_reordering_closes_the_gap_of_a_deleted_item(webinar: Webinar) -> None:
    session = webinar.sessions.get()
    first, second = session.items.order_by("position")
    first.delete()

    order_items(session, [second.pk])

    assert titles(session) == [(1, "Panel")]


def test_an_order_that_leaves_an_item_out_is_refused(webinar: Webinar) -> None:
    session = webinar.sessions.get()
    before = titles(session)

    with pytest.raises(ValueError, match="each item"):
        order_items(session, [session.items.order_by("position")[1].pk])

    assert titles(session) == before


def test_cancelling_twice_keeps_the_first_time_and_restoring_clears_it(webinar: Webinar) -> None:
    session = webinar.sessions.get()

    cancel_session(session, now=NOW)
    cancel_session(session, now=NOW.replace(year=2027))
    session.refresh_from_db()
    cancelled_at = session.cancelled_at
    restore_session(session)
    session.refresh_from_db()

    assert (cancelled_at, session.cancelled_at) == (NOW, None)
