"""Zoom's "Attendee Report" of a webinar: a block for each kind of people, each with headings of its own."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import partial

import pytest

from registrations.exceptions import UnreadableTable
from registrations.services.attendance_import.people import Attendee, attendees_from_rows
from registrations.services.attendance_import.reading import read_report
from registrations.tokens import join_url
from tests.factories import make_delegate, make_delegation
from tests.registrations.services.attendance_import.reports import (
    ATTENDEES,
    HOST,
    OTHERS,
    PANELISTS,
    WEBINAR_HEADINGS,
    as_excel_saves,
    as_zoom_writes,
    attendee_row,
    other_row,
    staff_row,
    translated,
    webinar_report,
)

DAY = date(2026, 11, 16)
ZONE = "America/Costa_Rica"
Rows = Sequence[Sequence[str]]
WHOLE = webinar_report(
    {
        HOST: [staff_row("Secretariat Sample", "host@example.org", "08:45:00 AM", "11:05:00 AM", 140)],
        PANELISTS: [
            staff_row("Panelist Sample", "panelist@example.org", "08:52:00 AM", "11:01:00 AM", 129),
            staff_row("Panelist Sample", "panelist@example.org", "11:02:00 AM", "11:04:00 AM", 2),
        ],
        ATTENDEES: [
            attendee_row("Ana", "ana@example.org", "09:01:00 AM", "09:40:00 AM", 39),
            attendee_row("Ana", "ana@example.org", "09:44:00 AM", "11:00:00 AM", 76),
            attendee_row("Luis", "luis@example.org"),
        ],
        OTHERS: [other_row("50400000000", "09:05:00 AM", "10:55:00 AM", 110)],
    }
)
PRESENT = [("Secretariat Sample", 140), ("Panelist Sample", 131), ("Ana", 115), ("50400000000", 110)]


def attendees(data: bytes) -> list[Attendee]:
    return attendees_from_rows(read_report(data), day=DAY, zone=ZONE)


def present(data: bytes) -> list[tuple[str, int]]:
    return [(one.name, one.minutes) for one in attendees(data)]


def test_each_block_is_read_by_its_own_headings_without_absent_people() -> None:
    found = attendees(as_zoom_writes(WHOLE))

    assert [(one.name, one.minutes) for one in found] == PRESENT
    assert [one.address for one in found] == ["host@example.org", "panelist@example.org", "ana@example.org", ""]
    ana, by_telephone = found[2:]
    assert (ana.first_joined_at, ana.last_left_at) == (
        datetime(2026, 11, 16, 15, 1, tzinfo=UTC), datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
    )  # fmt: skip
    assert by_telephone.first_joined_at == datetime(2026, 11, 16, 15, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "saved",
    [as_zoom_writes, *(partial(as_excel_saves, delimiter=delimiter, encoding=encoding)
     for delimiter in ",;\t" for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"))],
)  # fmt: skip
@pytest.mark.parametrize("rows", [WHOLE, translated(WHOLE)], ids=["English", "Spanish"])
def test_a_webinar_report_is_read_as_written_by_zoom_and_as_saved_by_excel(
    rows: Rows, saved: Callable[[Rows], bytes]
) -> None:
    assert present(saved(rows)) == PRESENT


@pytest.mark.parametrize("saved", [as_zoom_writes, as_excel_saves])
@pytest.mark.parametrize(
    "blocks",
    [
        {HOST: [], PANELISTS: [], OTHERS: []},
        {HOST: None, PANELISTS: None, OTHERS: None},
        {},
        {OTHERS: []},
        {PANELISTS: None},
    ],
    ids=["empty", "without headings", "missing", "some missing", "one without headings"],
)
def test_blocks_may_be_missing_or_empty(blocks: dict[str, Rows | None], saved: Callable[[Rows], bytes]) -> None:
    ana = {ATTENDEES: [attendee_row("Ana", "ana@example.org", "09:01:00 AM", "09:40:00 AM", 39)]}

    assert present(saved(webinar_report(blocks | ana))) == [("Ana", 39)]
    assert present(saved(webinar_report(ana | blocks))) == [("Ana", 39)]


def test_a_block_without_addresses_can_precede_other_blocks() -> None:
    others = {OTHERS: [other_row("50400000000", "09:05:00 AM", "10:55:00 AM", 110)]}
    host = {HOST: [staff_row("Secretariat Sample", "host@example.org", "08:45:00 AM", "11:05:00 AM", 140)]}

    assert present(as_zoom_writes(webinar_report(others | host))) == [("50400000000", 110), ("Secretariat Sample", 140)]


@pytest.mark.parametrize("saved", [as_zoom_writes, as_excel_saves])
def test_blank_rows_between_the_blocks_end_nothing(saved: Callable[[Rows], bytes]) -> None:
    spaced = [row for one in WHOLE for row in ([one] if len([cell for cell in one if cell]) > 1 else [[""], one])]

    assert present(saved(spaced)) == PRESENT


def test_two_devices_at_once_count_once_and_a_panelist_who_was_an_attendee_too_is_one_person() -> None:
    rows = webinar_report(
        {
            PANELISTS: [staff_row("Ana", "ana@example.org", "09:00:00 AM", "09:30:00 AM", 30)],
            ATTENDEES: [
                attendee_row("Ana", "Ana@Example.org", "09:20:00 AM", "09:40:00 AM", 20),
                attendee_row("Ana", "ana@example.org"),
            ],
        }
    )

    assert present(as_zoom_writes(rows)) == [("Ana", 40)]


@pytest.mark.django_db
def test_a_personal_link_given_at_registration_identifies_the_person() -> None:
    delegate = make_delegate(make_delegation())
    row = attendee_row("Office 4", "office@example.org", "09:01:00 AM", "09:40:00 AM", 39)
    row[WEBINAR_HEADINGS[ATTENDEES].index("Personal link")] = join_url(delegate, 1)

    (found,) = attendees(as_zoom_writes(webinar_report({HOST: [], ATTENDEES: [row]})))

    assert (found.linked_delegate_id, found.minutes) == (delegate.pk, 39)


def test_a_report_without_attendees_is_refused_with_the_reason() -> None:
    with pytest.raises(UnreadableTable, match="no people below"):
        read_report(as_zoom_writes(webinar_report({HOST: [], ATTENDEES: [attendee_row("Luis", "luis@example.org")]})))


def test_a_block_with_unknown_headings_is_refused() -> None:
    rows = [*WHOLE, ["Guests"], ["Who", "When", "How long"], ["Ana", "11/16/2026 09:00:00 AM", "5"]]

    with pytest.raises(UnreadableTable) as refused:
        read_report(as_zoom_writes(rows))

    assert "Guests" in str(refused.value.message)
    assert str(refused.value.message).endswith("Found: Who, When, How long.")
