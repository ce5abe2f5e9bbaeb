"""The page on which a participant declines all sessions ahead."""

from datetime import timedelta

import pytest

from registrations.models import CalendarEntry, Delegate, HistoryEvent, Partstat
from registrations.services.answers import decline_sessions_ahead
from registrations.tokens import Scope
from tests.factories import FIRST_START, NOW, make_country, make_delegation, make_focal_point
from tests.registrations.participants import make_entry, make_participant
from tests.registrations.views.test_participant_page import answers_of, text_without_tags

END = FIRST_START + timedelta(days=1, hours=2)


@pytest.fixture
def page(participant, address_of):
    return address_of("registrations:cannot-come", participant)


def test_the_page_links_to_a_confirmation(participant, client, address_of, page):
    offered = client.get(address_of("registrations:my", participant)).content.decode()
    asked = text_without_tags(client.get(page))

    assert f'href="{page}"' in offered
    assert "You then say no to every session ahead:" in asked
    assert "Context and challenges 1 · Mon 16 Nov, 09:00–11:00 Tegucigalpa" in asked
    assert answers_of(participant) == [Partstat.NEEDS_ACTION] * 2


def test_confirming_declines_every_session_and_the_page_says_how_to_undo_it(participant, client, address_of, page):
    response = client.post(page, {"reason": "A trial on that day"}, follow=True)

    assert response.redirect_chain == [(address_of("registrations:my", participant), 302)]
    assert "Thank you for telling us. You have said no to every session ahead" in text_without_tags(response)
    assert "If you can come after all, say yes to a session." in text_without_tags(response)
    assert answers_of(participant) == [Partstat.DECLINED] * 2
    assert HistoryEvent.objects.values_list("kind", "reason").get() == ("cannot_come", "A trial on that day")


def test_a_later_yes_counts(participant, client, address_of, page):
    client.post(page)

    response = client.post(address_of("registrations:answer", participant, 2), {"answer": "ACCEPTED"}, follow=True)

    assert "You have said no to every session ahead." not in text_without_tags(response)
    assert answers_of(participant) == [Partstat.DECLINED, Partstat.ACCEPTED]


@pytest.mark.parametrize("reason", ["n" * 501, "a\x00b", "See https://evil.example.org"])
def test_an_invalid_reason_is_refused_and_shown_again_as_typed(participant, client, page, reason):
    response = client.post(page, {"reason": reason})

    assert response.status_code == 422
    assert "Please look at this again:" in text_without_tags(response)
    assert reason.replace("\x00", "") in response.content.decode().replace("\x00", "")
    assert answers_of(participant) == [Partstat.NEEDS_ACTION] * 2


def test_after_the_last_session_declining_is_refused_with_a_message(participant, client, page, clock):
    clock.move_to(END)

    assert "There is no further session, so there is nothing to decline." in text_without_tags(client.get(page))
    assert b"<form" not in client.get(page).content.partition(b"<main")[2]
    response = client.post(page, follow=True)
    assert "There is no further session, so there is nothing to decline." in text_without_tags(response)
    assert answers_of(participant) == [Partstat.NEEDS_ACTION] * 2


def test_a_join_link_cannot_decline(participant, client, address_of):
    page = address_of("registrations:cannot-come", participant, scope=Scope.JOIN)

    assert (client.get(page).status_code, client.post(page).status_code) == (404, 404)
    assert answers_of(participant) == [Partstat.NEEDS_ACTION] * 2


def test_declining_twenty_times_mails_the_focal_point_once(participant, client, page):
    for _press in range(20):
        client.post(page)

    assert HistoryEvent.objects.count() == 1


def test_a_person_who_is_not_invited_sees_what_they_are_waiting_for(participant, client, page):
    Delegate.objects.update(admitted_at=None)

    assert "There is nothing here for you to do yet." in text_without_tags(client.post(page))
    assert answers_of(participant) == [Partstat.NEEDS_ACTION] * 2


def test_the_focal_point_sees_the_refusal_on_the_persons_card_with_a_link_to_replace_them(participant, client):
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


def test_the_focal_point_of_another_country_does_not_see_the_refusal(participant, client):
    decline_sessions_ahead(participant, reason="A trial", now=NOW)
    panama = make_delegation(participant.webinar, make_country("PA"))
    client.force_login(make_focal_point(panama.body).user)

    assert "A trial" not in client.get(panama.get_absolute_url()).content.decode()
    assert client.get(participant.delegation.get_absolute_url()).status_code == 404


def test_declining_one_session_is_not_shown_as_cannot_come(participant, client):
    CalendarEntry.objects.filter(session__number=1).update(ical_partstat=Partstat.DECLINED)
    client.force_login(make_focal_point(participant.delegation.body).user)

    html = client.get(participant.delegation.get_absolute_url()).content.decode()

    assert "cannot come" not in html.partition(f'id="delegate-{participant.pk}"')[2].partition("</li>")[0]
