"""A participant says on their page that they cannot come; nobody else need be asked, and nothing is lost."""

from datetime import timedelta

import pytest

from registrations.models import CalendarEntry, Delegate, HistoryEvent, Partstat
from registrations.services.answers import decline_sessions_ahead
from registrations.tokens import Scope
from tests.factories import FIRST_START, NOW, make_country, make_delegation, make_focal_point
from tests.registrations.participants import make_entry, make_participant
from tests.registrations.views.test_participant_page import answers_of, plain

END = FIRST_START + timedelta(days=1, hours=2)


@pytest.fixture
def page(participant, address_of):
    return address_of("registrations:cannot-come", participant)


def test_the_page_offers_it_and_it_asks_once_more(participant, client, address_of, page):
    offered = client.get(address_of("registrations:my", participant)).content.decode()
    asked = plain(client.get(page))

    assert f'href="{page}"' in offered
    assert "You then say no to every session ahead:" in asked
    assert "Context and challenges 1 · Mon 16 Nov, 09:00–11:00 Tegucigalpa" in asked
    assert answers_of(participant) == [Partstat.NEEDS_ACTION] * 2


def test_saying_so_declines_every_session_and_the_page_tells_the_way_back(participant, client, address_of, page):
    response = client.post(page, {"reason": "A trial on that day"}, follow=True)

    assert response.redirect_chain == [(address_of("registrations:my", participant), 302)]
    assert "Thank you for telling us. You have said no to every session ahead" in plain(response)
    assert "If you can come after all, say yes to a session." in plain(response)
    assert answers_of(participant) == [Partstat.DECLINED] * 2
    assert HistoryEvent.objects.values_list("kind", "reason").get() == ("cannot_come", "A trial on that day")


def test_a_yes_afterwards_counts(participant, client, address_of, page):
    client.post(page)

    response = client.post(address_of("registrations:answer", participant, 2), {"answer": "ACCEPTED"}, follow=True)

    assert "You have said no to every session ahead." not in plain(response)
    assert answers_of(participant) == [Partstat.DECLINED, Partstat.ACCEPTED]


@pytest.mark.parametrize("reason", ["n" * 501, "a\x00b", "See https://evil.example.org"])
def test_a_reason_that_cannot_be_kept_is_asked_for_again_with_what_was_typed(participant, client, page, reason):
    response = client.post(page, {"reason": reason})

    assert response.status_code == 422
    assert "Please look at this again:" in plain(response)
    assert reason.replace("\x00", "") in response.content.decode().replace("\x00", "")
    assert answers_of(participant) == [Partstat.NEEDS_ACTION] * 2


def test_after_the_last_session_it_is_refused_in_words(participant, client, page, clock):
    clock.move_to(END)

    assert "There is no further session, so there is nothing to decline." in plain(client.get(page))
    assert b"<form" not in client.get(page).content.partition(b"<main")[2]
    response = client.post(page, follow=True)
    assert "There is no further session, so there is nothing to decline." in plain(response)
    assert answers_of(participant) == [Partstat.NEEDS_ACTION] * 2


def test_a_link_that_only_joins_declines_nothing(participant, client, address_of):
    page = address_of("registrations:cannot-come", participant, scope=Scope.JOIN)

    assert (client.get(page).status_code, client.post(page).status_code) == (404, 404)
    assert answers_of(participant) == [Partstat.NEEDS_ACTION] * 2


def test_pressed_twenty_times_it_is_said_once(participant, client, page):
    for _press in range(20):
        client.post(page)

    assert HistoryEvent.objects.count() == 1


def test_someone_who_is_not_invited_is_told_what_they_wait_for(participant, client, page):
    Delegate.objects.update(admitted_at=None)

    assert "There is nothing here for you to do yet." in plain(client.post(page))
    assert answers_of(participant) == [Partstat.NEEDS_ACTION] * 2


def test_the_focal_point_sees_it_on_the_persons_card_with_the_way_to_replace_them(participant, client):
    colleague = make_participant(participant.delegation, name="Luis Muestra")
    for session in participant.webinar.sessions.all():
        make_entry(colleague, session)
    decline_sessions_ahead(participant, reason="A trial", now=NOW)
    client.force_login(make_focal_point(participant.delegation.body).user)

    html = client.get(participant.delegation.get_absolute_url()).content.decode()

    card, other = (
        html.partition(f'id="delegate-{one.pk}"')[2].partition("</li>")[0] for one in (participant, colleague)
    )
    assert "cannot come" in card
    assert card.count(f"/delegates/{participant.pk}/replace/") == 3
    assert "cannot come" not in other
    assert "on their own page" in html


def test_the_focal_point_of_another_country_reads_nothing_of_it(participant, client):
    decline_sessions_ahead(participant, reason="A trial", now=NOW)
    panama = make_delegation(participant.webinar, make_country("PA"))
    client.force_login(make_focal_point(panama.body).user)

    assert "A trial" not in client.get(panama.get_absolute_url()).content.decode()
    assert client.get(participant.delegation.get_absolute_url()).status_code == 404


def test_one_session_declined_is_not_being_unable_to_come(participant, client):
    CalendarEntry.objects.filter(session__number=1).update(ical_partstat=Partstat.DECLINED)
    client.force_login(make_focal_point(participant.delegation.body).user)

    html = client.get(participant.delegation.get_absolute_url()).content.decode()

    assert "cannot come" not in html.partition(f'id="delegate-{participant.pk}"')[2].partition("</li>")[0]
