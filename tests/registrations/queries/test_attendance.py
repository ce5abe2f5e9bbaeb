"""The attendance table: who was nominated, was invited, accepted, opened the room and attended."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registrations.models import Arrival, Delegate, DelegationStatus, RegistrationPolicy, User
from registrations.queries import quota_board
from registrations.queries.arrivals import ArrivalCount, arrivals_of
from registrations.queries.attendance import SessionFigures, attendance_table
from registrations.queries.webinar_list import attended_of_webinars
from sessions_app.models import Session, Webinar
from sessions_app.releases import release_webinar
from tests.factories import (
    FIRST_START,
    NOW,
    make_attendance,
    make_country,
    make_delegate,
    make_delegation,
    make_organisation,
    make_quotas,
    make_webinar,
)
from tests.registrations.participants import make_entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def webinar() -> Webinar:
    webinar = make_webinar()
    make_quotas(webinar)
    release_webinar(webinar, by=None, now=NOW)
    return webinar


def session_of(webinar: Webinar, number: int = 1) -> Session:
    return Session.objects.select_related("released__release").get(webinar=webinar, number=number)


def record_presence(delegate: Delegate, session: Session) -> None:
    Arrival.objects.create(delegate=delegate, session=session, at=FIRST_START)


def test_each_figure_counts_people_by_body_profile_and_session(webinar: Webinar, staff: User) -> None:
    honduras = make_delegation(webinar, make_country("HN"))
    ana, luz, eva = (make_delegate(honduras, profile) for profile in ("prosecutors", "prosecutors", "border-control"))
    first, second = session_of(webinar), session_of(webinar, 2)
    make_entry(ana, first, ical_partstat="ACCEPTED")
    make_entry(luz, first, ical_partstat="DECLINED")
    make_entry(eva, second, planned_method="CANCEL", ical_partstat="ACCEPTED")
    record_presence(ana, first)
    make_attendance(first, ana, by=staff)
    make_attendance(first, ana, by=staff, key="name:ana on the phone")
    make_attendance(second, eva, by=staff)

    (of_honduras,) = attendance_table(webinar).countries

    figures = {line.profile.code: (line.nominated, *line.sessions) for line in of_honduras.rows if line.profile}
    assert figures == {
        "prosecutors": (2, SessionFigures(invited=2, accepted=1, opened=1, attended=1), SessionFigures()),
        "immigration-control": (0, SessionFigures(), SessionFigures()),
        "border-control": (1, SessionFigures(), SessionFigures(attended=1)),
        "investigation-units": (0, SessionFigures(), SessionFigures()),
    }
    assert of_honduras.total.sessions == (
        SessionFigures(invited=2, accepted=1, opened=1, attended=1),
        SessionFigures(attended=1),
    )


def test_the_nominated_are_those_of_the_board(webinar: Webinar) -> None:
    for number, code in enumerate(("HN", "GT", "BZ")):
        delegation = make_delegation(
            webinar,
            make_country(code),
            status=DelegationStatus.NOT_ATTENDING if code == "BZ" else DelegationStatus.DRAFT,
        )
        for _number in range(number + 1):
            make_delegate(delegation, "prosecutors")
        make_delegate(delegation, "border-control", status="withdrawn", withdrawn_at=NOW)
    make_delegate(make_delegation(webinar, make_organisation()), None)

    table, board = attendance_table(webinar), quota_board(webinar)

    assert table.countries_total.nominated == board.named_total == 3
    assert {line.profile: line.nominated for line in table.profile_totals} == {
        total.profile: total.named for total in board.profile_totals
    }
    assert {str(one.delegation.body): one.total.nominated for one in table.bodies} == {
        str(row.delegation.body): row.named for row in (*board.rows, *board.organisations) if row.is_attending
    }
    assert table.grand_total.nominated == 4


def test_attendance_counts_former_delegates_and_countries_that_do_not_attend(webinar: Webinar, staff: User) -> None:
    away = make_delegation(webinar, make_country("BZ"), status=DelegationStatus.NOT_ATTENDING)
    stayed = make_delegate(away)
    left = make_delegate(away, status="withdrawn", withdrawn_at=NOW)
    make_entry(left, session_of(webinar))
    record_presence(left, session_of(webinar))
    make_attendance(session_of(webinar), left, by=staff)
    make_attendance(session_of(webinar), stayed, by=staff)

    (belize,) = attendance_table(webinar).countries

    assert (belize.total.nominated, belize.total.sessions[0]) == (0, SessionFigures(opened=1, attended=2))


def test_people_without_a_profile_that_is_asked_for_have_a_line_of_their_own(webinar: Webinar) -> None:
    honduras = make_delegation(webinar, make_country("HN"))
    make_delegate(honduras, None, role="moderator")

    (of_honduras,) = attendance_table(webinar).countries

    assert (of_honduras.rows[-1].profile, of_honduras.rows[-1].nominated, of_honduras.total.nominated) == (None, 1, 1)


def attended(webinar: Webinar) -> int:
    return sum(session.attended for session in attendance_table(webinar).grand_total.sessions)


def test_attendance_counts_from_the_minimum_stay_over_all_rows_of_a_person(webinar: Webinar, staff: User) -> None:
    honduras, first = make_delegation(webinar, make_country("HN")), session_of(webinar)
    long, short, twice = (make_delegate(honduras) for _number in range(3))
    make_attendance(first, long, by=staff, minutes=15)
    make_attendance(first, short, by=staff, minutes=14)
    make_attendance(session_of(webinar, 2), short, by=staff, minutes=1)
    make_attendance(first, twice, by=staff, minutes=5)
    make_attendance(first, twice, by=staff, minutes=10, key="name:on the phone")
    make_attendance(first, by=staff, minutes=90)

    by_default = (attended(webinar), attended_of_webinars([webinar.pk])[webinar.pk])
    RegistrationPolicy.objects.update(minimum_stay_minutes=0)
    everybody = (attended(webinar), attended_of_webinars([webinar.pk])[webinar.pk])

    # The list of webinars counts people, the table counts them once for each session.
    assert (by_default, everybody) == ((2, 2), (4, 3))


def test_without_a_policy_every_stay_counts(staff: User) -> None:
    webinar = make_webinar(with_policy=False)
    make_attendance(session_of(webinar), make_delegate(make_delegation(webinar)), by=staff, minutes=1)

    assert (attended(webinar), attended_of_webinars([webinar.pk])[webinar.pk]) == (1, 1)


def add(webinar: Webinar, number: int, *, by: User) -> None:
    delegation = make_delegation(webinar, make_country(f"A{chr(65 + number)}"))
    for profile in ("prosecutors", "border-control"):
        person = make_delegate(delegation, profile, admitted_at=NOW)
        make_entry(person, session_of(webinar))
        record_presence(person, session_of(webinar))
        make_attendance(session_of(webinar), person, by=by)


def test_the_queries_of_table_and_arrivals_do_not_grow(webinar: Webinar, staff: User) -> None:
    def queries() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as table:
            attendance_table(webinar)
        with CaptureQueriesContext(connection) as arrivals:
            arrivals_of(session_of(webinar))
        return len(table), len(arrivals) - 1

    add(webinar, 0, by=staff)
    with_one = queries()
    for number in range(1, 15):
        add(webinar, number, by=staff)

    assert queries() == with_one == (7, 2)


def test_arrivals_count_those_who_take_part_by_body_and_profile(webinar: Webinar) -> None:
    honduras = make_delegation(webinar, make_country("HN"))
    unodc = make_delegation(webinar, make_organisation("unodc"))
    ana, luz = (make_delegate(honduras, admitted_at=NOW, name=name) for name in ("Ana", "Luz"))
    eva = make_delegate(unodc, None, admitted_at=NOW, name="Eva")
    make_delegate(honduras, name="Not admitted")
    left = make_delegate(honduras, admitted_at=NOW, status="withdrawn", withdrawn_at=NOW)
    for person in (ana, eva, left):
        record_presence(person, session_of(webinar))
    record_presence(luz, session_of(webinar, 2))

    arrivals = arrivals_of(session_of(webinar))

    assert [profile.code if profile else None for profile in arrivals.profiles] == ["prosecutors", None]
    assert [(one.body, one.counts, one.total) for one in arrivals.bodies] == [
        (honduras.body, (ArrivalCount(1, 2), ArrivalCount(0, 0)), ArrivalCount(1, 2)),
        (unodc.body, (ArrivalCount(0, 0), ArrivalCount(1, 1)), ArrivalCount(1, 1)),
    ]
    assert [one.person for one in arrivals.bodies[0].arrived] == [ana]
    assert arrivals.bodies[0].not_arrived == (luz,)
    assert (arrivals.totals, arrivals.total) == ((ArrivalCount(1, 2), ArrivalCount(1, 1)), ArrivalCount(2, 3))
