"""The lists for the room of a session: everybody who is invited, and what changed since the last export."""

from datetime import datetime, timedelta

import pytest

from registrations.exceptions import NotPossibleNow
from registrations.models import CalendarEntry, Delegate, Delegation, HistoryEvent, User
from registrations.queries.room_lists import RoomList, last_room_export
from registrations.services.delegations import mark_attending_again, mark_not_attending
from registrations.services.exports import export_room_list
from registrations.services.nominations import edit_delegate, register_delegate, replace_delegate, withdraw_delegate
from registrations.services.nominations.undoing import restore_delegate
from registrations.services.personal_data.erasing import erase_person
from sessions_app.cancelling import cancel_webinar
from sessions_app.models import Session
from tests.factories import make_country, make_delegate, make_delegation, make_details
from tests.registrations.services.deliveries import SOON, admitted, plan_and_send, released_delegation
from tests.registrations.services.nominations.stories import details_of

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def honduras() -> Delegation:
    delegation = released_delegation()
    delegation.body.name_en = "Honduras"
    delegation.body.save()
    return delegation


@pytest.fixture
def ana(honduras: Delegation) -> Delegate:
    ana = admitted(honduras, name="Ana María Paz de la Luz", email="Ana@example.org")
    plan_and_send(SOON)
    return ana


@pytest.fixture
def session(honduras: Delegation) -> Session:
    return Session.objects.get(webinar=honduras.webinar, number=1)


def rows(session: Session, part: RoomList, *, by: User, now: datetime = SOON) -> list[list[object]]:
    """Export the list; return its rows, none if it is empty."""
    try:
        table = export_room_list(session, part, by=by, now=now)
    except NotPossibleNow:
        return []
    return [list(row) for chunk in table.chunks for row in chunk]


def changes(session: Session, *, by: User) -> tuple[list[object], list[object]]:
    """Export both lists of changes; return the addresses of who came and who left."""
    came, left = (rows(session, part, by=by) for part in (RoomList.ADDED, RoomList.REMOVED))
    return [row[0] for row in came], [row[0] for row in left]


def test_the_columns_are_those_of_zoom_with_the_whole_name_and_the_country(ana, session, staff) -> None:
    table = export_room_list(session, RoomList.EVERYBODY, by=staff, now=SOON)

    assert table.headings == ("Email", "First Name", "Last Name")
    assert list(table.chunks) == [[["Ana@example.org", "Ana María Paz de la Luz", "Honduras"]]]


def test_only_people_who_are_invited_to_the_session_are_in_the_list(ana, session, staff) -> None:
    make_delegate(ana.delegation, name="Not admitted")
    admitted(ana.delegation, name="Mail is held", mail_held_at=SOON)
    left = admitted(ana.delegation, name="Left")
    away = make_delegation(session.webinar, make_country("PA"), status="accepted")
    admitted(away, name="Does not attend")
    plan_and_send(SOON)
    withdraw_delegate(left, version=1, by=staff, now=SOON, reason="ill")
    mark_not_attending(away, reason="Busy", by=staff, now=SOON)

    assert [row[1] for row in rows(session, RoomList.EVERYBODY, by=staff)] == [ana.name]


def test_the_changes_are_those_since_the_last_export_of_that_session(ana, session, staff) -> None:
    other = Session.objects.get(webinar=session.webinar, number=2)
    rows(session, RoomList.EVERYBODY, by=staff)
    luz = register_delegate(ana.delegation, details=make_details(email="luz@example.org"), by=staff, now=SOON)
    withdraw_delegate(ana, version=1, by=staff, now=SOON, reason="ill")
    plan_and_send(SOON)

    first, second, of_other = changes(session, by=staff), changes(session, by=staff), changes(other, by=staff)

    assert first == ([luz.email], [ana.email])
    assert second == ([], [])
    assert of_other == ([luz.email], [])


def test_the_list_of_who_came_leaves_that_of_who_left_as_it_is(ana, session, staff) -> None:
    rows(session, RoomList.EVERYBODY, by=staff)
    replace_delegate(ana, details=make_details(email="luz@example.org"), version=1, by=staff, now=SOON)
    plan_and_send(SOON)

    rows(session, RoomList.EVERYBODY, by=staff)

    assert changes(session, by=staff) == ([], [ana.email])


