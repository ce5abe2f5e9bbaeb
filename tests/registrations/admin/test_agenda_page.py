"""The secretariat edits the agenda of a webinar on one page."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from time_machine import TimeMachineFixture

from registrations.models import HistoryEvent, User
from sessions_app.editing import cancel_session, remove_items
from sessions_app.models import AgendaItem, AgendaItemSpeaker, Session, Speaker, Webinar
from sessions_app.releases import release_webinar
from tests.factories import (
    FIRST_START,
    NOW,
    make_delegate,
    make_delegation,
    make_observer,
    make_organisation,
    make_speaker,
    make_webinar,
)
from tests.filled_form import filled_form

URL = "/admin/webinars/flows/agenda/"


@pytest.fixture
def webinar(db: None, time_machine: TimeMachineFixture) -> Webinar:
    """Two sessions of two hours from 09:00 in San José, with items of 20 and 100 minutes."""
    time_machine.move_to(NOW, tick=True)
    return make_webinar()


def item_called(title: str, *, session: int = 1) -> AgendaItem:
    return AgendaItem.objects.get(title_en=title, session__number=session)


def page(client: Client, query: str = "") -> str:
    return client.get(f"{URL}{query}").content.decode()


def save(client: Client, query: str = "", **typed: str) -> Any:
    """Send the page as it is shown, with `typed`."""
    return client.post(f"{URL}{query}", filled_form(page(client, query)) | typed)


def order(session: int = 1) -> list[tuple[str, int]]:
    items = AgendaItem.objects.filter(session__number=session).order_by("position")
    return list(items.values_list("title_en", "minutes"))


def minutes_input(item: AgendaItem) -> str:
    return f"minutes-{item.pk}-minutes"


def errors(response: Any) -> dict[str, list[str]]:
    return {form.add_prefix(name): texts for form in response.context["forms"] for name, texts in form.errors.items()}


def flash_messages(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_the_page_shows_all_items_with_their_hours_in_the_zone_of_the_webinar(
    secretariat: Client, webinar: Webinar
) -> None:
    speaker = make_speaker(webinar, "Ana Ejemplo", institution_en="IOM")

    shown = page(secretariat)

    assert [hour in shown for hour in ("09:00–09:20", "09:20–11:00", "Hours in America/Costa_Rica")] == [True] * 3
    assert shown.count("09:00–09:20") == 2
    assert f"Panelist: {speaker} (IOM)" in shown
    assert "120 of 120 minutes" in shown


def test_minutes_are_saved_in_the_table_and_the_page_comes_back(secretariat: Client, webinar: Webinar) -> None:
    first, second = item_called("Opening remarks"), item_called("Panel", session=2)

    response = save(secretariat, **{minutes_input(first): "15", minutes_input(second): "95"})

    assert response.headers["Location"] == URL
    assert (order(1)[0], order(2)[1]) == (("Opening remarks", 15), ("Panel", 95))
    assert flash_messages(response) == ["The agenda is saved. What is public has not changed."]
    assert [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")] == [
        "Changed minutes for agenda item “Opening remarks”.",
        "Changed minutes for agenda item “Panel”.",
    ]


def test_the_history_of_a_session_shows_the_old_and_the_new_minutes(secretariat: Client, webinar: Webinar) -> None:
    save(secretariat, **{minutes_input(item_called("Opening remarks")): "15"})

    session = Session.objects.get(number=1)
    shown = secretariat.get(reverse("admin:sessions_app_session_history", args=[session.pk])).content.decode()

    assert ("<del>20</del>" in shown, "<ins>15</ins>" in shown) == (True, True)


def test_saving_without_a_change_writes_nothing(secretariat: Client, webinar: Webinar) -> None:
    response = save(secretariat)

    assert (response.status_code, flash_messages(response), LogEntry.objects.count()) == (302, [], 0)


@pytest.mark.parametrize("minutes", ["", "0", "-5", "soon", "100000", "9" * 60])
def test_wrong_minutes_are_refused_beside_the_row_and_nothing_typed_is_lost(
    minutes: str, secretariat: Client, webinar: Webinar
) -> None:
    first, second = item_called("Opening remarks"), item_called("Panel")

    response = save(secretariat, **{minutes_input(first): minutes, minutes_input(second): "95"})

    assert list(errors(response)) == [minutes_input(first)]
    assert filled_form(response.content.decode())[minutes_input(second)] == "95"
    assert order() == [("Opening remarks", 20), ("Panel", 100)]


def test_a_button_saves_and_moves_an_item(secretariat: Client, webinar: Webinar) -> None:
    first, second = item_called("Opening remarks"), item_called("Panel")

    response = save(secretariat, **{minutes_input(first): "15", "_next": f"up-{second.pk}"})

    assert response.headers["Location"] == f"{URL}#item-{second.pk}"
    assert order() == [("Panel", 100), ("Opening remarks", 15)]
    save(secretariat, _next=f"down-{second.pk}")
    assert order() == [("Opening remarks", 15), ("Panel", 100)]


@pytest.mark.parametrize("step", ["up-999999", "down-0", "sideways-1", "up-", "up-" + "9" * 40, "item-x", "\x00"])
def test_a_step_that_is_not_possible_changes_nothing(step: str, secretariat: Client, webinar: Webinar) -> None:
    response = save(secretariat, _next=step)

    assert (response.status_code, order()) == (302, [("Opening remarks", 20), ("Panel", 100)])


def test_the_enter_key_saves_and_moves_nothing(secretariat: Client, webinar: Webinar) -> None:
    form = page(secretariat).split('method="post" action="/admin/webinars')[1]
    first_button = form[form.index('type="submit"') - 80 :][:120]

    assert "_next" not in first_button


@pytest.mark.parametrize(
    "query", ["?item=x", "?item=999", "?after=" + "9" * 30, "?end=%00", "?item=", "?end=-1", "?item=1&after=2"]
)
def test_an_address_that_names_no_item_shows_the_page(query: str, secretariat: Client, webinar: Webinar) -> None:
    assert secretariat.get(f"{URL}{query}").status_code == 200


def test_one_item_is_changed_in_place(secretariat: Client, webinar: Webinar) -> None:
    item = item_called("Panel")

    response = save(
        secretariat,
        f"?item={item.pk}",
        **{
            "item-minutes": "90",
            "item-kind": "dialogue",
            "item-title_en": "Guided dialogue",
            "item-title_es": "",
            "item-points_es": "Uno\nDos",
            minutes_input(item_called("Opening remarks")): "30",
        },
    )

    item.refresh_from_db()
    assert response.headers["Location"] == f"{URL}#item-{item.pk}"
    assert (item.minutes, item.kind, item.title_en, item.title_es) == (90, "dialogue", "Guided dialogue", "")
    assert item.points_es.splitlines() == ["Uno", "Dos"]
    assert order()[0] == ("Opening remarks", 30)
    assert "Missing in English: points. Missing in Spanish: title." in page(secretariat)


def test_an_item_needs_a_title_in_one_language(secretariat: Client, webinar: Webinar) -> None:
    item = item_called("Panel")
    query = f"?item={item.pk}"

    response = save(secretariat, query, **{"item-title_en": "", "item-title_es": "", "item-points_en": "Kept"})

    assert errors(response) == {"item-title_en": ["Give a title in at least one language."]}
    assert filled_form(response.content.decode())["item-points_en"] == "Kept"
    assert save(secretariat, query, **{"item-title_en": "", "item-title_es": "Solo español"}).status_code == 302
    assert "Missing in English: title." in page(secretariat)


def test_an_item_is_added_at_the_end_of_a_session_or_behind_an_item(secretariat: Client, webinar: Webinar) -> None:
    first, session = item_called("Opening remarks"), Session.objects.get(number=1)

    save(secretariat, f"?after={first.pk}", **{"item-title_en": "Break", "item-minutes": "5", "item-kind": "break"})
    save(secretariat, f"?end={session.pk}", **{"item-title_es": "Cierre", "item-minutes": "7", "item-kind": "panel"})

    titles = [str(item) for item in session.items.order_by("position")]
    assert titles == ["Opening remarks", "Break", "Panel", "Cierre"]
    assert list(session.items.order_by("position").values_list("position", flat=True)) == [1, 2, 3, 4]
    assert order(2) == [("Opening remarks", 20), ("Panel", 100)]


def test_a_new_item_begins_with_the_minutes_that_are_left(secretariat: Client, webinar: Webinar) -> None:
    session = Session.objects.get(number=1)
    AgendaItem.objects.filter(title_en="Panel", session=session).update(minutes=60)

    assert filled_form(page(secretariat, f"?end={session.pk}"))["item-minutes"] == "40"


def test_a_new_item_that_is_sent_twice_is_added_once(secretariat: Client, webinar: Webinar) -> None:
    first = item_called("Opening remarks")
    query = f"?after={first.pk}"
    typed = filled_form(page(secretariat, query)) | {"item-title_en": "Break", "item-kind": "break"}

    secretariat.post(f"{URL}{query}", typed)
    again = secretariat.post(f"{URL}{query}", typed)

    assert errors(again) == {"item-__all__": ["This item is there already."]}
    assert AgendaItem.objects.filter(title_en="Break").count() == 1


def test_an_item_is_removed_and_its_speakers_stay_in_the_webinar(secretariat: Client, webinar: Webinar) -> None:
    make_speaker(webinar, "Ana Ejemplo")

    save(secretariat, f"?item={item_called('Panel').pk}", **{"item-is_removed": "on"})

    assert order() == [("Opening remarks", 20)]
    assert (Speaker.objects.count(), AgendaItemSpeaker.objects.count()) == (1, 0)
    assert LogEntry.objects.get().get_change_message() == "Deleted agenda item “Panel”."


def speaker_rows(item: AgendaItem) -> list[tuple[str, str, str]]:
    rows = item.item_speakers.select_related("speaker").order_by("position")
    return [(row.speaker.name_en, row.speaker.institution_en, row.role) for row in rows]


def test_speakers_are_typed_in_rows_and_get_codes(secretariat: Client, webinar: Webinar) -> None:
    item = item_called("Panel")
    Speaker.objects.create(webinar=webinar, code="ana-ejemplo", name_en="Another one")

    save(
        secretariat,
        f"?item={item.pk}",
        **{
            "speaker-new1-name_en": "Ana Ejemplo",
            "speaker-new1-institution_en": "IOM",
            "speaker-new1-institution_es": "OIM",
            "speaker-new2-name_en": "李明",
            "speaker-new2-role": "moderator",
        },
    )

    assert speaker_rows(item) == [("Ana Ejemplo", "IOM", "panelist"), ("李明", "", "moderator")]
    assert sorted(Speaker.objects.values_list("code", flat=True)) == ["ana-ejemplo", "ana-ejemplo-2", "speaker"]
    changes = LogEntry.objects.get(content_type__model="session").get_change_message()
    assert changes == "Changed speakers for agenda item “Panel”."


def test_a_name_of_the_webinar_means_that_speaker(secretariat: Client, webinar: Webinar) -> None:
    ana = make_speaker(webinar, "Ana Ejemplo", institution_en="IOM", institution_es="OIM")
    item = item_called("Opening remarks")

    save(
        secretariat,
        f"?item={item.pk}",
        **{"speaker-new1-name_en": " ana  ejemplo", "speaker-new1-institution_en": "UNODC"},
    )

    ana.refresh_from_db()
    assert (Speaker.objects.count(), ana.name_en, ana.institution_en, ana.institution_es) == (
        1, "Ana Ejemplo", "UNODC", "OIM"
    )  # fmt: skip
    assert speaker_rows(item) == [("Ana Ejemplo", "UNODC", "panelist")]


def test_one_new_name_in_two_roles_is_one_speaker(secretariat: Client, webinar: Webinar) -> None:
    item = item_called("Panel")

    save(
        secretariat,
        f"?item={item.pk}",
        **{
            "speaker-new1-name_en": "Ana Ejemplo",
            "speaker-new2-name_en": "Ana Ejemplo",
            "speaker-new2-role": "moderator",
        },
    )

    assert speaker_rows(item) == [("Ana Ejemplo", "", "panelist"), ("Ana Ejemplo", "", "moderator")]
    assert Speaker.objects.count() == 1


def test_a_speaker_stands_once_in_one_role(secretariat: Client, webinar: Webinar) -> None:
    make_speaker(webinar, "Ana Ejemplo")
    item = item_called("Panel")

    response = save(secretariat, f"?item={item.pk}", **{"speaker-new1-name_en": "Ana Ejemplo"})

    assert errors(response) == {"speaker-new1-name_en": ["This speaker stands here twice in the same role."]}
    assert AgendaItemSpeaker.objects.count() == 1


def test_a_speaker_is_changed_and_removed_in_the_row(secretariat: Client, webinar: Webinar) -> None:
    ana, luz = make_speaker(webinar, "Ana Ejemplo"), make_speaker(webinar, "Luz Muestra")
    item = item_called("Panel")
    of_ana, of_luz = AgendaItemSpeaker.objects.order_by("pk")

    save(
        secretariat,
        f"?item={item.pk}",
        **{
            f"speaker-{of_ana.pk}-role": "moderator",
            f"speaker-{of_ana.pk}-institution_es": "OIM",
            f"speaker-{of_ana.pk}-position_en": "Head of unit",
            f"speaker-{of_ana.pk}-about_en": "Has led two inquiries.",
            f"speaker-{of_luz.pk}-is_removed": "on",
        },
    )

    ana.refresh_from_db()
    assert (speaker_rows(item), ana.institution_es) == ([("Ana Ejemplo", "", "moderator")], "OIM")
    assert (ana.position_en, ana.about_en) == ("Head of unit", "Has led two inquiries.")
    assert Speaker.objects.filter(pk=luz.pk).exists()
    shown = secretariat.get(reverse("admin:sessions_app_speaker_history", args=[ana.pk])).content.decode()
    assert "<ins>OIM</ins>" in shown


@pytest.mark.parametrize(
    "name", ["\u202eEvil", "x" * 201, " ", "\u200b", "\x00"], ids=["bidi", "long", "blank", "invisible", "null"]
)
def test_a_bad_name_is_refused_beside_the_row(name: str, secretariat: Client, webinar: Webinar) -> None:
    item = item_called("Panel")
    typed = {"speaker-new1-name_en": name, "speaker-new1-institution_en": "IOM"}

    response = save(secretariat, f"?item={item.pk}", **typed)

    assert list(errors(response)) == ["speaker-new1-name_en"]
    assert Speaker.objects.count() == 0


def test_a_short_text_that_is_too_long_is_refused_beside_its_row(secretariat: Client, webinar: Webinar) -> None:
    make_speaker(webinar, "Ana Ejemplo")
    part = AgendaItemSpeaker.objects.get()
    name = f"speaker-{part.pk}-about_es"

    response = save(secretariat, f"?item={part.item_id}", **{name: "x" * 601})

    assert list(errors(response)) == [name]
    assert filled_form(response.content.decode())[name] == "x" * 601


@pytest.fixture
def people(webinar: Webinar) -> list[Any]:
    """Two registered people of an organisation."""
    delegation = make_delegation(webinar, make_organisation())
    return [make_delegate(delegation, None, name=name, email=f"{name}@example.org") for name in ("gisela", "raul")]


def test_the_registered_person_is_chosen_in_the_row(secretariat: Client, webinar: Webinar, people: list[Any]) -> None:
    gisela, raul = people
    ana = make_speaker(webinar, "Ana Ejemplo")
    part = AgendaItemSpeaker.objects.get()
    query = f"?item={part.item_id}"

    save(secretariat, query, **{f"speaker-{part.pk}-person": "Gisela@example.org", "speaker-new1-name_en": "Raúl"})
    save(secretariat, query, **{f"speaker-{part.pk}-person": "raul@example.org"})

    gisela.refresh_from_db()
    raul.refresh_from_db()
    assert (gisela.speaker, raul.speaker) == (None, ana)
    assert HistoryEvent.objects.filter(kind="edited").count() == 3
    assert filled_form(page(secretariat, query))[f"speaker-{part.pk}-person"] == "raul@example.org"
    save(secretariat, query, **{f"speaker-{part.pk}-person": ""})
    raul.refresh_from_db()
    assert raul.speaker is None


def test_two_speakers_change_their_persons_at_once(secretariat: Client, webinar: Webinar, people: list[Any]) -> None:
    gisela, raul = people
    make_speaker(webinar, "Gisela")
    make_speaker(webinar, "Raúl")
    of_gisela, of_raul = AgendaItemSpeaker.objects.order_by("pk")
    query = f"?item={of_gisela.item_id}"
    save(
        secretariat,
        query,
        **{f"speaker-{of_gisela.pk}-person": raul.email, f"speaker-{of_raul.pk}-person": gisela.email},
    )

    save(
        secretariat,
        query,
        **{f"speaker-{of_gisela.pk}-person": gisela.email, f"speaker-{of_raul.pk}-person": raul.email},
    )

    gisela.refresh_from_db()
    raul.refresh_from_db()
    assert (gisela.speaker, raul.speaker) == (of_gisela.speaker, of_raul.speaker)


def test_a_person_who_is_not_registered_or_is_an_institution_is_refused(
    secretariat: Client, webinar: Webinar, people: list[Any]
) -> None:
    make_speaker(webinar, "Presidency", kind="institution")
    part = AgendaItemSpeaker.objects.get()
    query, name = f"?item={part.item_id}", f"speaker-{part.pk}-person"

    unknown = save(secretariat, query, **{name: "nobody@example.org"})
    institution = save(secretariat, query, **{name: "raul@example.org", "item-title_en": "Typed"})

    assert errors(unknown) == {name: ["Nobody with this address is registered for this webinar."]}
    assert errors(institution) == {name: ["An institution is no registered person. Choose “Person”, or empty this."]}
    assert AgendaItem.objects.filter(title_en="Typed").count() == 0


def test_a_new_item_whose_link_is_refused_can_be_sent_again(
    secretariat: Client, webinar: Webinar, people: list[Any]
) -> None:
    session = Session.objects.get(number=1)
    query = f"?end={session.pk}"
    typed = {"item-title_en": "Closing", "item-kind": "panel", "speaker-new1-name_en": "Raúl"}

    refused = save(
        secretariat, query, **typed, **{"speaker-new1-kind": "institution", "speaker-new1-person": "raul@example.org"}
    )
    again = filled_form(refused.content.decode()) | {"speaker-new1-kind": "person"}
    saved = secretariat.post(f"{URL}{query}", again)

    assert (refused.status_code, saved.status_code) == (200, 302)
    assert speaker_rows(item_called("Closing")) == [("Raúl", "", "panelist")]


def test_a_session_is_added_in_the_zone_of_the_webinar(secretariat: Client, webinar: Webinar) -> None:
    typed = {
        "session-day": "2026-11-18",
        "session-begins": "10:30",
        "session-minutes": "90",
        "session-title_es": "Tres",
    }

    response = save(secretariat, **typed)
    again = save(secretariat, **typed)

    session = Session.objects.get(number=3)
    assert response.headers["Location"] == URL
    assert (session.starts_at, session.duration_minutes) == (datetime(2026, 11, 18, 16, 30, tzinfo=UTC), 90)
    assert (session.title_en, session.title_es) == ("Session 3", "Tres")
    assert errors(again) == {"session-begins": ["Session 3 begins at this time already."]}
    assert Session.objects.count() == 3


def test_a_session_is_added_at_the_hour_of_a_cancelled_one(secretariat: Client, webinar: Webinar) -> None:
    cancelled = Session.objects.get(number=2)
    cancel_session(cancelled, now=NOW)
    begins = timezone.localtime(cancelled.starts_at, ZoneInfo(webinar.timezone))

    response = save(secretariat, **{"session-day": f"{begins:%Y-%m-%d}", "session-begins": f"{begins:%H:%M}"})

    assert (response.status_code, Session.objects.get(number=3).starts_at) == (302, cancelled.starts_at)


@pytest.mark.parametrize(
    "typed",
    [{"session-day": "soon"}, {"session-begins": "10:00"}, {"session-day": "2026-11-18", "session-minutes": "1"}],
)
def test_a_session_with_an_error_adds_nothing(typed: dict[str, str], secretariat: Client, webinar: Webinar) -> None:
    response = save(secretariat, **typed)

    assert (response.status_code, bool(errors(response)), Session.objects.count()) == (200, True, 2)


def test_changes_of_two_users_are_both_kept(secretariat: Client, webinar: Webinar) -> None:
    make_speaker(webinar, "Ana Ejemplo")
    part = AgendaItemSpeaker.objects.get()
    query = f"?item={part.item_id}"
    older = filled_form(page(secretariat, query))
    save(
        secretariat,
        query,
        **{
            "item-title_es": "Panel de fiscales",
            f"speaker-{part.pk}-institution_en": "IOM",
            minutes_input(item_called("Opening remarks")): "15",
        },
    )

    response = secretariat.post(
        f"{URL}{query}", older | {"item-minutes": "90", f"speaker-{part.pk}-institution_es": "OIM"}
    )

    item, speaker = item_called("Panel"), Speaker.objects.get()
    assert response.status_code == 302
    assert (item.minutes, item.title_es, item_called("Opening remarks").minutes) == (90, "Panel de fiscales", 15)
    assert (speaker.institution_en, speaker.institution_es) == ("IOM", "OIM")


def test_what_another_user_saved_alike_is_noted_once(secretariat: Client, webinar: Webinar) -> None:
    make_speaker(webinar, "Ana Ejemplo")
    part, first = AgendaItemSpeaker.objects.get(), item_called("Opening remarks")
    query = f"?item={part.item_id}"
    typed = filled_form(page(secretariat, query)) | {
        minutes_input(first): "15", "item-minutes": "90", f"speaker-{part.pk}-institution_en": "IOM"
    }  # fmt: skip

    answers = [secretariat.post(f"{URL}{query}", typed) for _user in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert LogEntry.objects.filter(content_type__model="session").count() == 1
    assert LogEntry.objects.filter(content_type__model="speaker").count() == 1


def test_what_another_user_added_or_removed_meanwhile_stays_so(secretariat: Client, webinar: Webinar) -> None:
    first, second = item_called("Opening remarks"), item_called("Panel")
    older = filled_form(page(secretariat))
    remove_items(first.session, [first.pk])
    AgendaItem.objects.create(session=first.session, position=9, minutes=5, kind="break", title_en="Theirs")

    response = secretariat.post(URL, older | {minutes_input(first): "15", minutes_input(second): "90"})

    assert (response.status_code, order()) == (302, [("Panel", 90), ("Theirs", 5)])


def test_an_open_item_that_another_user_removed_is_shown_and_added_once_more(
    secretariat: Client, webinar: Webinar
) -> None:
    item = item_called("Panel")
    query = f"?item={item.pk}"
    older = filled_form(page(secretariat, query)) | {"item-points_en": "Typed"}
    remove_items(item.session, [item.pk])

    response = secretariat.post(f"{URL}{query}", older)
    again = secretariat.post(f"{URL}?end={item.session_id}", filled_form(response.content.decode()))

    assert errors(response) == {"item-__all__": ["Another user removed this item. Save again to add it once more."]}
    assert f'action="?end={item.session_id}"' in response.content.decode()
    assert (again.status_code, item_called("Panel").points_en) == (302, "Typed")


def test_the_speakers_of_an_item_that_another_user_removed_are_shown_and_added_once_more(
    secretariat: Client, webinar: Webinar, people: list[Any]
) -> None:
    _gisela, raul = people
    ana = make_speaker(webinar, "Ana Ejemplo", institution_en="IOM")
    for name in ("Luz Muestra", "Rosa Prueba", "Eva Ensayo", "Pía Modelo"):
        make_speaker(webinar, name)
    of_ana, of_luz, of_rosa, of_eva, _of_pia = AgendaItemSpeaker.objects.order_by("pk")
    query = f"?item={of_ana.item_id}"
    typed = filled_form(page(secretariat, query)) | {
        f"speaker-{of_ana.pk}-role": "moderator",
        f"speaker-{of_ana.pk}-institution_es": "OIM",
        f"speaker-{of_ana.pk}-person": "raul@example.org",
        f"speaker-{of_luz.pk}-is_removed": "on",
        f"speaker-{of_rosa.pk}-name_en": "Rosa Nueva",
        f"speaker-{of_eva.pk}-name_en": "",
        "speaker-new1-name_en": "Leo Nuevo",
    }
    remove_items(of_ana.item.session, [of_ana.item_id])
    Speaker.objects.filter(pk=ana.pk).update(position_en="Typed by another user")

    response = secretariat.post(f"{URL}{query}", typed)
    again = secretariat.post(f"{URL}?end={of_ana.item.session_id}", filled_form(response.content.decode()))

    ana.refresh_from_db()
    raul.refresh_from_db()
    assert errors(response) == {"item-__all__": ["Another user removed this item. Save again to add it once more."]}
    assert again.status_code == 302
    assert speaker_rows(item_called("Panel")) == [
        ("Ana Ejemplo", "IOM", "moderator"),
        ("Rosa Nueva", "", "panelist"),
        ("Pía Modelo", "", "panelist"),
        ("Leo Nuevo", "", "panelist"),
    ]
    assert (ana.institution_es, ana.position_en) == ("OIM", "Typed by another user")
    assert raul.speaker == ana


def test_a_speaker_whom_another_user_removed_comes_back_only_if_the_row_was_changed(
    secretariat: Client, webinar: Webinar
) -> None:
    for name in ("Luz Muestra", "Rosa Prueba"):
        make_speaker(webinar, name)
    of_luz, of_rosa = AgendaItemSpeaker.objects.filter(speaker__name_en__in=["Luz Muestra", "Rosa Prueba"]).order_by(
        "pk"
    )
    query = f"?item={of_luz.item_id}"
    typed = filled_form(page(secretariat, query)) | {f"speaker-{of_luz.pk}-institution_es": "Fiscalía de muestra"}
    AgendaItemSpeaker.objects.filter(pk__in=[of_luz.pk, of_rosa.pk]).delete()

    response = secretariat.post(f"{URL}{query}", typed)

    assert response.status_code == 302
    names = set(AgendaItemSpeaker.objects.filter(item=of_luz.item_id).values_list("speaker__name_en", flat=True))
    assert names & {"Luz Muestra", "Rosa Prueba"} == {"Luz Muestra"}
    assert Speaker.objects.get(name_en="Luz Muestra").institution_es == "Fiscalía de muestra"


def test_a_new_item_is_added_at_the_end_if_another_user_removed_the_one_before_it(
    secretariat: Client, webinar: Webinar
) -> None:
    first = item_called("Opening remarks")
    query = f"?after={first.pk}"
    typed = filled_form(page(secretariat, query)) | {"item-title_en": "Break", "item-kind": "break"}
    remove_items(first.session, [first.pk])

    response = secretariat.post(f"{URL}{query}", typed)

    assert response.headers["Location"] == f"{URL}#item-{item_called('Break').pk}"
    assert flash_messages(response) == ["The agenda is saved. What is public has not changed."]
    assert order() == [("Panel", 100), ("Break", 10)]


def test_a_wrong_new_item_stays_on_the_page_if_another_user_removed_the_one_before_it(
    secretariat: Client, webinar: Webinar
) -> None:
    first = item_called("Opening remarks")
    query = f"?after={first.pk}"
    typed = filled_form(page(secretariat, query)) | {"item-kind": "break", "item-points_en": "Typed"}
    remove_items(first.session, [first.pk])

    response = secretariat.post(f"{URL}{query}", typed)

    assert errors(response) == {"item-title_en": ["Give a title in at least one language."]}
    assert filled_form(response.content.decode())["item-points_en"] == "Typed"


def test_what_refuses_a_release_and_what_is_only_a_warning_stand_apart(secretariat: Client, webinar: Webinar) -> None:
    AgendaItem.objects.filter(session__number=1, title_en="Panel").update(minutes=110)
    AgendaItem.objects.filter(session__number=2, title_en="Panel").update(minutes=90, title_es="")
    Session.objects.filter(number=2).update(room_url="", starts_at=FIRST_START + timedelta(minutes=60))

    response = secretariat.get(URL)

    assert response.context["problems"] == ("Session 1: its items last 10 minutes longer than the session.",)
    assert response.context["warnings"] == [
        "Session 2: This session begins at 10:00, but the one before it ends only at 11:00.",
        "Session 2: it has no room.",
        "Session 2: 1 text lacks a language.",
        "Session 2: 10 minutes are not filled by any item.",
    ]
    assert "10 minutes too long, which refuses the release" in response.content.decode()


def test_the_page_says_that_nothing_is_public_before_the_release(
    secretariat: Client, webinar: Webinar, staff: User
) -> None:
    before = page(secretariat)
    release_webinar(webinar, by=staff, now=NOW)
    released = page(secretariat)
    save(secretariat, **{minutes_input(item_called("Opening remarks")): "10"})
    changed = page(secretariat)

    assert "Nothing of this is public before its first release." in before
    assert "This is release 1, which is public." in released
    assert "What is public is release 1, without the changes since." in changed
    assert reverse("admin:release-webinar", args=[webinar.pk]) in changed


def test_the_pages_of_single_rows_return_to_the_agenda(secretariat: Client, webinar: Webinar, staff: User) -> None:
    speaker, session, item = make_speaker(webinar, "Ana Ejemplo"), Session.objects.get(number=2), item_called("Panel")

    locations = []
    for row in (session, item, speaker, webinar):
        url = reverse(f"admin:sessions_app_{row._meta.model_name}_change", args=[row.pk])
        locations.append(secretariat.post(url, filled_form(secretariat.get(url).text)).headers["Location"])
    release = reverse("admin:release-webinar", args=[webinar.pk])
    locations.append(secretariat.post(release, filled_form(secretariat.get(release).text)).headers["Location"])

    assert locations == [URL, f"{URL}#item-{item.pk}", URL, URL, URL]


def test_an_observer_reads_the_page_and_cannot_change_it(client: Client, webinar: Webinar) -> None:
    make_speaker(webinar, "Ana Ejemplo")
    client.force_login(make_observer())

    shown = page(client, f"?item={item_called('Panel').pk}")

    assert ("Ana Ejemplo" in shown, "rooms.example.org" in shown) == (True, False)
    assert [name for name in filled_form(shown) if name.startswith(("minutes", "item", "speaker"))] == []
    assert client.post(URL).status_code == 403


def test_an_empty_webinar_has_a_page(secretariat: Client, webinar: Webinar) -> None:
    make_webinar("empty", sessions=0)

    shown = secretariat.get("/admin/webinars/empty/agenda/")

    assert (shown.status_code, "There is no session yet." in shown.content.decode()) == (200, True)
    assert secretariat.get("/admin/webinars/unknown/agenda/").status_code == 404


def test_the_queries_do_not_depend_on_the_length_of_the_agenda(secretariat: Client, staff: User) -> None:
    short, long = make_webinar("short", sessions=1), make_webinar("long", sessions=12)
    for webinar, count in ((short, 1), (long, 10)):
        for session in webinar.sessions.all():
            for position in range(3, 3 + count):
                AgendaItem.objects.create(session=session, position=position, minutes=1, kind="break", title_en="Break")
        for number in range(count):
            make_speaker(webinar, f"Speaker {number}")
        release_webinar_of(webinar, staff)
    counts = {}
    for webinar in (short, long):
        item = AgendaItem.objects.get(session__webinar=webinar, session__number=1, kind="panel")
        for name, query in (("all", ""), ("open", f"?item={item.pk}")):
            url = f"/admin/webinars/{webinar.slug}/agenda/{query}"
            with CaptureQueriesContext(connection) as queries:
                answer = secretariat.get(url)
            counts[webinar.slug, name] = len(queries)
        data = filled_form(answer.content.decode())
        with CaptureQueriesContext(connection) as queries:
            secretariat.post(url, data)
        counts[webinar.slug, "saved"] = len(queries)

    assert [counts["long", name] for name in ("all", "open", "saved")] == [
        counts["short", name] for name in ("all", "open", "saved")
    ]
    assert counts["long", "open"] <= 25


def release_webinar_of(webinar: Webinar, staff: User) -> None:
    """Release it, as far as its items fit."""
    webinar.sessions.update(duration_minutes=300)
    release_webinar(webinar, by=staff, now=NOW)
