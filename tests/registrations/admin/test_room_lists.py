"""The page of a session's arrivals gives out the lists of people for its room."""

import csv
import io
import re

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from registrations.models import Delegate, HistoryEvent, User
from registrations.services.nominations import withdraw_delegate
from tests.factories import make_observer
from tests.registrations.services.deliveries import SOON, admitted, plan_and_send, released_delegation

pytestmark = pytest.mark.django_db
PAGE, EXPORT = "/admin/attendance/flows/1/arrivals/", "/admin/attendance/flows/1/room-list/"


@pytest.fixture
def ana() -> Delegate:
    ana = admitted(released_delegation(), name="=Ana Paz", email="ana@example.org")
    plan_and_send(SOON)
    return ana


def csv_of(response: HttpResponse) -> list[list[str]]:
    """Return the rows of the file. Reading it closes it."""
    return list(csv.reader(io.StringIO(response.getvalue().decode("utf-8-sig"), newline="")))


def buttons(client: Client) -> dict[str, bool]:
    """Return the label of each button of the lists, and whether it can be pressed."""
    found = re.findall(r'<button class="button" name="list"([^>]*)>([^<]*)</button>', client.get(PAGE).text)
    return {label: "disabled" not in attributes for attributes, label in found}


def test_the_page_offers_everybody_and_after_an_export_what_changed(
    secretariat: Client, staff: User, ana: Delegate
) -> None:
    before = buttons(secretariat)
    csv_of(secretariat.post(EXPORT, {"list": "everybody"}))
    after = buttons(secretariat)
    withdraw_delegate(ana, version=1, by=staff, now=SOON, reason="ill")

    assert before == {"Everybody (1)": True}
    assert after == {"Everybody (1)": True, "Added since (0)": False, "Removed since (0)": False}
    assert buttons(secretariat) == {"Everybody (0)": False, "Added since (0)": False, "Removed since (1)": True}
    assert "Last exported:" in secretariat.get(PAGE).text


def test_the_file_is_a_csv_without_formulas_and_the_history_has_it(secretariat: Client, ana: Delegate) -> None:
    response = secretariat.post(EXPORT, {"list": "everybody"})

    assert re.search(r'filename="room-flows-1-everybody-[-\d]+\.csv"', response.headers["Content-Disposition"])
    assert csv_of(response) == [["Email", "First Name", "Last Name"], ["ana@example.org", "'=Ana Paz", "Country HN"]]
    history = secretariat.get("/admin/quota-board/flows/history/").text
    assert "people for the room" in history


@pytest.mark.parametrize("typed", [{"list": "removed"}, {"list": "nobody"}, {}])
def test_an_empty_or_unknown_list_leads_back_to_the_page(
    secretariat: Client, ana: Delegate, typed: dict[str, str]
) -> None:
    response = secretariat.post(EXPORT, typed)

    assert (response.status_code, response.headers["Location"]) == (302, PAGE)
    told = [str(message) for message in get_messages(response.wsgi_request)]
    assert told == (["Nobody is in this list, so nothing was exported."] if typed == {"list": "removed"} else [])
    assert not HistoryEvent.objects.filter(kind="exported").exists()


def test_a_get_exports_nothing_and_an_observer_may_not(secretariat: Client, client: Client, ana: Delegate) -> None:
    got = secretariat.get(EXPORT)
    client.force_login(make_observer())
    refused = client.post(EXPORT, {"list": "everybody"})

    assert (got.status_code, refused.status_code) == (302, 403)
    assert not HistoryEvent.objects.filter(kind="exported").exists()


def test_the_page_and_the_file_take_the_same_queries_with_many_people(secretariat: Client, ana: Delegate) -> None:
    def queries() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as page:
            secretariat.get(PAGE)
        with CaptureQueriesContext(connection) as file:
            csv_of(secretariat.post(EXPORT, {"list": "everybody"}))
        return len(page), len(file)

    csv_of(secretariat.post(EXPORT, {"list": "everybody"}))
    with_one = queries()
    for _number in range(20):
        admitted(ana.delegation)
    plan_and_send(SOON)

    assert queries() == with_one
