"""Admin pages of attendance: the table, the import and matching of a report, and the arrivals."""

import re
from datetime import timedelta
from html import unescape
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from registrations.models import Arrival, Attendance, Delegate, HistoryEvent, HistoryKind, RegistrationPolicy, User
from sessions_app.models import Session
from tests.factories import FIRST_START, NOW, make_attendance, make_delegate
from tests.registrations.services.attendance_import.reports import zoom, zoom_row
from tests.registrations.services.attendance_import.stories import make_session_of

TABLE = "/admin/attendance/flows/"
SESSION = f"{TABLE}1/"
ZONE = "America/Costa_Rica"


@pytest.fixture
def people(db: None) -> list[Delegate]:
    return make_session_of("ana", "luz")[1]


@pytest.fixture
def session(people: list[Delegate]) -> Session:
    return Session.objects.get(webinar=people[0].webinar, number=1)


def upload(client: Client, data: bytes) -> HttpResponse:
    file = SimpleUploadedFile("participants.csv", data, content_type="text/csv")
    return client.post(f"{SESSION}import/", {"file": file, "timezone": ZONE})


def confirm(client: Client, checked: HttpResponse, **typed: str) -> HttpResponse:
    """Submit the form of the checked report as a browser would."""
    html = checked.content.decode()
    hidden = {
        name: unescape(re.search(rf'name="{name}" value="([^"]*)"', html)[1])  # type: ignore[index]  # it is there
        for name in ("people", "timezone")
    }
    return client.post(f"{SESSION}save/", hidden | typed)


def page_text(response: HttpResponse) -> str:
    html = response.content.decode()
    main = html[html.index('id="content-main"') :] if 'id="content-main"' in html else html
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def test_a_report_is_checked_saved_and_matched_by_hand(secretariat: Client, session: Session) -> None:
    report = zoom(zoom_row("Ana E.", "ANA@example.org"), zoom_row("=Luz"), zoom_row("LUZ"))

    checked = upload(secretariat, report)
    nothing = Attendance.objects.count()
    saved = confirm(secretariat, checked)
    page = secretariat.get(SESSION)
    rows = {row.name: row for row in Attendance.objects.all()}
    form = page.context["form"]
    told = secretariat.post(
        SESSION,
        {
            **{
                field.html_name: field.initial or "" for _row, who, was in form.rows_with_fields for field in (who, was)
            },
            f"who-{rows['=Luz'].pk}": "nobody",
        },
    )

    assert "1 person is known · 2 people are not known yet" in page_text(checked)
    assert nothing == 0
    assert (saved.status_code, saved.headers["Location"], told.status_code) == (302, SESSION, 302)
    assert "2 people in the reports are not known yet." in page_text(page)
    assert {row.name: (row.delegate and row.delegate.name, row.matched_by) for row in Attendance.objects.all()} == {
        "Ana E.": ("ana", "address"),
        "=Luz": (None, "nobody"),
        "LUZ": ("luz", "hand"),
    }


def test_a_report_of_another_event_needs_a_confirmation(secretariat: Client, session: Session) -> None:
    checked = upload(secretariat, zoom(zoom_row("Zoe", "zoe@example.org")))

    refused = confirm(secretariat, checked)
    again = confirm(secretariat, refused, is_confirmed="on")

    assert "Nobody in this report belongs to this webinar." in page_text(checked)
    assert refused.status_code == 422
    assert "Please confirm that this is the report of this session." in page_text(refused)
    assert again.status_code == 302
    assert Attendance.objects.count() == 1


@pytest.mark.parametrize(
    ("data", "why"),
    [(b"", "Nothing was found"), (zoom(), "no people below them"), (b"\x00\x01", "characters that no text has"),
     (b"x" * (10 * 1024 * 1024 + 1), "larger than 10 MB")],
)  # fmt: skip
def test_an_invalid_report_is_refused_at_the_file_field(
    secretariat: Client, session: Session, data: bytes, why: str
) -> None:
    response = upload(secretariat, data)

    assert response.status_code == 422
    assert why in " ".join(response.context["form"].errors["file"])