def test_a_corrected_address_came_and_the_former_one_left(ana, session, staff) -> None:
    rows(session, RoomList.EVERYBODY, by=staff)
    edit_delegate(ana, details=details_of(ana, email="ana.paz@example.org"), version=1, by=staff, now=SOON)
    plan_and_send(SOON)

    assert changes(session, by=staff) == (["ana.paz@example.org"], ["ana@example.org"])


def test_a_corrected_name_is_no_change_for_the_room(ana, session, staff) -> None:
    rows(session, RoomList.EVERYBODY, by=staff)
    edit_delegate(ana, details=details_of(ana, name="Ana Paz"), version=1, by=staff, now=SOON)
    plan_and_send(SOON)

    assert changes(session, by=staff) == ([], [])


def test_a_successor_with_the_same_address_came_under_their_own_name(ana, session, staff) -> None:
    rows(session, RoomList.EVERYBODY, by=staff)
    details = make_details(name="Luz Vega", email=ana.email)
    replace_delegate(ana, details=details, version=1, by=staff, now=SOON)
    plan_and_send(SOON)

    assert rows(session, RoomList.ADDED, by=staff) == [[ana.email, "Luz Vega", "Honduras"]]
    assert changes(session, by=staff) == ([], [])


def test_whoever_left_and_came_back_between_two_exports_is_no_change(ana, session, staff) -> None:
    rows(session, RoomList.EVERYBODY, by=staff)
    withdraw_delegate(ana, version=1, by=staff, now=SOON, reason="ill")
    plan_and_send(SOON + HOUR)
    restore_delegate(ana, by=staff, now=SOON + 2 * HOUR)
    plan_and_send(SOON + 3 * HOUR)

    assert changes(session, by=staff) == ([], [])


def test_whoever_came_and_left_between_two_exports_is_no_change(ana, session, staff) -> None:
    rows(session, RoomList.EVERYBODY, by=staff)
    luz = register_delegate(ana.delegation, details=make_details(), by=staff, now=SOON)
    plan_and_send(SOON)
    withdraw_delegate(luz, version=1, by=staff, now=SOON, reason="ill")
    plan_and_send(SOON)

    assert changes(session, by=staff) == ([], [])


def test_a_delegation_that_stops_attending_left_and_comes_back(ana, session, staff) -> None:
    rows(session, RoomList.EVERYBODY, by=staff)
    mark_not_attending(ana.delegation, reason="Busy", by=staff, now=SOON)
    plan_and_send(SOON)
    away = changes(session, by=staff)
    mark_attending_again(Delegation.objects.get(), by=staff, now=SOON)
    plan_and_send(SOON)

    assert (away, changes(session, by=staff)) == (([], [ana.email]), ([ana.email], []))


def test_everybody_left_a_cancelled_session(ana, session, staff) -> None:
    rows(session, RoomList.EVERYBODY, by=staff)
    cancel_webinar(session.webinar, by=staff, now=SOON, reason="The host is away.")
    plan_and_send(SOON)

    assert changes(session, by=staff) == ([], [ana.email])


def test_erased_people_are_in_no_list(ana, session, staff) -> None:
    rows(session, RoomList.EVERYBODY, by=staff)
    erase_person(ana.email, by=staff, now=SOON)
    plan_and_send(SOON)
    erase_person(ana.email, by=staff, now=SOON + HOUR)

    assert Delegate.objects.get().anonymised_at is not None
    assert CalendarEntry.objects.filter(exported_for_room__isnull=False).exists()
    assert changes(session, by=staff) == ([], [])


def test_each_export_is_in_the_history_and_an_empty_one_is_not(ana, session, staff) -> None:
    rows(session, RoomList.EVERYBODY, by=staff)
    rows(session, RoomList.REMOVED, by=staff, now=SOON + HOUR)

    event = HistoryEvent.objects.get(kind="exported")
    assert (event.actor, event.at, event.webinar) == (staff, SOON, session.webinar)
    assert event.changes == {
        "rows": [None, "1"],
        "what": [None, "room"],
        "session": [None, "1"],
        "list": [None, "everybody"],
        "file_format": [None, "csv"],
    }
    assert last_room_export(session) == event
    assert last_room_export(Session.objects.get(webinar=session.webinar, number=2)) is None
