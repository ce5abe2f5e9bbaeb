"""Exports: the file has the rows of the list in the user's language, and the history records the export."""

import csv
import io
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook
from pytest_django import DjangoAssertNumQueries

from registrations.models import Delegation, HistoryEvent, HistoryKind, User
from registrations.queries import quota_board
from sessions_app.models import Webinar
from sessions_app.releases import release_webinar
from tests.factories import (
    NOW,
    make_country,
    make_delegate,
    make_delegates,
    make_delegation,
    make_organisation,
    make_quotas,
    make_webinar,
)
from tests.registrations.queries.mailboxes import invite

PEOPLE = "/admin/registrations/delegate/export/"
BOARD = "/admin/quota-board/flows/export/"


@pytest.fixture
def webinar(db: None) -> Webinar:
    webinar = make_webinar()
    make_quotas(webinar)
    return webinar


@pytest.fixture
def honduras(webinar: Webinar) -> Delegation:
    return make_delegation(webinar, make_country("HN", name_en="Honduras", name_es="Honduras"), status="accepted")


def bytes_of(response: Any) -> bytes:
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def csv_of(response: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(bytes_of(response).decode("utf-8-sig"), newline="")))


def xlsx_of(response: Any) -> list[list[Any]]:
    book = load_workbook(io.BytesIO(bytes_of(response)))
    return [list(row) for row in book.active.iter_rows(values_only=True)]


def request_export(client: Client, query: str = "", *columns: str, file_format: str = "csv") -> Any:
    return client.post(f"{PEOPLE}{query}", {"columns": columns or ["name"], "file_format": file_format})


def test_the_file_holds_the_people_of_the_list(secretariat: Client, honduras: Delegation) -> None:
    make_delegate(honduras, name="Ana Muestra")
    make_delegate(honduras, name="Luis Ejemplo", status="withdrawn", withdrawn_at=NOW)
    make_delegate(make_delegation(make_webinar("other"), honduras.body), name="Sam Sample")

    of_the_webinar = csv_of(request_export(secretariat, "?webinar=flows&status__exact=active"))
    of_all = csv_of(request_export(secretariat))
    searched = csv_of(request_export(secretariat, "?q=Ejemplo"))

    assert of_the_webinar == [["Full name"], ["Ana Muestra"]]
    assert sorted(of_all[1:]) == [["Ana Muestra"], ["Luis Ejemplo"], ["Sam Sample"]]
    assert searched == [["Full name"], ["Luis Ejemplo"]]


def test_a_file_of_everybody_is_ordered_by_profile_or_by_the_column_of_the_list(
    secretariat: Client, honduras: Delegation
) -> None:
    for name, profile in (("Ana", "border-control"), ("Luis", "prosecutors"), ("Mara", "border-control")):
        make_delegate(honduras, profile, name=name)

    by_profile = csv_of(request_export(secretariat))
    by_name_downwards = csv_of(request_export(secretariat, "?o=-1"))

    assert by_profile == [["Full name"], ["Luis"], ["Ana"], ["Mara"]]
    assert by_name_downwards == [["Full name"], ["Mara"], ["Luis"], ["Ana"]]


