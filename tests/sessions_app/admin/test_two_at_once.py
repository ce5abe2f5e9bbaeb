"""Two people of the secretariat have the same page of the agenda open."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from sessions_app.editing import move_item
from sessions_app.models import AgendaItem, Session, Webinar
from tests.factories import make_speaker, make_webinar
from tests.filled_form import filled_form

pytestmark = pytest.mark.django_db
MOVED_ROOM = "https://rooms.example.org/moved"


def opened(client: Client, url: str) -> dict[str, str]:
    return filled_form(client.get(url).content.decode())


def test_what_somebody_else_changed_since_the_page_of_a_session_was_opened_stays(secretariat: Client) -> None:
    session = make_webinar(sessions=1).sessions.get()
    first, second = session.items.order_by("position")
    url = reverse("admin:sessions_app_session_change", args=[session.pk])
    older = opened(secretariat, url)
    later = opened(secretariat, url) | {
        "room_url": MOVED_ROOM,
        "starts_at_1": "10:00:00",
        "items-0-minutes": "30",
        "items-1-title_es": "Panel de fiscales",
    }
    secretariat.post(url, later)
    move_item(session, first.pk, steps=1)

    answer = secretariat.post(url, older | {"title_en": "Corrected", "items-1-minutes": "80"})

    starts_at = session.starts_at
    session.refresh_from_db()
    items = {item.pk: item for item in session.items.all()}
    assert answer.status_code == 302
    assert (session.title_en, session.room_url) == ("Corrected", MOVED_ROOM)
    assert session.starts_at == starts_at + timedelta(hours=1)
    assert [(items[pk].minutes, items[pk].position) for pk in (first.pk, second.pk)] == [(30, 2), (80, 1)]
    assert items[second.pk].title_es == "Panel de fiscales"


def test_the_same_holds_for_a_webinar_its_table_of_sessions_and_a_speaker(secretariat: Client) -> None:
    webinar = make_webinar(sessions=1)
    speaker = make_speaker(webinar, "Ana Ejemplo")
    pages = {
        reverse("admin:sessions_app_webinar_change", args=[webinar.pk]): (
            {"title_en": "Of one", "sessions-0-title_en": "Of one"},
            {"title_es": "De otra", "sessions-0-title_es": "De otra"},
        ),
        reverse("admin:sessions_app_speaker_change", args=[speaker.pk]): (
            {"name_en": "Of one"},
            {"institution_es": "De otra"},
        ),
    }
    for url, (one, other) in pages.items():
        older = opened(secretariat, url)
        assert secretariat.post(url, opened(secretariat, url) | one).status_code == 302
        assert secretariat.post(url, older | other).status_code == 302

    webinar, session = Webinar.objects.get(), Session.objects.get()
    speaker.refresh_from_db()
    assert (webinar.title_en, webinar.title_es) == ("Of one", "De otra")
    assert (session.title_en, session.title_es) == ("Of one", "De otra")
    assert (speaker.name_en, speaker.institution_es) == ("Of one", "De otra")


def test_a_page_that_comes_back_with_an_error_still_tells_what_was_changed_on_it(secretariat: Client) -> None:
    session = make_webinar(sessions=1).sessions.get()
    url = reverse("admin:sessions_app_session_change", args=[session.pk])
    refused = secretariat.post(url, opened(secretariat, url) | {"title_en": "", "title_es": "Corregido"})
    Session.objects.update(room_url=MOVED_ROOM)
    AgendaItem.objects.filter(session=session, position=1).update(minutes=33)

    secretariat.post(url, filled_form(refused.content.decode()) | {"title_en": "Corrected"})

    session.refresh_from_db()
    assert (session.title_en, session.title_es, session.room_url) == ("Corrected", "Corregido", MOVED_ROOM)
    assert session.items.get(position=1).minutes == 33
