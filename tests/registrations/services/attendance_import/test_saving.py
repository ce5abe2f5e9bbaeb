from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registrations.exceptions import NotPossibleNow, ReasonRequired, UnreadableTable
from registrations.models import Attendance, AttendanceReport, Delegate, HistoryEvent, HistoryKind, MatchedBy
from registrations.services.attendance_import.form_payload import people_to_text, text_to_people
from registrations.services.attendance_import.manual_matching import NOBODY, NOT_YET, match_manually
from registrations.services.attendance_import.matching import check_report, suggest_by_name
from registrations.services.attendance_import.people import Attendee
from registrations.services.attendance_import.saving import NotConfirmed, remove_attendance
from sessions_app.models import Session
from tests.factories import FIRST_START, NOW, make_delegate, make_delegation, make_quotas, make_staff, make_webinar
from tests.registrations.services.attendance_import.stories import AFTER, ZONE, attendee, imported, make_session_of

pytestmark = pytest.mark.django_db


def stored() -> list[tuple[str, str, str, int]]:
    """(name in the report, name of ours, known by, minutes)."""
    rows = Attendance.objects.select_related("delegate").order_by("pk")
    return [(row.name, row.delegate.name if row.delegate else "", row.matched_by, row.minutes) for row in rows]


def test_people_are_matched_by_address_ignoring_case_and_others_stay_unmatched() -> None:
    session, _people = make_session_of("ana")

    imported(session, attendee("Ana E.", "ANA@Example.ORG"), attendee("Luz"))

    assert stored() == [("Ana E.", "ana", "address", 60), ("Luz", "", "", 60)]


def test_a_personal_link_has_priority_over_the_address() -> None:
    session, (ana, luz) = make_session_of("ana", "luz")
    report = [
        replace(attendee("Office", "ana@example.org"), linked_delegate_id=luz.pk),
        replace(attendee("A."), linked_delegate_id=ana.pk),
    ]

    imported(session, *report, attendee("Luz", "luz@example.org", start=70))

    assert stored() == [("Office", "luz", "link", 60), ("A.", "ana", "link", 60), ("Luz", "luz", "address", 60)]


def test_a_successor_with_the_link_of_a_former_delegate_is_matched_by_address() -> None:
    session, (ana, luz) = make_session_of("ana", "luz")
    Delegate.objects.filter(pk=ana.pk).update(status="withdrawn", withdrawn_at=NOW)
    report = [
        replace(attendee("Luz", luz.email), linked_delegate_id=ana.pk),
        replace(attendee("Ana"), linked_delegate_id=ana.pk),
    ]

    imported(session, *report)

    assert stored() == [("Luz", "luz", "address", 60), ("Ana", "ana", "link", 60)]


def test_a_manual_match_survives_an_import_with_links() -> None:
    session, (ana, luz) = make_session_of("ana", "luz")
    office = attendee("Office", "office@example.org")
    imported(session, office, is_confirmed=True)
    match_manually(session, answers={Attendance.objects.get().pk: str(luz.pk)}, by=make_staff(), now=AFTER)

    imported(session, replace(office, linked_delegate_id=ana.pk), is_confirmed=True)

    assert stored() == [("Office", "luz", "hand", 60)]


def test_a_link_to_another_webinar_is_ignored_and_a_manual_match_overrides_a_link() -> None:
    session, (ana, luz) = make_session_of("ana", "luz")
    other = make_webinar("other")
    make_quotas(other)
    stranger = make_delegate(make_delegation(other, ana.delegation.body))
    with_links = [
        replace(attendee("Ana", "ana@example.org"), linked_delegate_id=stranger.pk), replace(attendee("Luz"),
        linked_delegate_id=luz.pk)
    ]  # fmt: skip
    imported(session, *with_links)
    match_manually(
        session, answers={Attendance.objects.get(name="Luz").pk: str(ana.pk)}, by=make_staff(), now=AFTER
    )  # fmt: skip

    imported(session, *with_links)

    assert stored() == [("Ana", "ana", "address", 60), ("Luz", "ana", "hand", 60)]


def test_of_two_delegates_with_one_address_the_active_one_is_matched() -> None:
    session, (ana,) = make_session_of("ana")
    make_delegate(ana.delegation, name="left", email="Ana@example.org", status="withdrawn", withdrawn_at=NOW)

    imported(session, attendee("Ana", "ana@example.org"))

    assert stored() == [("Ana", "ana", "address", 60)]


def test_the_same_report_twice_changes_nothing() -> None:
    session, _people = make_session_of("ana")
    imported(session, attendee("Ana", "ana@example.org"), attendee("Luz"))
    before = list(Attendance.objects.values())

    again = imported(session, attendee("Ana", "ana@example.org"), attendee("Luz"))

    assert (again.added, again.changed) == (0, 0)
    assert list(Attendance.objects.values()) == before
    assert AttendanceReport.objects.count() == HistoryEvent.objects.count() == 1


