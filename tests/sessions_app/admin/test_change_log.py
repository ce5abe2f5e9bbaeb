"""The history of an edit says what it was and what it is: who, when, what, in the reader's language."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from registrations.models import User
from sessions_app.admin.change_log import EMPTY, logged_changes
from sessions_app.models import AgendaItem, Session, Speaker, Webinar
from tests.factories import make_webinar
from tests.sessions_app.admin.test_agenda import new_item, page, typed


@pytest.fixture
def session(db: None) -> Session:
    return make_webinar(sessions=1).sessions.get()


def history_of(browser: Client, row: Any) -> Any:
    return browser.get(reverse(f"admin:sessions_app_{row._meta.model_name}_history", args=[row.pk]))


def told(response: Any) -> list[tuple[str, ...]]:
    """What changed from what to what, without Django's sentences."""
    return [
        difference
        for entry in response.context["action_list"]
        for line in entry.lines
        for difference in line.differences
    ]


def test_a_moved_session_says_from_when_to_when_in_the_readers_zone(
    secretariat: Client, staff: User, session: Session
) -> None:
    secretariat.post(page(session), typed(session, starts_at_1="10:30", title_en="New title"))

    response = history_of(secretariat, session)

    assert told(response) == [
        ("title (English)", "Context and challenges 1", "New title"),
        ("starts at", "Mon 16 Nov 2026, 15:00", "Mon 16 Nov 2026, 16:30"),
    ]
    assert str(staff) in response.text


def test_of_a_room_the_history_keeps_whose_house_it_is_and_not_what_opens_it(
    secretariat: Client, session: Session
) -> None:
    Session.objects.update(room_url="https://first.example.org/room?pwd=1")
    secretariat.post(page(session), typed(session, room_url="https://second.example.org/room?pwd=2"))

    response = history_of(secretariat, session)

    assert told(response) == [("address of the room", "first.example.org", "second.example.org")]
    assert "pwd=" not in response.text + LogEntry.objects.get().change_message


def test_the_same_history_in_spanish(secretariat: Client, session: Session) -> None:
    secretariat.post(page(session), typed(session, title_en="New title"))

    response = secretariat.get(
        reverse("admin:sessions_app_session_history", args=[session.pk]), headers={"accept-language": "es"}
    )

    assert told(response) == [
        ("título (inglés)", "Context and challenges 1", "New title"),
    ]


def test_an_item_that_was_changed_is_told_with_its_session(secretariat: Client, session: Session) -> None:
    secretariat.post(page(session), typed(session) | {"items-0-minutes": "30", "items-0-kind": "panel"})

    response = history_of(secretariat, session)

    assert told(response) == [("minutes", "20", "30"), ("kind", "Opening remarks", "Panel")]
    assert response.context["action_list"][0].lines[0].sentence == "Agenda item “Opening remarks”"


def test_items_that_were_added_and_removed_are_named(secretariat: Client, session: Session) -> None:
    added = typed(session) | new_item(2) | {"items-TOTAL_FORMS": "3", "items-0-DELETE": "on"}

    secretariat.post(page(session), added)

    sentences = [line.sentence for line in history_of(secretariat, session).context["action_list"][0].lines]
    assert sentences == ["Added agenda item “Break”.", "Deleted agenda item “Opening remarks”."]


def test_a_speaker_of_an_item_is_told_by_name(secretariat: Client, session: Session) -> None:
    one, other = (
        Speaker.objects.create(webinar=session.webinar, code=name.lower(), name_en=name) for name in ("Ana", "Eva")
    )
    item = session.items.order_by("position")[0]
    part = item.item_speakers.create(speaker=one, role="moderator")
    speaking = {"id": part.pk, "item": item.pk, "speaker": other.pk, "role": "panelist", "position": "1"}

    secretariat.post(
        reverse("admin:sessions_app_agendaitem_change", args=[item.pk]),
        {"minutes": "20", "kind": "opening", "title_en": item.title_en, "title_es": item.title_es}
        | {"item_speakers-TOTAL_FORMS": "1", "item_speakers-INITIAL_FORMS": "1"}
        | {f"item_speakers-0-{name}": str(value) for name, value in speaking.items()},
    )

    assert told(history_of(secretariat, item)) == [("speaker", "Ana", "Eva"), ("role", "Moderator", "Panelist")]


def test_a_text_that_was_empty_is_told_as_such(secretariat: Client, session: Session) -> None:
    Session.objects.filter(pk=session.pk).update(title_es="")
    session.refresh_from_db()

    secretariat.post(page(session), typed(session, title_es="Contexto"))

    assert told(history_of(secretariat, session)) == [("title (Spanish)", EMPTY, "Contexto")]


def test_what_people_type_is_shown_as_text(secretariat: Client, session: Session) -> None:
    secretariat.post(page(session), typed(session, title_en="<script>alert(1)</script>"))

    assert "<script>alert(1)" not in history_of(secretariat, session).text


@pytest.mark.parametrize("message", ["Release 3", "", "[", '[{"added": {}}]', '[{"changed": {"fields": []}}]'])
def test_an_entry_of_another_form_is_told_as_django_tells_it(db: None, message: str) -> None:
    (line,) = logged_changes(LogEntry(change_message=message), AgendaItem)

    assert line.differences == ()


def test_without_a_change_there_is_none_to_tell(secretariat: Client, session: Session) -> None:
    assert "Nobody has changed this here yet." in history_of(secretariat, session).text


def test_the_zone_of_a_webinar_is_told(secretariat: Client, session: Session) -> None:
    webinar = Webinar.objects.get()
    texts = {"title_en": webinar.title_en, "title_es": webinar.title_es, "contact_email": webinar.contact_email}
    counts = {"sessions-TOTAL_FORMS": "0", "sessions-INITIAL_FORMS": "0"}

    secretariat.post(
        reverse("admin:sessions_app_webinar_change", args=[webinar.pk]),
        {**texts, **counts, "timezone": "America/Panama", "agenda_visibility": "hidden"},
    )

    assert told(history_of(secretariat, webinar)) == [
        ("time zone", "America/Costa_Rica", "America/Panama"),
        ("public agenda", "Full", "Hidden"),
    ]