def test_after_the_purge_day_neither_an_uploaded_nor_a_checked_report_is_accepted(
    secretariat: Client, session: Session
) -> None:
    checked = upload(secretariat, zoom(zoom_row("Ana", "ana@example.org")))
    RegistrationPolicy.objects.update(purged_at=NOW)

    refused = confirm(secretariat, checked)
    with_file = upload(secretariat, zoom(zoom_row("Ana", "ana@example.org")))

    for answer in (refused, with_file):
        assert "The day on which the personal data of this webinar end has come" in page_text(answer)
    assert not Attendance.objects.exists()


def test_an_incomplete_form_of_a_checked_report_leads_back_to_the_upload(secretariat: Client, session: Session) -> None:
    answers = [
        secretariat.post(f"{SESSION}save/", typed)
        for typed in ({}, {"people": "x", "timezone": ZONE}, {"people": "x", "timezone": "Mars"})
    ]

    assert {(answer.status_code, answer.headers["Location"]) for answer in answers} == {(302, f"{SESSION}import/")}


def test_a_match_that_a_colleague_saved_meanwhile_is_kept(secretariat: Client, staff: User, session: Session) -> None:
    row = make_attendance(session, by=staff)
    Attendance.objects.filter(pk=row.pk).update(matched_by="nobody")

    secretariat.post(SESSION, {f"who-{row.pk}": "", f"was-{row.pk}": ""})
    other = Delegate.objects.get(name="luz")
    secretariat.post(SESSION, {f"who-{row.pk}": str(other.pk), f"was-{row.pk}": ""})

    assert Attendance.objects.values_list("matched_by", "delegate__name").get() == ("hand", "luz")


def test_a_choice_that_is_not_offered_is_refused(secretariat: Client, staff: User, session: Session) -> None:
    row = make_attendance(session, by=staff)

    assert secretariat.post(SESSION, {f"who-{row.pk}": "999999"}).status_code == 422


def test_an_import_is_removed_with_a_reason(secretariat: Client, staff: User, session: Session) -> None:
    make_attendance(session, by=staff)

    without = secretariat.post(f"{SESSION}remove/", {"reason": ""})
    removed = secretariat.post(f"{SESSION}remove/", {"reason": "Of another event"})

    assert (without.status_code, removed.status_code, Attendance.objects.count()) == (422, 302, 0)


def test_the_table_the_chart_and_the_workbook_show_the_same_figures(
    secretariat: Client, staff: User, session: Session, people: list[Delegate]
) -> None:
    body = people[0].delegation.body
    body.name_en = "=1+1"
    body.save()
    make_attendance(session, people[0], by=staff)
    Arrival.objects.create(delegate=people[0], session=session, at=FIRST_START)

    page = secretariat.get(TABLE)
    export = secretariat.post(f"{TABLE}export/")
    sheet = load_workbook(BytesIO(b"".join(export.streaming_content))).active
    heading, *rows = sheet.iter_rows()
    by_profile, *_, grand_total = [{cell.value: one for cell, one in zip(heading, row, strict=True)} for row in rows]

    assert "1: 1 of 2" in page_text(page)
    assert "Prosecutors 2 0 0 1 1 0 0 0 0" in page_text(page)
    body, profile = by_profile["Country or organisation"], by_profile["Profile"]
    assert (body.value, body.data_type, profile.value) == ("=1+1", "s", "Prosecutors")
    assert grand_total["Country or organisation"].value == "Countries and organisations"
    figures = {
        "Nominated": 2,
        "1. Invited": 0, "1. Said yes": 0, "1. Opened the room": 1, "1. Attended": 1,
        "2. Invited": 0, "2. Said yes": 0, "2. Opened the room": 0, "2. Attended": 0,
    }  # fmt: skip
    for row in (by_profile, grand_total):
        assert {name: row[name].value for name in figures} == figures
    assert HistoryEvent.objects.filter(kind=HistoryKind.ATTENDANCE_EXPORTED, actor=staff).count() == 1


