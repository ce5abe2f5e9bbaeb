from datetime import UTC, date, datetime

import pytest
from pytest_django import Settings

from registrations.exceptions import UnreadableTable
from registrations.services.attendance_import.people import Attendee, attendees_from_rows, seconds_in
from registrations.services.attendance_import.reading import ReportRow, read_report
from registrations.tokens import Scope, join_url, make_token, page_url
from tests.factories import make_delegate, make_delegation
from tests.registrations.services.attendance_import.reports import ZOOM_HEADINGS, teams, zoom, zoom_row
from tests.registrations.services.imports.files import csv_file, people, xlsx

DAY = date(2026, 11, 16)
ZONE = "America/Costa_Rica"


def attendees(data: bytes, *, zone: str = ZONE) -> list[Attendee]:
    return attendees_from_rows(read_report(data), day=DAY, zone=zone)


def test_a_report_of_zoom_is_read_below_its_summary_and_in_the_chosen_zone() -> None:
    assert attendees(zoom(zoom_row("Ana Ejemplo (Ana)", "Ana@Example.org"))) == [
        Attendee(
            name="Ana Ejemplo (Ana)",
            address="Ana@Example.org",
            minutes=122,
            first_joined_at=datetime(2026, 11, 16, 14, 58, tzinfo=UTC),
            last_left_at=datetime(2026, 11, 16, 17, 0, tzinfo=UTC),
        )
    ]