@pytest.mark.parametrize(("file_format", "read"), [("csv", csv_of), ("xlsx", xlsx_of)])
def test_columns_have_a_fixed_order_and_times_name_their_zone(
    secretariat: Client, staff: User, honduras: Delegation, file_format: str, read: Any
) -> None:
    User.objects.filter(pk=staff.pk).update(timezone="America/Tegucigalpa")
    make_delegate(honduras, name="Ana Muestra", email="ana@example.org", registered_at=NOW)

    rows = read(request_export(secretariat, "", "registered_at", "name", "body", "email", file_format=file_format))

    assert rows == [
        ["Delegation", "Full name", "E-mail address", "Registered at (America/Tegucigalpa)"],
        ["Honduras", "Ana Muestra", "ana@example.org", "2026-10-26 09:00"],
    ]


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_a_file_is_written_completely_before_the_response_begins(
    secretariat: Client, honduras: Delegation, file_format: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_delegates(3, honduras)
    responses = [
        request_export(secretariat, file_format=file_format),
        secretariat.post(BOARD, {"file_format": file_format}),
        secretariat.post("/admin/attendance/flows/export/"),
    ]

    with django_assert_num_queries(0):
        contents = [bytes_of(response) for response in responses]

    assert [response.headers.get("Content-Length") for response in responses] == [
        str(len(content)) for content in contents
    ]


def test_every_column_can_be_exported_with_an_answered_session(secretariat: Client, honduras: Delegation) -> None:
    release_webinar(honduras.webinar, by=None, now=NOW)
    invite(honduras, 1)
    page = secretariat.get(PEOPLE)

    offered = dict(page.context["form"].fields["columns"].choices)
    heading, row = csv_of(request_export(secretariat, "", *offered))

    assert len(row) == len(heading) == len(offered)


def test_the_file_is_in_the_language_of_the_reader(secretariat: Client, honduras: Delegation) -> None:
    make_delegate(honduras)

    response = secretariat.post(
        PEOPLE, {"columns": ["profile"], "file_format": "csv"}, headers={"Accept-Language": "es"}
    )

    assert csv_of(response)[1] == ["Prosecutors (es)"]


def test_a_typed_formula_is_text_in_both_formats(secretariat: Client, honduras: Delegation) -> None:
    make_delegate(honduras, institution='=HYPERLINK("https://example.org")')

    as_csv = csv_of(request_export(secretariat, "", "institution"))
    book = load_workbook(io.BytesIO(bytes_of(request_export(secretariat, "", "institution", file_format="xlsx"))))

    assert as_csv == [["Institution"], ['\'=HYPERLINK("https://example.org")']]
    heading, cell = (cell for (cell,) in book.active.iter_rows())
    assert heading.value == "Institution"
    assert (cell.value, cell.data_type) == ('=HYPERLINK("https://example.org")', "s")


def test_the_history_of_each_webinar_records_who_exported_what_and_how_many(
    secretariat: Client, staff: User, honduras: Delegation
) -> None:
    other = make_webinar("other")
    make_delegates(3, honduras)
    make_delegate(make_delegation(other, honduras.body), name="Delegate of the other")

    bytes_of(request_export(secretariat, "?q=Delegate&o=1", "name", "email", file_format="xlsx"))

    assert [
        (event.webinar.slug, event.kind, event.actor, event.changes) for event in HistoryEvent.objects.order_by("pk")
    ] == [
        (
            webinar,
            HistoryKind.EXPORTED,
            staff,
            {
                "rows": [None, rows],
                "what": [None, "delegates"],
                "file_format": [None, "xlsx"],
                "columns": [None, "name, email"],
                "filters": [None, "q"],
            },
        )
        for webinar, rows in (("flows", "3"), ("other", "1"))
    ]
    assert "3 people, 16–17 Nov 2026 · Mass intra-regional flows" in " ".join(
        secretariat.get(PEOPLE).content.decode().split()
    )


def test_opening_the_export_page_records_nothing(secretariat: Client, honduras: Delegation) -> None:
    make_delegate(honduras)

    page = secretariat.get(f"{PEOPLE}?webinar=flows")

    assert page.context["count"] == 1
    assert not HistoryEvent.objects.exists()
    assert secretariat.get(BOARD).status_code == 405


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"file_format": "csv"}, "This field is required."),
        ({"columns": ["password"], "file_format": "csv"}, "Select a valid choice."),
        ({"columns": ["name"], "file_format": "exe"}, "Select a valid choice."),
        ({"columns": ["name"], "file_format": "csv"}, "Nobody is on this list"),
    ],
)
def test_an_invalid_export_is_refused_on_the_page(
    secretariat: Client, webinar: Webinar, typed: dict[str, Any], said: str
) -> None:
    response = secretariat.post(PEOPLE, typed)

    assert response.status_code == 200
    assert said in response.content.decode()
    assert not HistoryEvent.objects.exists()


@pytest.mark.parametrize(
    "query", ["?webinar=nothing", "?password=1", "?p=x", "?status__exact=%00", "?o=99.x", "?q=%00"]
)
def test_an_address_with_invalid_filters_leads_to_the_list(
    secretariat: Client, honduras: Delegation, query: str
) -> None:
    make_delegate(honduras)

    assert secretariat.get(f"{PEOPLE}{query}", follow=True).status_code == 200
    answer = request_export(secretariat, query)
    assert answer.status_code in (200, 302)
    if answer.streaming:
        bytes_of(answer)


def test_an_export_takes_the_same_queries_with_many_people_as_with_few(
    secretariat: Client, honduras: Delegation, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_delegates(400, honduras)

    with django_assert_max_num_queries(24):
        rows = csv_of(request_export(secretariat, "?webinar=flows", "name", "body", "profile", "answers"))

    assert len(rows) == 401


@pytest.mark.parametrize(("file_format", "read"), [("csv", csv_of), ("xlsx", xlsx_of)])
def test_the_file_of_the_board_holds_the_figures_of_the_board(
    secretariat: Client, staff: User, honduras: Delegation, file_format: str, read: Any
) -> None:
    webinar = honduras.webinar
    make_delegates(3, honduras)
    make_delegation(webinar, make_country("BZ", name_en="Belize"), status="not_attending", not_attending_reason="x")
    make_delegate(make_delegation(webinar, make_organisation("unodc")), None)

    heading, *rows = read(secretariat.post(BOARD, {"file_format": file_format}))

    board = quota_board(webinar)
    figures = [dict(zip(heading, map(str, row), strict=True)) for row in rows]
    by_name = {row["Delegation"]: row for row in figures}
    assert list(by_name) == ["Honduras", "Belize", "UNODC", "Total, attending countries"]
    assert [(row["Named"], row["Missing"]) for row in by_name.values()] == [
        ("3", str(board.rows[0].missing)), ("0", "0"), ("1", "0"), ("3", str(board.missing_total)),
    ]  # fmt: skip
    assert [by_name["Honduras"][f"Prosecutors: {figure}"] for figure in ("named", "asked", "missing")] == [
        "3",
        "2",
        "0",
    ]
    assert [by_name["Belize"][f"Prosecutors: {figure}"] for figure in ("named", "asked", "missing")] == ["0", "2", "0"]
    assert HistoryEvent.objects.get().changes["what"] == [None, "board"]


def test_an_unknown_format_leads_back_to_the_board(secretariat: Client, webinar: Webinar) -> None:
    assert secretariat.post(BOARD, {"file_format": "exe"}).url == "/admin/quota-board/flows/"
