"""Mail that came back, beside the person or focal point on the secretariat's pages."""

from datetime import timedelta

import pytest
from django.test import Client
from time_machine import TimeMachineFixture

from registrations.models import Delegate, Delegation, DeliveryKind, FocalPoint
from registrations.queries.today import MAX_LISTED, today
from tests.factories import (
    NOW,
    make_bounce,
    make_calendar_answer,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_mail_for_a_person,
    make_message,
    make_observer,
    make_webinar,
)
from tests.registrations.queries.mailboxes import make_delivery, make_entry, make_release

PEOPLE = "/admin/registrations/delegate/"
REASON = "There is no mailbox with this address."


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


@pytest.fixture
def focal_point(delegation: Delegation) -> FocalPoint:
    return make_focal_point(delegation.body)


def return_mail(person: Delegate, **fields: object) -> None:
    """Let an announcement to `person` come back."""
    key = f"links {person.pk} {len(fields)}"
    make_bounce(make_message(key, DeliveryKind.LINKS, delegate=person, email=person.email), **fields)


def return_mail_of(focal_point: FocalPoint) -> None:
    delegation = focal_point.body.delegations.get()
    message = make_message(
        "registration", DeliveryKind.REGISTRATION, delegation=delegation, user=focal_point.user,
        email=focal_point.user.email,
    )  # fmt: skip
    make_bounce(message, reason="mailbox_full")


def text_of(client: Client, address: str) -> str:
    return " ".join(client.get(address).text.split())


# Today ------------------------------------------------------------------------------------------


def test_today_lists_each_address_once_as_long_as_it_is_the_persons(delegation: Delegation, ana: Delegate) -> None:
    return_mail(ana)
    return_mail(ana, reason="policy", reported_at=NOW + timedelta(hours=1))
    corrected = make_delegate(delegation)
    return_mail(corrected)
    Delegate.objects.filter(pk=corrected.pk).update(email="corrected@example.org")

    found = today(now=NOW).came_back

    assert ([(one.address, one.reason) for one in found.rows], found.count) == ([("ana@example.org", "policy")], 1)


def test_lists_of_today_are_cut_and_their_counts_complete(delegation: Delegation) -> None:
    for _number in range(MAX_LISTED + 2):
        person = make_delegate(delegation, admitted_at=NOW)
        return_mail(person)
        session = delegation.webinar.sessions.select_related("released__release")[0]
        make_calendar_answer(make_entry(person, session))
        make_mail_for_a_person()

    found = today(now=NOW)

    lists = (found.came_back, found.to_confirm, found.for_a_person)
    assert [(len(one.rows), one.count) for one in lists] == [(MAX_LISTED, MAX_LISTED + 2)] * 3


def test_today_shows_what_came_in(secretariat: Client, ana: Delegate, focal_point: FocalPoint) -> None:
    return_mail(ana)
    return_mail_of(focal_point)
    entry = make_entry(ana, ana.webinar.sessions.select_related("released__release")[0])
    make_calendar_answer(entry, comment="I come late")
    make_mail_for_a_person(user=focal_point.user)

    html = text_of(secretariat, "/admin/")

    assert "Came back (2)" in html
    assert REASON in html
    assert f"{focal_point.user}, Honduras" in html
    assert "Answers to confirm (1)" in html
    assert "“I come late”" in html
    assert "For a person (1)" in html


def test_answers_to_a_session_that_is_over_are_not_asked_about(ana: Delegate) -> None:
    session = ana.webinar.sessions.select_related("released__release")[0]
    make_calendar_answer(make_entry(ana, session))

    assert today(now=session.ends_at).to_confirm.count == 0


# Beside the person ------------------------------------------------------------------------------


def test_the_page_of_a_person_says_why_and_what_to_do(secretariat: Client, ana: Delegate) -> None:
    return_mail(ana)

    html = text_of(secretariat, f"{PEOPLE}{ana.pk}/change/")

    assert f"{REASON} (5.1.1) Permanent: the address has to be corrected." in html
    assert 'href="#id_email">Correct the address</a>' in html