def test_the_list_of_single_stays_in_a_report_of_teams_is_not_counted_again() -> None:
    row = (
        "José Peña\t11/16/26, 9:00:10 AM\t11/16/26, 10:05:13 AM\t1h 5m 3s\tjose@example.org\tjose@example.org\tAttendee"
    )

    assert attendees(teams([row], activities=["José Peña\t11/16/26, 9:00:10 AM\t\t1h 5m 3s\tjose@example.org\tx"])) == [
        Attendee(
            name="José Peña",
            address="jose@example.org",
            minutes=66,
            first_joined_at=datetime(2026, 11, 16, 15, 0, 10, tzinfo=UTC),
            last_left_at=datetime(2026, 11, 16, 16, 5, 13, tzinfo=UTC),
        )
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_any_delimiter_and_encoding_is_read(delimiter: str, encoding: str) -> None:
    data = csv_file([["Nombre", "Correo electrónico", "Duración"], ["Peña", "pena@example.org", "12"]],
                    delimiter=delimiter, encoding=encoding)  # fmt: skip

    assert read_report(data) == [ReportRow(name="Peña", address="pena@example.org", duration="12")]


def test_several_stays_of_a_person_are_one_and_two_devices_at_once_count_once() -> None:
    (ana, without_address) = attendees(
        zoom(
            zoom_row("Ana", "ana@example.org", "09:00:00 AM", "09:30:00 AM", 30),
            zoom_row("Ana, phone", "ANA@example.org", "09:20:00 AM", "09:40:00 AM", 20).replace("Ana, phone", "Ana"),
            zoom_row("Ana", "ana@example.org", "10:00:00 AM", "10:10:00 AM", 10),
            zoom_row("Luz", "", "09:00:00 AM", "09:10:00 AM", 10),
            zoom_row(" LUZ ", "", "09:30:00 AM", "09:40:00 AM", 10),
        )
    )

    assert (ana.minutes, without_address.name, without_address.minutes) == (50, "Luz", 20)


@pytest.mark.parametrize(
    ("first", "second"),
    [("16/11/2026 09:00", "16/11/2026 10:00"), ("2026-11-16 09:00:00", "2026-11-16T10:00:00-06:00")],
)
def test_days_are_read_in_the_order_that_fits_the_session(first: str, second: str) -> None:
    (ana,) = attendees(csv_file([["Name", "Join Time", "Leave Time"], ["Ana", first, second]]))

    assert (ana.first_joined_at, ana.last_left_at, ana.minutes) == (
        datetime(2026, 11, 16, 15, tzinfo=UTC), datetime(2026, 11, 16, 16, tzinfo=UTC), 60
    )  # fmt: skip


def test_a_day_that_reads_either_way_is_that_of_the_session() -> None:
    rows = read_report(csv_file([["Name", "Join Time"], ["Ana", "05/10/2026 09:00"]]))

    found = [
        attendees_from_rows(rows, day=day, zone="UTC")[0].first_joined_at
        for day in (date(2026, 10, 5), date(2026, 5, 10))
    ]

    assert found == [datetime(2026, 10, 5, 9, tzinfo=UTC), datetime(2026, 5, 10, 9, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("63", 3780), ("62.5", 3750), ("1h 5m 3s", 3903), ("1 h 5 min 3 s", 3903), ("45s", 45), ("1:05:03", 3903),
     ("", None), ("long", None), ("-5", None), ("nan", None), ("1e99", None)],
)  # fmt: skip
def test_a_duration_is_minutes_or_says_its_units(text: str, seconds: int | None) -> None:
    assert seconds_in(text) == seconds


def test_the_names_of_the_columns_are_a_setting(settings: Settings) -> None:
    settings.ATTENDANCE_COLUMNS = settings.ATTENDANCE_COLUMNS | {"name": ["Who"], "duration": ["How long"]}

    assert read_report(csv_file([["WHO (all)", "how long"], ["Ana", "5"]])) == [ReportRow(name="Ana", duration="5")]


@pytest.mark.django_db
def test_a_personal_link_given_as_an_answer_identifies_the_person() -> None:
    delegation = make_delegation()
    ana, luz = make_delegate(delegation), make_delegate(delegation)
    cells = [join_url(ana, 2), f"I hope it is this one: {page_url(luz)}?utm=x", "https://example.org/my/none/", ""]
    rows = [["Name", "Personal link", "Duration"], *([f"Office {n}", cell, "5"] for n, cell in enumerate(cells))]

    found = attendees(csv_file(rows))

    assert [one.linked_delegate_id for one in found] == [ana.pk, luz.pk, None, None]
    assert not any(luz.email in str(one) or make_token(luz, Scope.PAGE) in str(one) for one in found)


@pytest.mark.django_db
def test_a_link_given_by_several_people_and_two_links_of_one_person_are_ignored() -> None:
    delegation = make_delegation()
    ana, luz, eva = (page_url(make_delegate(delegation)) for _ in range(3))
    given = [("Ana", ana), ("Ben", ana), ("Luz", luz), ("Luz", eva), ("Eva", ""), ("Mia", eva), ("Mia", "")]

    found = attendees(csv_file([["Name", "Personal link", "Duration"], *([name, link, "5"] for name, link in given)]))

    assert [(one.name, one.minutes, one.linked_delegate_id) for one in found] == [
        ("Ana", 5, None), ("Ben", 5, None), ("Luz", 10, None), ("Eva", 5, None), ("Mia", 10, None)
    ]  # fmt: skip


def test_formulas_stay_text() -> None:
    (row,) = read_report(csv_file([["Name", "Duration"], ['=HYPERLINK("x")', "5"]]))

    assert row.name == '=HYPERLINK("x")'


def test_fifty_thousand_rows_are_read_and_one_more_is_refused() -> None:
    rows = [["Name", "Duration"], *(["Ana", "1"] for _ in range(50_000))]

    assert len(read_report(csv_file(rows))) == 50_000
    with pytest.raises(UnreadableTable, match="more than 50,000 rows"):
        read_report(csv_file([*rows, ["Ana", "1"]]))


def test_a_report_without_known_headings_is_refused_with_expected_and_found_headings() -> None:
    with pytest.raises(UnreadableTable) as refused:
        read_report(csv_file([["Apellido", "Cargo"], ["Ejemplo", "ana@example.org"]]))

    said = str(refused.value.message)
    assert "Looked for: Name (Name, Full Name" in said
    assert said.endswith("Found: Apellido, Cargo.")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (zoom(), "no people below"),
        (ZOOM_HEADINGS.encode(), "no people below"),
        (b"", "Nothing was found"),
        (b"\xef\xbb\xbf", "Nothing was found"),
        (xlsx(people(1)), "Excel file"),
        (b"%PDF-1.4", "no participant report"),
        (b"Name,Duration\nAna\x00,5", "characters that no text has"),
        ("Name,Duration\nPeña,5\n".encode() + b"Pe\xf1a,5", "another encoding"),
        (b"x" * (10 * 1024 * 1024 + 1), "larger than 10 MB"),
        (b'"' + b"x" * 200_000, "No row of headings"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_report_is_refused_with_the_reason(data: bytes, why: str) -> None:
    with pytest.raises(UnreadableTable, match=why):
        read_report(data)