def test_the_workbook_says_from_how_many_minutes_attendance_is_counted(secretariat: Client, session: Session) -> None:
    def columns() -> dict[object, object]:
        export = secretariat.post(f"{TABLE}export/")
        heading, first, *_rows = load_workbook(BytesIO(b"".join(export.streaming_content))).active.values
        return dict(zip(heading, first, strict=True))

    by_default = columns()
    RegistrationPolicy.objects.update(minimum_stay_minutes=0)

    assert by_default["Attended: counted from"] == "15 minutes"
    assert list(columns()) == [name for name in by_default if name != "Attended: counted from"]


def test_the_pages_say_from_how_many_minutes_attendance_is_counted(
    secretariat: Client, staff: User, session: Session, people: list[Delegate]
) -> None:
    make_attendance(session, people[0], by=staff)

    by_default = page_text(secretariat.get(TABLE)), page_text(secretariat.get(SESSION))
    RegistrationPolicy.objects.update(minimum_stay_minutes=0)
    everybody = page_text(secretariat.get(TABLE))

    assert all("Attendance is counted from 15 minutes in a session." in text for text in by_default)
    assert "Attendance is counted however short the stay in a session was." in everybody


def test_an_empty_webinar_has_a_page(secretariat: Client, session: Session) -> None:
    Delegate.objects.all().delete()
    session.webinar.delegations.all().delete()

    assert "Nobody is asked to this webinar yet." in page_text(secretariat.get(TABLE))


def test_the_page_of_a_session_takes_the_same_queries_with_many_people(
    secretariat: Client, staff: User, session: Session
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert secretariat.get(SESSION).status_code == 200
        return len(asked)

    make_attendance(session, by=staff)
    with_one = queries()
    for _number in range(30):
        make_attendance(session, by=staff)

    assert queries() == with_one


def test_arrivals_show_figures_and_names_only_on_demand(
    secretariat: Client, session: Session, people: list[Delegate]
) -> None:
    Arrival.objects.create(delegate=people[0], session=session, at=FIRST_START - timedelta(minutes=5))

    figures, names = (secretariat.get(f"{SESSION}arrivals/{query}") for query in ("", "?names=1"))
    part = secretariat.get(f"{SESSION}arrivals/?names=1", headers={"HX-Request": "true"})

    assert "1 of 2 people have opened the room" in page_text(figures)
    assert "ana" not in page_text(figures)
    assert "● ana opened the room at" in page_text(names)
    assert "○ luz not yet" in page_text(names)
    assert "<html" not in part.content.decode()
    assert "● ana" in page_text(part)
    assert "hx-trigger" in figures.content.decode()


def test_another_session_or_webinar_is_not_found(secretariat: Client, session: Session) -> None:
    addresses = (
        "/admin/attendance/other/", f"{TABLE}9/", f"{TABLE}99999999999999999999/", f"{TABLE}9/import/",
        f"{TABLE}9/arrivals/", "/admin/attendance/other/export/",
    )  # fmt: skip

    assert {secretariat.get(address).status_code for address in addresses} == {404}


def test_a_get_changes_nothing(secretariat: Client, staff: User, session: Session, people: list[Delegate]) -> None:
    make_attendance(session, people[0], by=staff)
    make_delegate(people[0].delegation, admitted_at=NOW)

    answers = [secretariat.get(f"{TABLE}{address}") for address in ("export/", "1/save/", "1/remove/", "1/import/")]

    assert [answer.status_code for answer in answers] == [302, 302, 200, 200]
    assert (Attendance.objects.count(), HistoryEvent.objects.count()) == (1, 0)