def test_a_manual_match_survives_the_next_import() -> None:
    session, (ana, luz) = make_session_of("ana", "luz")
    imported(session, attendee("Ana", "ana@example.org"), attendee("Luz E."), attendee("Interpreter"))
    by_name = {row.name: row.pk for row in Attendance.objects.all()}
    answers = {by_name["Ana"]: str(luz.pk), by_name["Luz E."]: str(ana.pk), by_name["Interpreter"]: NOBODY}
    match_manually(session, answers=answers, by=make_staff(), now=AFTER)

    imported(session, attendee("Ana", "ana@example.org"), attendee("Luz E.", minutes=90), attendee("Interpreter"))

    assert stored() == [("Ana", "luz", "hand", 60), ("Luz E.", "ana", "hand", 90), ("Interpreter", "", "nobody", 60)]


def test_a_report_of_a_second_room_adds_its_time_and_each_may_come_again() -> None:
    session, _people = make_session_of("ana")
    first, second = (attendee("Ana", "ana@example.org", minutes=30, start=start) for start in (0, 40))

    for report in (first, second, first, second):
        imported(session, report)

    row = Attendance.objects.get()
    assert row.minutes == 60
    assert row.first_joined_at == FIRST_START
    assert row.last_left_at == FIRST_START + timedelta(minutes=70)


@pytest.mark.parametrize("instants", [(0,), (0, 40)], ids=["one report", "two reports"])
def test_a_stay_without_duration_is_counted_once(instants: tuple[int, ...]) -> None:
    session, _people = make_session_of("ana")
    # Reports round up: a minute, and no time between its ends.
    reports = [replace(attendee("Ana", "ana@example.org", minutes=0, start=start), minutes=1) for start in instants]
    for report in reports:
        imported(session, report)
    before = list(Attendance.objects.values())

    again = [imported(session, report).changed for report in reports]

    assert again == [0] * len(instants)
    assert list(Attendance.objects.values()) == before
    assert Attendance.objects.get().minutes == len(instants)


def test_a_later_report_of_the_same_room_counts_the_longer_time() -> None:
    session, _people = make_session_of("ana")
    imported(session, attendee("Ana", "ana@example.org", minutes=30))

    imported(session, attendee("Ana", "ana@example.org", minutes=100))

    assert Attendance.objects.get().minutes == 100


@pytest.mark.parametrize(
    ("people", "warning"),
    [
        ([attendee("Zoe", "zoe@example.org")], "Nobody in this report belongs to this webinar."),
        ([attendee("Ana", "ana@example.org"), *(attendee(f"Zoe {n}") for n in range(5))], "Of 6 people in this"),
        ([attendee("Ana", "ana@example.org", at=FIRST_START + timedelta(days=1))], "1 of 1 people joined on another"),
    ],
)  # fmt: skip
def test_a_report_that_looks_like_another_event_needs_a_confirmation(people: list[Attendee], warning: str) -> None:
    session, _people = make_session_of("ana")

    warnings = check_report(session, people, zone=ZONE).warnings
    with pytest.raises(NotConfirmed):
        imported(session, *people)
    nothing = Attendance.objects.count()
    imported(session, *people, is_confirmed=True)

    assert [text.startswith(warning) for text in warnings] == [True]
    assert (nothing, Attendance.objects.count()) == (0, len(people))


def test_the_day_of_the_session_is_that_of_the_zone_of_the_report() -> None:
    session, _people = make_session_of("ana")
    session.starts_at = FIRST_START.replace(hour=23)
    session.save()
    late = attendee("Ana", "ana@example.org", at=session.starts_at)

    assert [check_report(session, [late], zone=zone).warnings for zone in ("America/Costa_Rica", "Asia/Tokyo")] == [
        (),
        (),
    ]


def test_checking_writes_nothing_and_its_queries_do_not_grow() -> None:
    session, _people = make_session_of("ana", "luz")
    few, many = [attendee("Ana", "ana@example.org")], [attendee(f"Someone {n}") for n in range(500)]

    with CaptureQueriesContext(connection) as one:
        check_report(session, few, zone=ZONE)
    with CaptureQueriesContext(connection) as five_hundred:
        check_report(session, many, zone=ZONE)

    assert len(one) == len(five_hundred)
    assert Attendance.objects.count() == 0


def test_a_second_report_is_written_over_the_first_in_few_statements() -> None:
    session, _people = make_session_of("ana")
    later = FIRST_START + timedelta(hours=3)
    everybody = [attendee("Ana", "ana@example.org"), *(attendee(f"Someone {n}") for n in range(200))]
    imported(session, *everybody, is_confirmed=True)
    before = dict(Attendance.objects.values_list("key", "pk"))

    with CaptureQueriesContext(connection) as captured:
        again = [attendee(one.name, one.address, at=later) for one in [*everybody, attendee("Newcomer")]]
        result = imported(session, *again, is_confirmed=True)

    assert (result.added, result.changed) == (1, 201)
    assert [row["sql"][:6] for row in captured if 'attendance"' in row["sql"]].count("INSERT") <= 3
    assert "UPDATE" not in {row["sql"][:6] for row in captured}
    after = dict(Attendance.objects.values_list("key", "pk"))
    assert {key: pk for key, pk in after.items() if key in before} == before
    assert set(Attendance.objects.values_list("minutes", flat=True)) == {60, 120}
    assert len({row.report_id for row in Attendance.objects.all()}) == 1


