"""The form on which a participant chooses language and time zone."""

from datetime import timedelta
from html import unescape

import pytest
from django.utils import translation

from registrations.models import Delegate
from registrations.tokens import Scope
from tests.factories import FIRST_START, make_focal_point
from tests.registrations.views.test_participant_page import text_without_tags


@pytest.fixture
def page(participant, address_of):
    return address_of("registrations:preferences", participant)


def stored_preferences() -> tuple[str, str]:
    return Delegate.objects.values_list("language", "timezone").get()


def test_the_participant_page_has_a_short_form_and_links_to_all_zones(participant, client, address_of, page):
    mine = unescape(client.get(address_of("registrations:my", participant)).content.decode())
    every = unescape(client.get(page).content.decode())

    assert '<option value="America/Tegucigalpa" selected>Tegucigalpa</option>' in mine
    assert "Europe/Vienna" not in mine
    assert f'action="{page}"' in mine
    assert '<option value="Europe/Vienna">Vienna</option>' in every
    assert '<option value="America/Tegucigalpa" selected>Tegucigalpa</option>' in every


def test_the_short_form_includes_the_participants_own_distant_zone(participant, client, address_of):
    Delegate.objects.update(timezone="Europe/Vienna")

    mine = client.get(address_of("registrations:my", participant)).content.decode()

    assert '<option value="Europe/Vienna" selected>Vienna</option>' in mine


def test_saved_preferences_apply_at_once_in_the_new_language(participant, client, address_of, page):
    response = client.post(page, {"language": "es", "timezone": "America/Panama"}, follow=True)

    assert response.redirect_chain == [(address_of("registrations:my", participant, language="es"), 302)]
    assert "lun 16 nov" in text_without_tags(response)
    assert "10:00–12:00" in text_without_tags(response)
    assert stored_preferences() == ("es", "America/Panama")


def test_the_feed_changes_with_the_preferences(participant, client, address_of, page):
    feed = address_of("registrations_files:feed", participant)
    before = client.get(feed)

    client.post(page, {"language": "es", "timezone": "America/Panama"})
    after = client.get(feed, headers={"If-None-Match": before.headers["ETag"]})

    assert after.status_code == 200
    assert b"Context and challenges 1" in before.content
    assert "Contexto y desafíos 1" in after.content.decode()


def test_opening_the_page_in_another_language_saves_nothing(participant, client, address_of):
    client.get(address_of("registrations:my", participant, language="es"))

    assert stored_preferences() == ("en", "America/Tegucigalpa")


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"language": "fr", "timezone": "America/Panama"},
        {"language": "en", "timezone": "Mars/Olympus"},
        {"language": "en", "timezone": "a\x00b"},
        {"language": "en", "timezone": "z" * 10_000},
    ],
)
def test_an_unknown_choice_is_refused(participant, client, page, sent):
    response = client.post(page, sent)

    assert response.status_code == 422
    assert "Please look at this again:" in text_without_tags(response)
    assert stored_preferences() == ("en", "America/Tegucigalpa")


def test_after_the_last_session_a_change_is_refused_with_a_message(participant, client, address_of, page, clock):
    clock.move_to(FIRST_START + timedelta(days=1, hours=2))

    response = client.post(page, {"language": "es", "timezone": "America/Panama"}, follow=True)

    assert "The webinar is over; nothing can be changed any more." in text_without_tags(response)
    assert b'name="timezone"' not in client.get(address_of("registrations:my", participant)).content


def test_a_join_link_cannot_change_preferences(participant, client, address_of):
    page = address_of("registrations:preferences", participant, scope=Scope.JOIN)

    assert client.post(page, {"language": "es", "timezone": "America/Panama"}).status_code == 404


def test_a_person_who_is_not_invited_sees_what_they_are_waiting_for(participant, client, page):
    Delegate.objects.update(admitted_at=None)

    assert "There is nothing here for you to do yet." in text_without_tags(client.get(page))


def test_a_focal_point_with_an_older_form_sees_both_versions(participant, client, page):
    focal_point = make_focal_point(participant.delegation.body).user
    client.post(page, {"language": "es", "timezone": "America/Panama"})
    client.force_login(focal_point)
    with translation.override("en"):
        edit = f"{participant.delegation.get_absolute_url()}delegates/{participant.pk}/edit/"

    response = client.post(
        edit,
        {
            "name": "Ana María Paz",
            "email": participant.email,
            "institution": participant.institution,
            "profile": participant.profile_id,
            "language": "en",
            "timezone": "America/Tegucigalpa",
            "version": "1",
        },
    )

    text = text_without_tags(response)
    assert response.status_code == 422
    assert "America/Panama" in text
    assert stored_preferences() == ("es", "America/Panama")