def test_staff_see_what_the_country_does_not(secretariat: Client, delegation: Delegation, ana: Delegate) -> None:
    return_mail(ana, reason="policy", status_code="5.7.1")

    for address in (f"{PEOPLE}{ana.pk}/change/", f"/admin/registrations/delegation/{delegation.pk}/change/", PEOPLE):
        assert "The receiving server refuses mail from our server. (5.7.1)" in text_of(secretariat, address)


def test_a_delayed_message_is_a_note_for_five_days(secretariat: Client, ana: Delegate) -> None:
    return_mail(ana, action="delayed", reason="temporary", reported_at=NOW - timedelta(days=4))
    other = make_delegate(ana.delegation)
    return_mail(other, action="delayed", reason="temporary", reported_at=NOW - timedelta(days=5))

    pages = [text_of(secretariat, f"{PEOPLE}{person.pk}/change/") for person in (ana, other)]

    assert ["a message is delayed" in page for page in pages] == [True, False]
    assert "mail came back" not in pages[0]


def test_the_list_of_people_shows_and_filters_what_came_back(secretariat: Client, ana: Delegate) -> None:
    make_delegate(ana.delegation)
    return_mail(ana)

    found = secretariat.get(f"{PEOPLE}?mail=returned")

    assert list(found.context["cl"].result_list) == [ana]
    assert f"Came back: {REASON} (5.1.1)" in found.text


def test_the_board_counts_the_people_whose_mail_came_back(
    client: Client, secretariat: Client, delegation: Delegation, ana: Delegate
) -> None:
    return_mail(ana)
    return_mail(ana, reason="policy")
    for _number in range(2):
        return_mail(make_delegate(delegation, status="withdrawn", withdrawn_at=NOW))
    board = "/admin/quota-board/flows/"

    seen = text_of(secretariat, board)
    client.force_login(make_observer())
    observed = text_of(client, board)

    address = (
        "/admin/registrations/delegate/?webinar=flows&amp;status__exact=active&amp;body=country-hn&amp;mail=returned"
    )
    assert f'<a class="is-failed" href="{address}">1 came back' in seen
    assert "came back" not in observed


def test_observers_read_nothing_of_it(client: Client, ana: Delegate) -> None:
    return_mail(ana)
    client.force_login(make_observer())

    people = client.get(PEOPLE, follow=True).text
    filtered = client.get(f"{PEOPLE}?mail=returned", follow=True).text
    delegation = client.get(f"/admin/registrations/delegation/{ana.delegation_id}/change/").text

    assert [REASON in html for html in (people, filtered, delegation)] == [False] * 3
    assert "mail=returned" not in people


def test_the_page_of_a_country_lists_it_with_its_focal_points(
    secretariat: Client, ana: Delegate, focal_point: FocalPoint
) -> None:
    return_mail(ana)
    return_mail_of(focal_point)
    elsewhere = make_delegation(make_webinar("other"), make_country("PA"))
    return_mail(make_delegate(elsewhere, name="Luis Otro"))

    html = text_of(secretariat, "/admin/countries/country-hn/")

    assert f'Ana Paz</a> <strong class="is-failed">{REASON}</strong>' in html
    assert f'{focal_point.user} <span class="quiet">(focal point)</span>' in html
    assert "Luis Otro" not in html
    assert html.count(">mail came back</a>") == 1


@pytest.mark.parametrize("address", ["/admin/registrations/focalpoint/", "/admin/webinars/flows/registration/"])
def test_a_focal_point_whose_own_mail_came_back_is_marked(
    secretariat: Client, focal_point: FocalPoint, address: str
) -> None:
    before = text_of(secretariat, address)
    return_mail_of(focal_point)

    assert ("mail came back" in before, "mail came back" in text_of(secretariat, address)) == (False, True)


def test_an_answer_from_a_calendar_stands_beside_the_person(secretariat: Client, ana: Delegate) -> None:
    session = ana.webinar.sessions.select_related("released__release")[0]
    entry = make_entry(ana, session, ical_partstat="TENTATIVE", answered_at=NOW)
    make_delivery(entry, sent_at=NOW)
    make_calendar_answer(entry, state="counted", ical_partstat="TENTATIVE", comment="Perhaps <late>")

    html = text_of(secretariat, f"{PEOPLE}{ana.pk}/change/")

    assert "maybe, answered in their calendar, Mon 26 Oct 2026, 09:00: <q>Perhaps &lt;late&gt;</q>" in html