def test_only_a_delegate_of_the_webinar_can_be_matched_manually() -> None:
    session, (ana,) = make_session_of("ana")
    other = make_webinar("other")
    make_quotas(other)
    stranger = make_delegate(make_delegation(other, ana.delegation.body))
    imported(session, attendee("Ana E.", "a@example.org"), is_confirmed=True)
    row = Attendance.objects.get()
    other_session = Session.objects.get(webinar=session.webinar, number=2)

    with pytest.raises(NotPossibleNow):
        match_manually(session, answers={row.pk: str(stranger.pk)}, by=make_staff(), now=AFTER)
    of_another_session = match_manually(other_session, answers={row.pk: str(ana.pk)}, by=make_staff(), now=AFTER)

    assert of_another_session == 0
    assert stored() == [("Ana E.", "", "", 60)]


def test_a_manual_match_is_recorded_and_can_be_undone() -> None:
    session, (ana,) = make_session_of("ana")
    staff = make_staff()
    imported(session, attendee("Ana E.", "a@example.org"), is_confirmed=True, by=staff)
    row = Attendance.objects.get()

    counts = [
        match_manually(session, answers={row.pk: answer}, by=staff, now=AFTER)
        for answer in (str(ana.pk), str(ana.pk), NOT_YET)
    ]

    events = HistoryEvent.objects.filter(kind=HistoryKind.ATTENDANCE_MATCHED).order_by("pk")
    assert counts == [1, 0, 1]
    assert [(event.actor, event.delegate) for event in events] == [(staff, ana), (staff, None)]
    assert Attendance.objects.get().matched_by == MatchedBy.NOTHING


def test_no_event_keeps_a_name_or_an_address_of_a_report() -> None:
    session, (ana,) = make_session_of("ana")
    imported(session, attendee("Secret name", "secret@example.org"), is_confirmed=True)
    match_manually(session, answers={Attendance.objects.get().pk: str(ana.pk)}, by=make_staff(), now=AFTER)

    assert "ecret" not in str(list(HistoryEvent.objects.values()))


def test_a_delegate_is_suggested_by_name_only_if_the_name_is_unique() -> None:
    session, people = make_session_of("José Peña", "Ana")
    make_delegate(people[0].delegation, name="ana")
    imported(session, attendee("JOSE PENA"), attendee("Ana"))
    rows = list(Attendance.objects.order_by("pk"))

    assert suggest_by_name(session, rows) == {rows[0].pk: people[0]}


def test_removing_the_attendance_of_a_session_needs_a_reason() -> None:
    session, _people = make_session_of("ana")
    imported(session, attendee("Ana", "ana@example.org"))

    with pytest.raises(ReasonRequired):
        remove_attendance(session, reason="  ", by=make_staff(), now=AFTER)
    counts = [remove_attendance(session, reason="Of another event", by=make_staff(), now=AFTER) for _ in range(2)]

    assert counts == [1, 0]
    assert (Attendance.objects.count(), AttendanceReport.objects.count()) == (0, 0)
    assert HistoryEvent.objects.filter(kind=HistoryKind.ATTENDANCE_REMOVED).count() == 1


def test_the_form_payload_returns_the_same_people() -> None:
    people = [
        attendee("José “Pepe” <b>", "pepe@example.org"),
        Attendee("=cmd", "", 0, None, None),
        replace(attendee("José"), linked_delegate_id=7),
    ]

    assert text_to_people(people_to_text(people)) == people


def test_the_form_payload_takes_ten_thousand_people_and_no_more() -> None:
    people = [attendee(f"Someone {n}", f"someone{n}@example.org") for n in range(10_000)]

    assert len(text_to_people(people_to_text(people))) == 10_000
    with pytest.raises(UnreadableTable, match="more than 10,000 people"):
        people_to_text([*people, attendee("One more")])


@pytest.mark.parametrize(
    "text",
    ["", "x", "ñ", people_to_text([]), people_to_text([attendee("Ana")])[:-3], people_to_text([attendee("")]),
     people_to_text([attendee("Ana"), attendee("ANA")]),
     people_to_text([replace(attendee("Ana"), linked_delegate_id="x")]), people_to_text([Attendee(None, None, 1, None,
     None)])],  # type: ignore[arg-type]  # forged
)  # fmt: skip
def test_a_tampered_form_payload_is_refused(text: str) -> None:
    with pytest.raises(UnreadableTable):
        text_to_people(text)
