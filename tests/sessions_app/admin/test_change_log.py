"""The admin's history shows the old and new value of each changed field, in the reader's language."""

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


def differences_of(response: Any) -> list[tuple[str, ...]]:
    """Return (label, old, new) of each changed field, without Django's sentences."""
    return [
        difference
        for entry in response.context["action_list"]
        for change in entry.changes
        for difference in change.differences
    ]


def test_the_history_of_a_moved_session_shows_both_hours_in_the_webinars_zone(
    secretariat: Client, staff: User, session: Session
) -> None:
    secretariat.post(page(session), typed(session, starts_at_1="10:30", title_en="New title"))

    response = history_of(secretariat, session)

    assert differences_of(response) == [
        ("title (English)", "Context and challenges 1", "New title"),
        ("starts at", "Mon 16 Nov 2026, 09:00", "Mon 16 Nov 2026, 10:30"),
    ]
    assert str(staff) in response.text


def test_the_history_of_a_room_holds_only_the_host_of_its_address(secretariat: Client, session: Session) -> None:
    Session.objects.update(room_url="https://first.example.org/room?pwd=1")
    secretariat.post(page(session), typed(session, room_url="https://second.example.org/room?pwd=2"))

    response = history_of(secretariat, session)

    assert differences_of(response) == [("address of the room", "first.example.org", "second.example.org")]
    assert "pwd=" not in response.text + LogEntry.objects.get().change_message


def test_the_same_history_in_spanish(secretariat: Client, session: Session) -> None:
    secretariat.post(page(session), typed(session, title_en="New title"))

    response = secretariat.get(
        reverse("admin:sessions_app_session_history", args=[session.pk]), headers={"accept-language": "es"}
    )

    assert differences_of(response) == [
        ("título (inglés)", "Context and challenges 1", "New title"),
    ]


def test_the_history_of_a_session_shows_a_changed_item(secretariat: Client, session: Session) -> None:
    secretariat.post(page(session), typed(session) | {"items-0-minutes": "30", "items-0-kind": "panel"})

    response = history_of(secretariat, session)

    assert differences_of(response) == [("minutes", "20", "30"), ("kind", "Opening remarks", "Panel")]
    assert response.context["action_list"][0].changes[0].sentence == "Agenda item “Opening remarks”"


def test_the_history_names_added_and_removed_items(secretariat: Client, session: Session) -> None:
    added = typed(session) | new_item(2) | {"items-TOTAL_FORMS": "3", "items-0-DELETE": "on"}

    secretariat.post(page(session), added)

    sentences = [change.sentence for change in history_of(secretariat, session).context["action_list"][0].changes]
    assert sentences == ["Added agenda item “Break”.", "Deleted agenda item “Opening remarks”."]


def test_the_history_names_a_speaker_of_an_item(secretariat: Client, session: Session) -> None:
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

    assert differences_of(history_of(secretariat, item)) == [
        ("speaker", "Ana", "Eva"),
        ("role", "Moderator", "Panelist"),
    ]


def test_the_history_shows_that_a_text_was_empty(secretariat: Client, session: Session) -> None:
    Session.objects.filter(pk=session.pk).update(title_es="")
    session.refresh_from_db()

    secretariat.post(page(session), typed(session, title_es="Contexto"))

    assert differences_of(history_of(secretariat, session)) == [("title (Spanish)", EMPTY, "Contexto")]


def test_the_history_escapes_typed_text(secretariat: Client, session: Session) -> None:
    secretariat.post(page(session), typed(session, title_en="<script>alert(1)</script>"))

    assert "<script>alert(1)" not in history_of(secretariat, session).text


@pytest.mark.parametrize("message", ["Release 3", "", "[", '[{"added": {}}]', '[{"changed": {"fields": []}}]'])
def test_a_log_entry_of_another_format_is_shown_as_django_shows_it(db: None, message: str) -> None:
    (line,) = logged_changes(LogEntry(change_message=message), AgendaItem)

    assert line.differences == ()


def test_the_history_shows_no_difference_without_a_change(secretariat: Client, session: Session) -> None:
    assert "Nobody has changed this here yet." in history_of(secretariat, session).text


def test_the_history_shows_a_changed_time_zone(secretariat: Client, session: Session) -> None:
    webinar = Webinar.objects.get()
    texts = {"title_en": webinar.title_en, "title_es": webinar.title_es, "contact_email": webinar.contact_email}
    counts = {f"{rows}-{count}_FORMS": "0" for rows in ("organisers", "sessions") for count in ("TOTAL", "INITIAL")}

    secretariat.post(
        reverse("admin:sessions_app_webinar_change", args=[webinar.pk]),
        {**texts, **counts, "timezone": "America/Panama", "agenda_visibility": "hidden"},
    )

    assert differences_of(history_of(secretariat, webinar)) == [
        ("time zone", "America/Costa_Rica", "America/Panama"),
        ("public agenda", "Full", "Hidden"),
    ]


def test_the_history_names_changed_languages_in_the_language_of_the_reader(
    secretariat: Client, staff: User, session: Session
) -> None:
    Session.objects.update(floor_languages=["es"])
    changed = {"initial-floor_languages": "es", "initial-interpretation_languages": ""}
    secretariat.post(page(session), typed(session, **changed) | {"floor_languages": ["es", "sgn"]})
    User.objects.filter(pk=staff.pk).update(language="es")

    response = secretariat.get(
        reverse("admin:sessions_app_session_history", args=[session.pk]), headers={"accept-language": "es"}
    )

    assert differences_of(response) == [("idiomas de las intervenciones", "español", "español, lengua de señas")]
