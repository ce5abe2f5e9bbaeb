"""Answers from calendars that nobody could prove: staff confirm or dismiss them."""

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from time_machine import TimeMachineFixture

from registrations.models import CalendarAnswer, CalendarEntry, Delegate, Delegation, User
from tests.factories import (
    NOW,
    make_calendar_answer,
    make_country,
    make_delegate,
    make_delegation,
    make_observer,
)
from tests.registrations.queries.mailboxes import make_delivery, make_entry, make_release

LIST = "/admin/registrations/calendaranswer/"


@pytest.fixture
def delegation(db: None, time_machine: TimeMachineFixture) -> Delegation:
    """The accepted delegation of Honduras at a released webinar ahead."""
    time_machine.move_to(NOW, tick=False)
    delegation = make_delegation(body=make_country("HN", name_en="Honduras"), status="accepted")
    make_release(delegation.webinar)
    return delegation


@pytest.fixture
def ana(delegation: Delegation) -> Delegate:
    return make_delegate(delegation, name="Ana Paz", email="ana@example.org", admitted_at=NOW)


def entry_of(person: Delegate, number: int = 1) -> CalendarEntry:
    session = person.webinar.sessions.select_related("released__release").get(number=number)
    entry = make_entry(person, session)
    make_delivery(entry, sent_at=NOW, may_have_arrived=True)
    return entry


def listed(client: Client, query: str = "") -> list[CalendarAnswer]:
    return list(client.get(f"{LIST}{query}").context["cl"].result_list)


def told(response: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_the_list_has_at_first_what_is_to_be_confirmed(secretariat: Client, ana: Delegate) -> None:
    entry = entry_of(ana)
    waiting = make_calendar_answer(entry, comment="I come <i>late</i>.", from_address="office@example.org")
    counted = make_calendar_answer(entry, state="counted")
    ignored = make_calendar_answer(entry, state="ignored", ignored_because="session_over")

    html = secretariat.get(LIST).text

    assert listed(secretariat) == [waiting]
    assert listed(secretariat, "?state=counted") == [counted]
    assert listed(secretariat, "?state=ignored") == [ignored]
    assert set(listed(secretariat, "?state=all")) == {waiting, counted, ignored}
    for shown in ("Ana Paz", "Honduras", "I come &lt;i&gt;late&lt;/i&gt;.", "office@example.org", "accepted"):
        assert shown in html
    assert "Ignored: The session is over." in secretariat.get(f"{LIST}?state=ignored").text


def test_the_list_of_one_webinar_is_under_its_messages(secretariat: Client, ana: Delegate) -> None:
    answer = make_calendar_answer(entry_of(ana))

    page = secretariat.get(f"{LIST}?webinar={ana.webinar.slug}")

    assert list(page.context["cl"].result_list) == [answer]
    assert [link.label for link in page.context["page_head"].links if link.is_current] == ["Messages"]


def test_many_are_confirmed_with_one_click(secretariat: Client, staff: User, ana: Delegate) -> None:
    answers = [make_calendar_answer(entry_of(ana, number)) for number in (1, 2)]
    chosen = {"action": "confirm", "_selected_action": [answer.pk for answer in answers]}

    said = told(secretariat.post(LIST, chosen))

    assert said == ["2 answers count now."]
    assert set(CalendarEntry.objects.values_list("ical_partstat", flat=True)) == {"ACCEPTED"}
    assert set(CalendarAnswer.objects.values_list("state", "decided_by")) == {("counted", staff.pk)}


def test_dismissing_changes_no_answer(secretariat: Client, ana: Delegate) -> None:
    answer = make_calendar_answer(entry_of(ana))

    said = told(secretariat.post(LIST, {"action": "dismiss", "_selected_action": [answer.pk]}))

    assert said == ["1 answer is dismissed."]
    assert CalendarEntry.objects.get().ical_partstat == "NEEDS-ACTION"


@pytest.mark.parametrize(
    ("back", "address"),
    [
        ("today", "/admin/"),
        ("country", "/admin/countries/country-hn/"),
        ("person", "/admin/registrations/delegate/{person}/change/"),
        ("https://example.org/", "/admin/registrations/delegate/{person}/change/"),
    ],
)
def test_the_button_leads_back_to_its_page(secretariat: Client, ana: Delegate, back: str, address: str) -> None:
    answer = make_calendar_answer(entry_of(ana))

    read = secretariat.get(f"{LIST}{answer.pk}/confirm/")
    unchanged = CalendarAnswer.objects.get().state
    sent = secretariat.post(f"{LIST}{answer.pk}/confirm/", {"back": back})
    again = secretariat.post(f"{LIST}{answer.pk}/dismiss/", {"back": back})

    assert (read.status_code, unchanged, CalendarAnswer.objects.get().state) == (302, "to_confirm", "counted")
    assert sent["Location"] == again["Location"] == address.format(person=ana.pk)
    assert told(again)[-1].startswith("1 answer was not to be confirmed any more")


@pytest.mark.parametrize(
    "address", ["/admin/", "/admin/countries/country-hn/", "/admin/registrations/delegate/{}/change/"]
)
def test_the_button_stands_beside_the_person(secretariat: Client, ana: Delegate, address: str) -> None:
    answer = make_calendar_answer(entry_of(ana), comment="I come <i>late</i>.")

    html = secretariat.get(address.format(ana.pk)).text

    assert f'action="{LIST}{answer.pk}/confirm/"' in html
    assert "I come &lt;i&gt;late&lt;/i&gt;." in html


def test_observers_see_no_answers(client: Client, ana: Delegate) -> None:
    answer = make_calendar_answer(entry_of(ana))
    client.force_login(make_observer())

    assert client.get(LIST).status_code == 403
    assert client.post(f"{LIST}{answer.pk}/confirm/").status_code == 403
